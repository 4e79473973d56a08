"""What a fit from Parquet files takes of memory, by what the rows look like.

    python benchmarks/parquet_memory.py                       all shapes, 8 and 32 row groups
    python benchmarks/parquet_memory.py "20 numbers, 5 categories" --groups 4

Each fit is one epoch of a small network, in a process of its own which has fitted a few rows
before; the figure is the most memory that it took over what it had then, as Linux counts it. Next
to it what the same rows take as a frame, without a fit.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from sklearn_ple import ParquetSource, PLEEstimator

TARGETS = ["sold", "price"]
FEW, BUFFER_ROWS = 2_000, 1_000
# Columns of numbers and of categories, characters of a text; rows of a row group.
SHAPES = {
    "20 numbers, 5 categories": (20, 5, 0, 50_000),
    "200 numbers, 50 categories": (200, 50, 0, 10_000),
    "8 numbers, text of 3,000 characters": (8, 0, 3_000, 5_000),
}


def rows(n_rows: int, n_numbers: int, n_categories: int, n_characters: int) -> pd.DataFrame:
    """Numbers that are all different, categories of 50 levels, texts of a dozen, two targets."""
    rng = np.random.default_rng(0)
    columns = {f"n{j}": rng.normal(size=n_rows).astype(np.float32) for j in range(n_numbers)}
    columns |= {f"c{j}": rng.integers(50, size=n_rows).astype(str) for j in range(n_categories)}
    if n_characters:
        texts = np.array([f"{i:x}" * n_characters for i in range(12)], dtype=object)
        columns["text"] = texts[rng.integers(12, size=n_rows)]
    columns["sold"] = rng.integers(2, size=n_rows)
    columns["price"] = rng.normal(size=n_rows)
    return pd.DataFrame(columns)


def write(path: Path, shape: str, n_groups: int) -> None:
    """Row groups that are alike, and `path.few`, a few rows of the same columns."""
    *columns, group_rows = SHAPES[shape]
    group = rows(group_rows, *columns)
    table = pa.Table.from_pandas(group, preserve_index=False)
    with pq.ParquetWriter(path, table.schema, use_dictionary=not columns[-1]) as writer:
        for _ in range(n_groups):
            writer.write_table(table)
    group[:FEW].to_parquet(f"{path}.few", index=False)


def most_taken() -> int:
    """Bytes of memory that this process had at most (`ru_maxrss` begins with its parent's)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    stored = dict(line.split(":", 1) for line in lines)
    return int(stored["VmHWM"].split()[0]) * 1024


def fit(path: str) -> None:
    """One epoch of the rows of a file."""
    settings = {"expert_widths": (16,), "tower_widths": (8,), "embedding_dim": 4}
    model = PLEEstimator(**settings, max_epochs=1, random_state=0)
    model.fit(ParquetSource(path, targets=TARGETS, buffer_rows=BUFFER_ROWS))


def child(what: str, path: str) -> None:
    """Write how much it takes to fit, or to read, a file."""
    torch.set_num_threads(1)
    fit(f"{path}.few")
    gc.collect()
    pa.default_memory_pool().release_unused()
    before = psutil.Process().memory_info().rss
    {"fit": fit, "read": pd.read_parquet}[what](path)
    sys.stdout.write(f"{most_taken() - before}\n")


def measured(path: Path, what: str) -> float:
    """Megabytes that a child takes."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    command = [sys.executable, __file__, "--child", what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return int(done.stdout) / 1e6


def compare(shapes: list[str], numbers: list[int]) -> None:
    """A table of what each shape takes, by how many row groups there are."""
    print(f"{platform.machine()}, pyarrow {pa.__version__}, {time.strftime('%Y-%m-%d')}")
    print("| rows of | rows | file, MB | as a frame, MB | a fit takes, MB |")
    print("|---|---|---|---|---|")
    for shape, n_groups in product(shapes, numbers):
        with TemporaryDirectory() as folder:
            path = Path(folder, "rows.parquet")
            write(path, shape, n_groups)
            size, n_rows = path.stat().st_size / 1e6, n_groups * SHAPES[shape][-1]
            whole, streamed = (measured(path, what) for what in ("read", "fit"))
        print(
            f"| {shape} | {n_rows:,} | {size:,.0f} | {whole:,.0f} | {streamed:,.0f} |", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", nargs="*", help=f"some of {', '.join(SHAPES)}")
    parser.add_argument("--groups", type=int, nargs="+", default=[8, 32])
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(*args.child)
    else:
        compare(args.shapes or list(SHAPES), args.groups)


if __name__ == "__main__":
    main()
