"""Processes of a group, started as a launcher starts them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SECONDS = 300


def environment(**more: str) -> dict[str, str]:
    """One thread, and no more on standard error than is needed."""
    return os.environ | {"OMP_NUM_THREADS": "1", "TORCH_CPP_LOG_LEVEL": "ERROR"} | more


def run(*command: str) -> str:
    """What a Python command prints."""
    done = subprocess.run(
        [sys.executable, *command],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def run_under_torchrun(n_processes: int, script: Path, *arguments: str) -> str:
    """What a script prints as so many processes."""
    launcher = ["-m", "torch.distributed.run", "--standalone"]
    return run(*launcher, "--nproc-per-node", str(n_processes), str(script), *arguments)


def run_as_group(
    n_processes: int,
    script: Path,
    arguments: Sequence[str],
    *,
    lost: Sequence[int] = (),
    **settings: str,
) -> None:
    """A script as so many processes that nobody looks after; all but the lost ones end well."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meet = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    meet |= {"WORLD_SIZE": str(n_processes), **settings}
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), *arguments],
            env=environment(RANK=str(rank), **meet),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(n_processes)
    ]
    try:
        for rank, process in enumerate(processes):
            _, errors = process.communicate(timeout=SECONDS)
            assert rank in lost or process.returncode == 0, errors[-4000:]
    finally:
        for process in processes:
            process.kill()
