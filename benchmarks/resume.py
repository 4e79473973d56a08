"""Studies that go on where they stopped: one row a run, in a JSON-lines file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

Row = dict[str, Any]


def run_missing(path: Path, runs: Sequence[Row], fit: Callable[..., Row]) -> list[Row]:
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
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines]
    todo = [run for run in runs if not any(run.items() <= row.items() for row in rows)]
    for run in tqdm(todo, unit="fit"):
        row = run | fit(*run.values())
        rows.append(row)
        with path.open("a") as file:
            file.write(json.dumps(row, default=float) + "\n")
    return rows
