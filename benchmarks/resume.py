"""Studies that go on where they stopped: one row per run, in a JSON-lines file."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import torch
from tqdm import tqdm

Row = dict[str, Any]


def run_missing(
    path: Path, runs: Sequence[Row], fit: Callable[..., Row], *, n_jobs: int = 1
) -> list[Row]:
    """Make the runs that a file does not hold yet, and return all of its rows.

    Parameters
    ----------
    path : Path
        A JSON-lines file; made, with its folder, if it is not there. A row is appended as soon as
        its run ends.
    runs : sequence of dict
        What tells each run from the others; the first entries of its row.
    fit : callable
        Called with a run's values, in order; returns the rest of the row.
    n_jobs : int
        Runs at a time, each in a process of its own with its share of the cores; 1 is this
        process, with the threads it has.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines]
    todo = [run for run in runs if not any(run.items() <= row.items() for row in rows)]
    for row in tqdm(_made(todo, fit, n_jobs), total=len(todo), unit="fit"):
        rows.append(row)
        with path.open("a") as file:
            file.write(json.dumps(row, default=float) + "\n")
    return rows


def _made(runs: Sequence[Row], fit: Callable[..., Row], n_jobs: int) -> Iterator[Row]:
    """Rows, as their runs end."""
    if n_jobs == 1:
        for run in runs:
            yield run | fit(*run.values())
        return
    parallel = joblib.Parallel(n_jobs, return_as="generator_unordered", pre_dispatch=n_jobs)
    yield from parallel(joblib.delayed(_row)(run, fit) for run in runs)


def _row(run: Row, fit: Callable[..., Row]) -> Row:
    return run | fit(*run.values())


def stamp() -> Row:
    """Where and when a run was made."""
    return {
        "machine": machine(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "date": time.strftime("%Y-%m-%d"),
    }


@cache
def machine() -> str:
    """The processor's name, as its maker gives it where the system tells."""
    about = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (about.read_text().splitlines() if about.exists() else [])
        if line.startswith("model name")
    ]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor()
