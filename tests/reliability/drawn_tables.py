"""Tables drawn at random: columns of every dtype and targets of every kind, with gaps anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

WORDS = np.array(["ash", "elm", "oak", "yew"])
Draw = Callable[[st.SearchStrategy], Any]

NUMBERS = (
    *("float64", "float32", "float16", "int8", "int64", "uint16", "bool"),
    *("Float64", "Float32", "Int64", "UInt8", "boolean", "double[pyarrow]", "int32[pyarrow]"),
)
CATEGORIES = ("str", "string", "string[pyarrow]", "object", "category", "category of numbers")
WITHOUT_GAPS = {"int8", "int64", "uint16", "bool"}
GAPS = ("none", "some", "most", "all")


def gaps(draw: Draw, n: int, sorts: tuple[str, ...] = GAPS) -> np.ndarray:
    """Where values are missing."""
    share = {"none": 0.0, "some": 0.2, "most": 0.8, "all": 1.0}[draw(st.sampled_from(sorts))]
    return np.random.default_rng(draw(st.integers(0, 9))).random(n) < share


def column(draw: Draw, dtype: str, n: int, gone: np.ndarray) -> pd.Series:
    """A column of a dtype; whole numbers from 0 to 100, or words."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    if dtype in NUMBERS:
        values = rng.integers(0, 2 if dtype in ("bool", "boolean") else 100, n)
        if dtype in WITHOUT_GAPS:
            return pd.Series(values).astype(dtype)
        return pd.Series(values).astype(dtype).mask(gone)
    if dtype == "category of numbers":
        return pd.Series(pd.Categorical(rng.integers(0, 7, n))).mask(gone)
    return pd.Series(WORDS[rng.integers(0, 4, n)], dtype=object).mask(gone, None).astype(dtype)


@st.composite
def features(draw: Draw, n: int) -> pd.DataFrame:
    """One to five columns, any of which may be empty."""
    dtypes = draw(st.lists(st.sampled_from(NUMBERS + CATEGORIES), min_size=1, max_size=5))
    return pd.DataFrame(
        {f"x{i}": column(draw, dtype, n, gaps(draw, n)) for i, dtype in enumerate(dtypes)}
    )


KINDS = {
    "binary": lambda rng, n: np.where(rng.random(n) < 0.5, "no", "yes").astype(object),
    "multiclass": lambda rng, n: WORDS[rng.integers(0, 3, n)].astype(object),
    "regression": lambda rng, n: rng.normal(50, 9, n),
    "count": lambda rng, n: rng.poisson(2.0, n).astype(float),
}


@st.composite
def targets(draw: Draw, n: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """One to four targets and the kind of each; any labels may be missing."""
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4))
    named = {f"{kind} {k}": kind for k, kind in enumerate(kinds)}
    columns = {}
    for name, kind in named.items():
        labels = KINDS[kind](np.random.default_rng(draw(st.integers(0, 99))), n)
        columns[name] = pd.Series(labels).mask(gaps(draw, n), None)
    return pd.DataFrame(columns), named
