"""Debian's nginx in front of a server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port
from tests.programs import nginx
from tests.waiting import until_it_responds

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 16m;
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"""


@contextmanager
def running_nginx(folder: Path, server: str) -> Iterator[str]:
    """An nginx with this `server` block, until the end of the block: its URL."""
    program = nginx()
    assert program, "nginx is missing: python -m tests.programs"
    port = free_port()
    folder.mkdir()
    # As root, its workers are of another user, who may not enter the folder of a test.
    file = folder / "nginx.conf"
    file.write_text("user root;" + CONFIGURATION.format(folder=folder, port=port, server=server))
    process = subprocess.Popen([program, "-p", folder, "-c", file, "-e", folder / "error.log"])
    try:
        url = f"http://127.0.0.1:{port}"
        until_it_responds(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()
