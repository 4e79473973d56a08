"""Make the sample of Census-Income (KDD) that the package ships.

    python benchmarks/make_census_sample.py [--data DIRECTORY] [--output FILE]

``DIRECTORY`` holds the full data (``train.parquet`` and ``test.parquet``, or the UCI archive's
files); without it, the places that ``fetch_census_income`` searches are searched. The same data
give the same arrays. Written is a compressed npz file, without pickles, of

- ``codes``, uint8 (20000, 32): positions of the categorical features' levels;
- ``levels``, a text: JSON, the sorted levels of each categorical feature over both splits;
- ``numbers``, int32 (20000, 7): the numeric features;
- ``labels``, uint8 (20000, 2): income over 50,000 dollars, never married;
- ``cents``, int32 (20000,): the instance weights times 100, which are whole numbers.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import sklearn_ple.datasets
from sklearn_ple.datasets.census_files import read_split
from sklearn_ple.datasets.census_table import CATEGORICAL, NUMERIC, WEIGHT, targets

N_ROWS = 20_000
SEED = 0
OUTPUT = Path(sklearn_ple.datasets.__file__).parent / "data" / "census_income_sample.npz"


def stratified_rows(labels: pd.DataFrame, n_rows: int, seed: int) -> NDArray[np.int64]:
    """Positions of rows, ascending, that keep the share of each combination of the labels.

    A stratum's share is rounded down; the rows still missing go to the largest remainders.
    """
    random = np.random.default_rng(seed)
    strata = labels.groupby(list(labels.columns), sort=True).indices
    shares = np.array([len(rows) for rows in strata.values()]) * (n_rows / len(labels))
    sizes = np.floor(shares).astype(int)
    sizes[np.argsort(sizes - shares, kind="stable")[: n_rows - sizes.sum()]] += 1
    picked = [
        random.choice(rows, size, replace=False)
        for rows, size in zip(strata.values(), sizes, strict=True)
    ]
    return np.sort(np.concatenate(picked))


def make_sample(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """The arrays to store."""
    rows = train.iloc[stratified_rows(targets(train), N_ROWS, SEED)]
    levels = {name: sorted({*train[name].tolist(), *test[name].tolist()}) for name in CATEGORICAL}
    codes = [pd.Categorical(rows[name], levels[name]).codes for name in CATEGORICAL]
    return {
        "codes": np.column_stack(codes).astype(np.uint8),
        "levels": np.array(json.dumps(levels)),
        "numbers": rows[NUMERIC].to_numpy(np.int32),
        "labels": targets(rows).to_numpy(np.uint8),
        "cents": np.round(rows[WEIGHT].to_numpy() * 100).astype(np.int32),
    }


def main() -> None:
    """Read the arguments and write the file."""
    parser = argparse.ArgumentParser(description="Make the shipped sample of Census-Income (KDD).")
    parser.add_argument("--data", type=Path, default=None, help="folder with the full data")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="file to write")
    arguments = parser.parse_args()
    train, test = (
        read_split(subset, arguments.data, download_if_missing=True) for subset in ("train", "test")
    )
    # NumPy's stub takes any of the arrays for its flag `allow_pickle`.
    np.savez_compressed(arguments.output, **make_sample(train, test))  # type: ignore[arg-type]
    print(f"{arguments.output.name}: {arguments.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
