"""`make bench`: what the API costs, beside a thin proxy and a FastAPI peer, on this machine.

Everything runs on loopback and ends by itself. `python -m bench --help` tells the parts; a full run
writes BENCHMARKS.md.

    sizes.py       how long, how many, how often: the full run and the tiny one of the tests
    documents.py   the Sanity documents that every server here responds with
    responses.py   the canned Content Lake's responses, by query
    upstream.py    the canned Content Lake (a process)
    issuer.py      the canned OAuth issuer and its tokens (a thread)
    files.py       files of the embedded store
    thin.py        the thin proxy (WSGI)
    peer/          FastAPI + aiohttp + uvloop doing the product's work
    driver.py      the load driver (a process)
    traffic.py     the raw HTTP requests that the driver sends; loads.py, what a sample sends
    processes.py   start and stop processes; their CPU time and memory
    servers.py     how each server is started
    measure.py     one sample: a load, and what it cost
    parts/         what is measured, part by part
    targets.py     the goals, and whether they hold
    capacity.py    how many runners a machine serves
    report.py      a run as BENCHMARKS.md
"""
