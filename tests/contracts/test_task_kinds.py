"""Which kind is a column? What neutral estimators decide, and how to decide otherwise."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, MIXED, over, small

from sklearn_ple import (
    Binary,
    Count,
    Multiclass,
    PLEClassifierRegressor,
    PLEEstimator,
    Regression,
    TaskInferenceWarning,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(131, 3))
CODES = RNG.permutation(np.arange(131) % 21)


def kinds_of(y: Any, **settings: Any) -> list[str]:
    model = small(PLEEstimator, max_epochs=1, **settings).fit(X, y)
    return [task.kind for task in model.tasks_]


QUIET = {
    "text": (np.array(["a", "b", "c"])[CODES % 3], "multiclass"),
    "two words": (np.array(["a", "b"])[CODES % 2], "binary"),
    "bool": (CODES % 2 == 0, "binary"),
    "pandas category of whole numbers": (pd.Series(CODES, dtype="category"), "multiclass"),
    "pandas category of two real numbers": (
        pd.Series(CODES % 2 + 3.0, dtype="category"),
        "binary",
    ),
    "nullable bool": (pd.Series(CODES % 2 == 0, dtype="boolean"), "binary"),
    "0 and 1": (CODES % 2, "binary"),
    "0.0 and 1.0 with gaps": (np.where(CODES > 15, np.nan, CODES % 2), "binary"),
    "any two whole numbers": (np.array([-7, 40])[CODES % 2], "binary"),
    "two real numbers": (np.array([0.5, 1.0])[CODES % 2], "regression"),
    "21 whole numbers": (CODES, "regression"),
    "real numbers": (X[:, 0], "regression"),
    "few real numbers": (CODES % 4 + 0.5, "regression"),
    "one number other than 0 and 1": (np.full(131, 7), "regression"),
}


@pytest.mark.parametrize("sort", QUIET)
def test_kinds_decided_without_a_word(sort: str) -> None:
    y, kind = QUIET[sort]
    assert kinds_of(y) == [kind]


@over(MIXED + ARCHITECTURES)
@pytest.mark.parametrize("n_distinct", [3, 20])
def test_few_whole_numbers_are_classes_with_a_warning(cls, n_distinct: int) -> None:
    y = pd.DataFrame({"stars": RNG.permutation(np.arange(131) % n_distinct), "x": X[:, 0]})
    with pytest.warns(TaskInferenceWarning, match=r"'stars'.*tasks=\{'stars': 'regression'\}"):
        model = small(cls, max_epochs=1).fit(X, y)
    assert [task.kind for task in model.tasks_] == ["multiclass", "regression"]


@pytest.mark.parametrize("declared", ["multiclass", "regression", "count", "classification"])
def test_saying_so_silences_the_warning(declared: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kinds = kinds_of(CODES % 5, tasks=[declared])
    assert kinds == ["multiclass" if declared == "classification" else declared]


@pytest.mark.parametrize("only", [0, 1])
def test_only_zeros_or_only_ones_are_a_binary_task_that_lacks_a_class(only: int) -> None:
    y = pd.DataFrame({"x": X[:, 0], "click": np.full(131, only)})
    with pytest.raises(ValueError, match="'click' has one class only"):
        small(PLEEstimator).fit(X, y)


def test_polars_and_arrow_categories() -> None:
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    words = np.array(["a", "b", "c"])[CODES % 3].tolist()
    as_categories = pl.DataFrame({"word": words}, schema={"word": pl.Categorical})
    assert kinds_of(as_categories) == ["multiclass"]
    assert kinds_of(pl.DataFrame({"word": words}, schema={"word": pl.Enum(["a", "b", "c"])})) == [
        "multiclass"
    ]
    assert kinds_of(pa.table({"word": pa.array(words).dictionary_encode()})) == ["multiclass"]


FOUR = pd.DataFrame({"a": CODES % 2, "b": CODES % 3, "c": CODES % 4, "d": X[:, 0]})
DECLARED = {
    "list of names": ["binary", "count", "multiclass", "regression"],
    "list of objects": [Binary(), Count(), Multiclass(), Regression(loss="huber")],
    "list with auto": ["auto", "count", "classification", "auto"],
    "dict of names": {"b": "count", "c": "multiclass"},
    "dict of objects": {"c": Multiclass(), "b": Count()},
    "tuple": ("binary", Count(), "classification", "auto"),
}


@pytest.mark.parametrize("how", DECLARED)
def test_declared_kinds_override(how: str) -> None:
    assert kinds_of(FOUR, tasks=DECLARED[how]) == ["binary", "count", "multiclass", "regression"]


def test_declared_tasks_stay_as_they_were() -> None:
    tasks = {"d": Regression(loss="huber", delta=0.7)}
    model = small(PLEClassifierRegressor, tasks=tasks, max_epochs=1).fit(FOUR[["a"]], FOUR[["d"]])
    assert vars(tasks["d"]) == {"loss": "huber", "delta": 0.7}
    (fitted,) = model.tasks_
    assert (fitted.name_, fitted.loss, fitted.delta) == ("d", "huber", 0.7)
    assert fitted is not tasks["d"]


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ({"e": "count"}, r"tasks names \['e'\], but y has the columns \['a', 'b', 'c', 'd'\]"),
        (["binary", "ordinal", "binary", "binary"], "Unknown kind 'ordinal' for task 'b'"),
        ({"c": "binary"}, "'c' is declared binary but has 4 classes"),
        ({"c": "multiclass", "d": "count"}, "'d' is a count but has negative labels"),
    ],
    ids=["unknown name", "unknown kind", "too many classes", "negative counts"],
)
def test_declarations_that_do_not_fit(tasks: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(PLEEstimator, tasks=tasks).fit(X, FOUR.assign(b=X[:, 1]))


def test_kinds_are_decided_once_on_all_rows() -> None:
    """The 21st value stands in one row, which a split might hold out; there is one warning."""
    x = RNG.normal(size=(1003, 2))
    codes = np.arange(1003) % 20
    for seed in range(8):
        y = codes.copy()
        y[seed * 120] = 20
        model = small(PLEEstimator, max_epochs=1, random_state=seed).fit(x, y)
        assert [task.kind for task in model.tasks_] == ["regression"]
    with pytest.warns(TaskInferenceWarning) as caught:
        small(PLEEstimator, max_epochs=1).fit(x, codes)
    assert len(caught) == 1
