"""`make run STORE=sanity-standin`: the API on this machine, over the stand-in instead of SQLite."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from app.development import run, sample
from tests.content_lake import DATASET, EDITOR_TOKEN, PROJECT, running_content_lake

with running_content_lake() as lake:
    lake.load(sample.documents(datetime.now(UTC).date()))
    os.environ |= {
        "SANITY_PROJECT_ID": PROJECT,
        "SANITY_DATASET": DATASET,
        "SANITY_API_TOKEN": EDITOR_TOKEN,
        "SANITY_API_URL": lake.url,
    }
    sys.stdout.write(f"The stand-in of the Content Lake is at {lake.url}; its data ends with it.\n")
    run.main()
