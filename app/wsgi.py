"""The WSGI entry point: any WSGI server can run `app.wsgi:app`; `make serve` uses granian."""

import gc
import logging
import os
import sys
from pathlib import Path

from app.factory import create_app
from app.settings import Settings, sends_traces
from app.web import log_format

# A request takes about half a millisecond of Python between two waits. Python's default interval of
# 5 ms makes the threads of a busy worker interrupt each other without need.
sys.setswitchinterval(0.1)

_settings = Settings.from_environ(to_serve=True)
log_format.configure(_settings)
_logger = logging.getLogger(__name__)
_metrics = None
if _folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    from app.web import metrics

    try:
        _metrics = metrics.of_worker(Path(_folder))
    except OSError as error:
        _logger.warning("this worker counts nothing for metrics: %s", error)
_tracing = None
if sends_traces(os.environ):
    try:
        from app.web.tracing import create_tracing
    except ImportError:
        _logger.warning(
            "the OTEL_* variables ask for traces; they need `pip install workout-log-api[otel]`"
        )
    else:
        _tracing = create_tracing(_settings)
app = create_app(_settings, metrics=_metrics, tracing=_tracing)

# Garbage collection at Python's default thresholds took a tenth of the time of a list. What was
# made at the start stays, and requests leave hardly any reference cycles.
gc.collect()
gc.freeze()
gc.set_threshold(10_000)
