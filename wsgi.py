"""The WSGI entry point: any WSGI server can run ``wsgi:app``; ``make serve`` uses granian."""

from app.factory import create_app

app = create_app()
