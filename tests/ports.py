"""Ports of this machine for the servers of tests and measurements."""

from __future__ import annotations

import atexit
import socket

_held: list[socket.socket] = []


def free_port() -> int:
    """A port of loopback, kept from everybody else until this process ends.

    A socket that is bound and does not listen holds it: Linux gives the port to nobody who asks for
    any free one, refuses connections to it, and lets a server with `SO_REUSEADDR` listen there.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _held.append(holder)
    port: int = holder.getsockname()[1]
    return port


@atexit.register
def _close() -> None:
    for holder in _held:
        holder.close()
