"""The pages for people: start page, Swagger UI and problem pages. No page needs anything from
another host.
"""
