"""`make bench`: what the API costs, beside a thin proxy and a FastAPI peer, on this machine.

Everything runs on loopback and ends by itself. `python -m bench --help` tells the parts; how to
read the figures stands in BENCHMARKS.md, whose results a full run writes.

    sizes.py       how long, how many, how often: the full run and the tiny one of the tests
    documents.py   the Sanity documents that every server here responds with
    upstream.py    the canned Content Lake (a process)
    issuer.py      the canned OAuth issuer and its tokens (a thread)
    thin.py        the thin proxy and the constant response (WSGI)
    peer.py        FastAPI + aiohttp + uvloop doing the product's work; peer_models.py, its shapes
    driver.py      the load driver (a process)
    traffic.py     the raw HTTP requests that the driver sends
    processes.py   start and stop processes; their CPU time and memory
    servers.py     how each server is started
    measure.py     one sample: a load, and what it cost
    parts/         what is measured, part by part
    report.py      samples to tables; targets.py: issue 6's lines and whether they hold
"""
