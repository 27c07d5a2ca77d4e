"""The WSGI entry point in a checkout: `flask run` and other tools look for `wsgi.py`."""

from app.wsgi import app

__all__ = ["app"]
