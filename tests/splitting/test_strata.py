"""Labels of every kind and container become strata; nothing about them stops a split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklearn_ple.splitting import label_strata, resolve_kinds
from sklearn_ple.tasks import Binary, Count, Multiclass, Regression, TaskInferenceWarning
from sklearn_ple.tasks import read_targets as read

WORDS = ["red", "blue", None, "red", "green", "blue"]
NUMBERS = [0.5, np.nan, 3.5, 9.5, -2.5, 4.5]


def frame() -> pd.DataFrame:
    return pd.DataFrame({"shade": WORDS, "price": NUMBERS})


@pytest.mark.parametrize(
    "y",
    [
        frame(),
        frame().astype({"shade": "category"}),
        pl.from_pandas(frame()),
        pa.Table.from_pandas(frame()),
        np.column_stack([np.array(WORDS, dtype=object), np.array(NUMBERS, dtype=object)]),
        [list(row) for row in zip(WORDS, NUMBERS, strict=True)],
    ],
    ids=["pandas", "category", "polars", "arrow", "array", "list"],
)
def test_any_container(y) -> None:
    targets = read(y)
    strata = label_strata(targets, resolve_kinds("auto", targets))
    np.testing.assert_array_equal(strata[:, 0], [2, 0, -1, 2, 1, 0])
    np.testing.assert_array_equal(strata[:, 1], [1, -1, 2, 4, 0, 3])


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ("auto", [Binary, Regression, Regression]),
        ("classification", [Binary, Multiclass, Multiclass]),
        ("regression", [Regression] * 3),
        (["multiclass", "count", Regression()], [Multiclass, Count, Regression]),
        ({"y2": "count"}, [Binary, Regression, Count]),
    ],
)
def test_kinds_as_estimators_decide_them(tasks, expected) -> None:
    y = np.column_stack([np.arange(25) % 2, np.arange(25), np.arange(25)])
    assert [type(task) for task in resolve_kinds(tasks, read(y))] == expected


def test_an_unknown_word() -> None:
    with pytest.raises(ValueError, match="tasks='classes'; the words are.*classification"):
        resolve_kinds("classes", read([0, 1]))


def test_few_whole_numbers_are_announced_to_be_taken_for_classes() -> None:
    with pytest.warns(TaskInferenceWarning, match="tasks="):
        resolve_kinds("auto", read([1, 2, 3, 1]))


def test_what_fit_would_refuse_is_still_split() -> None:
    """A class is missing from these rows, or all labels: that is not for a split to judge."""
    y = np.array([[1, np.nan, np.nan], [1, np.nan, np.nan], [np.nan, np.nan, np.nan]])
    kinds = [Binary(), Multiclass(), Regression()]
    expected = [[0, -1, -1], [0, -1, -1], [-1, -1, -1]]
    np.testing.assert_array_equal(label_strata(read(y), kinds), expected)


@pytest.mark.parametrize(
    ("column", "task", "match"),
    [
        ([0.5, 1.0, 0.25], Binary(), "y0.*continuous"),
        ([0.0, 1.0, 2.0], Binary(), "y0.*declared binary but has 3 classes"),
        ([0.5, np.inf, 2.0], Regression(), "y0.*infinity"),
        ([3.0, -1.0, 2.0], Count(), "y0.*negative"),
        (["a", 1, "b"], Multiclass(), "y0.*mix types"),
    ],
)
def test_labels_that_do_not_fit_their_kind(column, task, match) -> None:
    with pytest.raises(ValueError, match=match):
        label_strata(read(np.array(column, dtype=object)), [task])
