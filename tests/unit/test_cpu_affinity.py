"""Each worker has a CPU of its own where there are enough of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.cpu_affinity import cpus_for, run_on_cpu
from tests.server import running_server

ALLOWED = sorted(os.sched_getaffinity(0))


def test_each_worker_has_one_of_the_cpus_that_this_process_may_use(tmp_path: Path) -> None:
    cpus = cpus_for(len(ALLOWED), "auto", cgroup=tmp_path)
    assert cpus == ALLOWED


def test_workers_roam_when_there_are_more_of_them_than_cpus(tmp_path: Path) -> None:
    assert not cpus_for(len(ALLOWED) + 1, "auto", cgroup=tmp_path)


def test_workers_roam_when_switched_off(tmp_path: Path) -> None:
    assert not cpus_for(1, "off", cgroup=tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "bound"),
    [
        ("cpu.max", "max 100000\n", True),
        ("cpu.max", "150000 100000\n", False),
        ("cpu/cpu.cfs_quota_us", "-1\n", True),
        ("cpu/cpu.cfs_quota_us", "50000\n", False),
    ],
)
def test_workers_roam_under_a_quota_of_cpu_time(
    tmp_path: Path, name: str, content: str, bound: bool
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    assert bool(cpus_for(1, "auto", cgroup=tmp_path)) == bound


def test_a_worker_runs_on_its_cpu() -> None:
    seen: list[object] = []

    def run(*arguments: object) -> None:
        seen.extend([*arguments, os.sched_getaffinity(0)])

    try:
        run_on_cpu([ALLOWED[-1]], run, 1, "argument")
    finally:
        os.sched_setaffinity(0, ALLOWED)
    assert seen == [1, "argument", {ALLOWED[-1]}]


@pytest.mark.parametrize("affinity", ["auto", "off"])
def test_the_workers_of_the_server_are_bound_as_the_setting_says(
    tmp_path: Path, affinity: str
) -> None:
    settings = {
        "NEXTAUTH_SECRET": "0123456789abcdef",
        "SQLITE_PATH": str(tmp_path / "store.db"),
        "WORKERS": "1",
        "CPU_AFFINITY": affinity,
    }
    expected = cpus_for(1, "auto") if affinity == "auto" else ()
    with running_server(settings) as server:
        [worker] = server.workers()
        assert os.sched_getaffinity(worker) == set(expected or ALLOWED)
