"""The WSGI entry point: any WSGI server can run `app.wsgi:app`; `make serve` uses granian."""

import gc
import sys

from app.factory import create_app

# A request is about half a millisecond of Python between its waits. To let another thread in every
# 5 ms only makes the threads of a busy worker push each other aside.
sys.setswitchinterval(0.1)

app = create_app()

# What the start has made stays, and requests leave next to no cycles behind: to look for garbage at
# Python's own pace took a tenth of the time of a list.
gc.collect()
gc.freeze()
gc.set_threshold(10_000)
