"""The WSGI entry point: any WSGI server can run `app.wsgi:app`; `make serve` uses granian."""

import gc
import os
import sys

from app.factory import create_app
from app.settings import Settings
from app.web import log_format

# A request takes about half a millisecond of Python between two waits. Python's default interval of
# 5 ms makes the threads of a busy worker interrupt each other without need.
sys.setswitchinterval(0.1)

_settings = Settings.from_environ(to_serve=True)
log_format.configure(_settings)
_metrics = None
if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    from app.web.metrics import Metrics

    _metrics = Metrics()
app = create_app(_settings, metrics=_metrics)

# Garbage collection at Python's default thresholds took a tenth of the time of a list. What was
# made at the start stays, and requests leave hardly any reference cycles.
gc.collect()
gc.freeze()
gc.set_threshold(10_000)
