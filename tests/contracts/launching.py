"""Processes of a group, started as a launcher starts them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent


def environment(**more: str) -> dict[str, str]:
    """One thread, and the modules beside this file."""
    beside = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    settings = {"OMP_NUM_THREADS": "1", "PYTHONPATH": beside, "TORCH_CPP_LOG_LEVEL": "ERROR"}
    return os.environ | settings | more


def run_under_torchrun(n_processes: int, script: Path, *arguments: str) -> str:
    """What a script prints as so many processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(n_processes), str(script), *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def run_as_group(
    n_processes: int,
    script: Path,
    arguments: Sequence[str],
    *,
    lost: Sequence[int] = (),
    **env: str,
) -> None:
    """A script as so many processes that nobody looks after; all but the lost ones end well."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meet = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    meet |= {"WORLD_SIZE": str(n_processes), **env}
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
            _, errors = process.communicate(timeout=300)
            assert rank in lost or process.returncode == 0, errors[-4000:]
    finally:
        for process in processes:
            process.kill()
