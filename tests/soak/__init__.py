"""The soak: traffic over the stand-in of Sanity for minutes, while much of what can fail does.

| module | what |
|---|---|
| `site.py` | what runs: two servers, the stand-in, an issuer, a Redis |
| `clients.py` | the traffic; each client knows what must be stored |
| `disturbances.py` | faults of the store, restarts, a Redis that comes and goes, new keys |
| `figures.py` | memory, descriptors and threads of the server that nobody restarts |
| `run.py` | all of it together, and the verdict |

`make soak` runs it for 10 minutes; `test_soak.py` for seconds.
"""
