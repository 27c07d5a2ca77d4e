"""A CPU for each worker of the server.

Threads of one interpreter compete for the GIL when the scheduler moves them between CPUs. A worker
that stays on one needs about a third less CPU time for a request.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.settings import CpuAffinity

_QUOTAS = {
    # cgroup v2: the quota and the period, or "max"; v1: the quota alone, -1 for none.
    "cpu.max": "max",
    "cpu/cpu.cfs_quota_us": "-1",
}


def cpus_for(
    workers: int, affinity: CpuAffinity, *, cgroup: Path = Path("/sys/fs/cgroup")
) -> Sequence[int]:
    """The CPU of each worker, of those that this process may use; empty where workers roam.

    They roam when `affinity` is `off`, when there are fewer CPUs than workers, where the platform
    cannot bind processes, and under a quota of CPU time, which lets a process run on many CPUs for
    a part of the time.
    """
    if affinity == "off" or not hasattr(os, "sched_getaffinity") or _has_quota(cgroup):
        return ()
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[:workers] if len(cpus) >= workers else ()


def run_on_cpu(
    cpus: Sequence[int], run: Callable[..., None], worker_id: int, *arguments: Any
) -> None:
    """Bind this process to the CPU of the worker, then run it. Workers count from 1."""
    os.sched_setaffinity(0, {cpus[worker_id - 1]})
    run(worker_id, *arguments)


def _has_quota(cgroup: Path) -> bool:
    for name, unlimited in _QUOTAS.items():
        try:
            if not (cgroup / name).read_text().startswith(unlimited):
                return True
        except OSError:
            continue
    return False
