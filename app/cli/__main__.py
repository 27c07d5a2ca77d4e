"""`python -m app.cli` is `workout-log-api`."""

from app.cli import main

main()
