"""What checkpoints cost: a write against an epoch, a resumption, and the check of the rows.

    python benchmarks/checkpoints.py                        three sizes
    python benchmarks/checkpoints.py --rows 20000 --epochs 9

Times are medians over the epochs of one fit each. A write ends when the disk has it.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch

from sklearn_ple import PLERegressor
from sklearn_ple.base.fit.identity import fingerprint
from sklearn_ple.base.fit.memory_rows import check_rows_of
from sklearn_ple.features import read_columns
from sklearn_ple.training import CheckpointFolder
from sklearn_ple.training.checkpoint_files import read_checkpoint

SIZES = {2_000: (32, 32), 20_000: (64, 64), 40_000: (256, 128)}  # rows: widths of experts


@contextmanager
def timed_writes() -> Iterator[list[float]]:
    """Seconds of every write, for as long as the context lasts."""
    seconds: list[float] = []
    write = CheckpointFolder.write

    def timed(folder: CheckpointFolder, epoch: int, state: Any) -> None:
        begin = time.perf_counter()
        write(folder, epoch, state)
        seconds.append(time.perf_counter() - begin)

    with patch.object(CheckpointFolder, "write", timed):
        yield seconds


def measure(n_rows: int, widths: tuple[int, ...], epochs: int, root: str) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 30))
    Y = X[:, :4] + rng.normal(size=(n_rows, 4))
    settings = {"expert_widths": widths, "max_epochs": epochs, "random_state": 0, "patience": None}
    with tempfile.TemporaryDirectory(dir=root) as path, timed_writes() as writes:
        model = PLERegressor(**settings, checkpoint_dir=path).fit(X, Y)
        newest = sorted(Path(path).glob("*.pt"))[-1]
        begin = time.perf_counter()
        read_checkpoint(newest)
        reading = time.perf_counter() - begin
        n_bytes = newest.stat().st_size
    begin = time.perf_counter()
    fingerprint(check_rows_of(read_columns(X), Y, None), None)
    checking = time.perf_counter() - begin
    epoch = float(model.history_["seconds"].median())
    return {
        "rows": f"{n_rows:,}",
        "parameters": f"{sum(p.numel() for p in model.module_.parameters()):,}",
        "epoch, s": f"{epoch:.3f}",
        "file, MB": f"{n_bytes / 1e6:.1f}",
        "write, ms": f"{1e3 * np.median(writes):.1f}",
        "of an epoch": f"{np.median(writes) / epoch:.1%}",
        "read, ms": f"{1e3 * reading:.1f}",
        "rows checked, ms": f"{1e3 * checking:.1f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", default=tempfile.gettempdir(), help="on the disk to measure")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(
        f"{platform.processor() or platform.machine()}, torch {torch.__version__}, "
        f"{args.threads} thread(s), {time.strftime('%Y-%m-%d')}; PLE of 4 tasks, 30 numbers"
    )
    found = [measure(n, SIZES.get(n, (64, 64)), args.epochs, args.folder) for n in args.rows]
    print(pd.DataFrame(found).to_string(index=False))


if __name__ == "__main__":
    main()
