"""What every test has: one thread, and the way to the full data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

# Before torch starts: on AMD processors MKL computes rows by their place in a batch otherwise.
os.environ.setdefault("MKL_CBWR", "AUTO")

import torch

REPOSITORY = Path(__file__).resolve().parents[1]

# Nets in tests are small: a second thread makes them slower, and workers fight over the cores.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Find a full data set's folder by its name; without it the test is skipped.

    It lies in `SKLEARN_PLE_DATA` (which may also name the very folder), or in `shared/data` beside
    the repository.
    """

    def find(name: str) -> Path:
        named = os.environ.get("SKLEARN_PLE_DATA")
        for root in [*([Path(named)] if named else []), REPOSITORY.parent / "shared" / "data"]:
            for folder in (root / name, *([root] if root.name == name else [])):
                if (folder / "train.parquet").is_file() and (folder / "test.parquet").is_file():
                    pytest.importorskip("pyarrow", reason="the full data are parquet")
                    return folder
        pytest.skip(f"needs the full data of {name}; name their folder in SKLEARN_PLE_DATA")

    return find
