"""The full data, and small stand-ins for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_ple.datasets import census_table, load_census_income


@pytest.fixture(scope="session")
def full_census(real_data: Callable[[str], Path]) -> Path:
    """The folder with the full data; the test is skipped without it."""
    return real_data("census_income_kdd")


@pytest.fixture
def no_other_copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment nor scikit-learn's folder has a copy."""
    monkeypatch.delenv("SKLEARN_PLE_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit_learn_home"))


@pytest.fixture
def splits(
    monkeypatch: pytest.MonkeyPatch, no_other_copy: None
) -> dict[census_table.Subset, pd.DataFrame]:
    """Raw tables of 37 and 23 rows that take the place of the archive's two splits."""
    sample = load_census_income()
    raw = sample.data.astype(dict.fromkeys(census_table.CATEGORICAL, object))
    raw["instance_weight"] = sample.instance_weight
    raw["marital_stat"] = np.where(sample.target["never_married"], "Never married", "Widowed")
    raw["income_50k"] = np.where(sample.target["income"], "50000+.", "- 50000.")
    raw = raw[census_table.COLUMNS]
    tables: dict[census_table.Subset, pd.DataFrame] = {
        "train": raw[:37].reset_index(drop=True),
        "test": raw[37:60].reset_index(drop=True),
    }
    checksums = {subset: census_table.checksum(table) for subset, table in tables.items()}
    monkeypatch.setattr(census_table, "CHECKSUMS", checksums)
    return tables


@pytest.fixture(scope="session")
def raw_text() -> Callable[[pd.DataFrame], bytes]:
    """Write a raw table as the UCI archive does."""

    def write(table: pd.DataFrame) -> bytes:
        columns = [
            table[name].map("{:.2f}".format) if name == "instance_weight" else table[name].map(str)
            for name in table.columns
        ]
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return "".join(", ".join(row) + "\n" for row in rows).encode()

    return write
