"""Runs the Python client of `docs/sync.md` until it is killed: follow.py FILE URL TOKEN."""

from __future__ import annotations

import sys
import time

import requests
from shown import Copy  # type: ignore[import-not-found]  # the test writes it from the page

copy = Copy(*sys.argv[1:])
while True:
    try:
        copy.sync()
    except requests.RequestException as error:
        print(error, file=sys.stderr)
    time.sleep(0.05)
