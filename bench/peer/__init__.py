"""The strongest peer: FastAPI on uvicorn with uvloop and httptools, aiohttp to the Content Lake.

It does the product's work as its users would write it, tuned: the token and the caller are
cached, pydantic checks both ways and writes the JSON itself, independent calls go out together. It
makes the calls of the routes that the product replaces: list 1, read 1, create 5 (three of them
at once), update 3, delete 2; of what is newer, reports and changes 1, a batch 2.

    app.py        the application
    lake.py       calls of the Content Lake, and who calls
    logs.py       list, read, create, update, delete
    training.py   training sessions and progress
    sync.py       changes and batches
    models.py     the shapes of logs: what the product's schemas and rules check
"""
