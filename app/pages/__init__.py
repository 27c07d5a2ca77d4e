"""The pages for people: start page, Swagger UI, reference and problem pages. No page needs anything
from another host.
"""
