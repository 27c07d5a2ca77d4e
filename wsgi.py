"""The WSGI entry point: any WSGI server can run ``wsgi:app``; ``make serve`` uses granian."""

import sys

from app.factory import create_app

# A request is about a millisecond of Python between its waits. To let another thread in every 5 ms
# only makes the threads of a busy worker push each other aside.
sys.setswitchinterval(0.1)

app = create_app()
