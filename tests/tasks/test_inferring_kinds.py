"""Which kind a column is: by promise, by declaration, by its labels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sklearn_ple.tasks import (
    Binary,
    Count,
    Multiclass,
    Regression,
    Task,
    TaskInferenceWarning,
    infer_task,
    read_targets,
    resolve_tasks,
)

NAN = np.nan
BY_LABELS: dict[str, tuple[Any, type[Task]]] = {
    "zeros and ones": ([0, 1, 1], Binary),
    "zeros and ones as floats, with gaps": ([0.0, NAN, 1.0], Binary),
    "two whole numbers": ([-1, 1, 1], Binary),
    "two far whole numbers": ([7, 400, 7], Binary),
    "only ones": ([1, 1, 1], Binary),
    "only zeros": ([0.0, 0.0, NAN], Binary),
    "one other number": ([5.0, 5.0, 5.0], Regression),
    "two fractions": ([0.5, 1.0, 0.5], Regression),
    "many fractions": ([0.1, 2.5, -3.0], Regression),
    "more than twenty whole numbers": (list(range(21)), Regression),
    "infinity": ([0.0, np.inf, 1.0], Regression),
    "nothing at all": ([NAN, NAN], Regression),
    "two words": (["no", "yes", None], Binary),
    "one word": (["no", "no"], Binary),
    "three words": (["a", "b", "c"], Multiclass),
    "many words": ([f"w{i}" for i in range(30)], Multiclass),
    "booleans": ([True, False, True], Binary),
    "booleans with gaps": ([True, None, False], Binary),
}


@pytest.mark.parametrize("name", BY_LABELS)
def test_by_labels(name: str) -> None:
    labels, kind = BY_LABELS[name]
    column = read_targets(labels).columns[0]
    assert type(infer_task("y", column)) is kind


@pytest.mark.parametrize("n_distinct", [3, 20])
def test_a_few_whole_numbers_are_classes_with_a_warning(n_distinct: int) -> None:
    column = np.arange(50.0) % n_distinct
    with pytest.warns(TaskInferenceWarning, match=f"'stars' holds {n_distinct} distinct"):
        task = infer_task("stars", column)
    assert type(task) is Multiclass


def test_the_warning_says_what_to_write_instead() -> None:
    with pytest.warns(TaskInferenceWarning) as caught:
        infer_task("stars", np.array([1.0, 2.0, 3.0]))
    message = str(caught[0].message)
    assert "tasks={'stars': 'regression'}" in message
    assert "'count'" in message
    assert "'multiclass'" in message


@pytest.mark.parametrize("labels", [[1, 2, 3], [0, 1, 1], [0.5, 1.5, 2.5]])
def test_a_promise_comes_before_the_labels(labels: list[float]) -> None:
    column = np.array(labels)
    assert type(infer_task("y", column, promise="regression")) is Regression
    kind = Binary if len(set(labels)) == 2 else Multiclass
    assert type(infer_task("y", column, promise="classification")) is kind


def test_a_categorical_dtype_comes_before_the_numbers_in_it() -> None:
    column = pd.Series([1.5, 2.5, 3.5], dtype="category")
    targets = read_targets(column)
    (task,) = resolve_tasks("auto", targets)
    assert type(task) is Multiclass


@pytest.fixture
def targets() -> Any:
    return read_targets(
        pd.DataFrame(
            {
                "stars": [1.0, 2.0, 3.0, 2.0],
                "click": [0.0, 1.0, NAN, 1.0],
                "price": [0.5, 1.5, 2.5, NAN],
                "colour": ["red", "blue", "green", None],
            }
        )
    )


def test_auto(targets: Any) -> None:
    with pytest.warns(TaskInferenceWarning, match="stars"):
        tasks = resolve_tasks("auto", targets)
    assert [task.kind for task in tasks] == ["multiclass", "binary", "regression", "multiclass"]


DECLARED: dict[str, Any] = {
    "a list of names": ["count", "binary", "regression", "multiclass"],
    "a list with auto": ["count", "auto", "auto", "classification"],
    "a tuple": ("count", "binary", "regression", "multiclass"),
    "a dict of some": {"stars": "count"},
    "a dict of all": {
        "colour": "multiclass",
        "price": "regression",
        "click": "binary",
        "stars": Count(),
    },
}


@pytest.mark.parametrize("name", DECLARED)
def test_declared(targets: Any, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tasks = resolve_tasks(DECLARED[name], targets)
    assert [task.kind for task in tasks] == ["count", "binary", "regression", "multiclass"]


@pytest.mark.parametrize("names", [[0, 1, 2], [2020, 2022, 2021], [np.int64(5), "sold", ("a", 3)]])
def test_names_that_are_no_text_are_written_as_in_y(names: list) -> None:
    table = pd.DataFrame({"stars": [1.0, 2.0, 3.0], "click": [0, 1, 1], "price": [0.5, 1.5, NAN]})
    table.columns = pd.Index(names, dtype=object, tupleize_cols=False)
    y = read_targets(table)
    for stars in (names[0], str(names[0])):
        tasks = resolve_tasks({stars: "count", names[1]: "multiclass"}, y)
        assert [task.kind for task in tasks] == ["count", "multiclass", "regression"]
    with pytest.raises(ValueError, match=r"tasks names \['19'\], but y has"):
        resolve_tasks({19: "count"}, y)


def test_an_object_is_taken_as_it_is(targets: Any) -> None:
    mine = Regression(loss="huber", delta=0.3)
    tasks = resolve_tasks({"stars": mine}, targets)
    assert tasks[0] is mine


@pytest.mark.parametrize(
    ("tasks", "gist"),
    [
        (["binary", "count"], "2 entries, but y has 4 columns"),
        ({"stars": "count", "size": "binary"}, "size.*but y has the columns"),
        ({"stars": "ordinal"}, "Unknown kind 'ordinal' for task 'stars'.*count"),
    ],
)
def test_declarations_that_do_not_fit(targets: Any, tasks: Any, gist: str) -> None:
    with pytest.raises(ValueError, match=gist):
        resolve_tasks(tasks, targets)


@pytest.mark.parametrize(
    ("spec", "promise"), [("count", "classification"), ("binary", "regression")]
)
def test_a_kind_that_breaks_the_promise(targets: Any, spec: str, promise: Any) -> None:
    with pytest.raises(ValueError, match=f"'stars' is a {spec}.*takes {promise} targets only"):
        resolve_tasks({"stars": spec, "click": promise, "price": promise}, targets, promise)


QUANTITIES = {
    "fractions": ["1.5", "2", None, "-0.25"],
    "many whole numbers": [str(i) for i in range(21)],
}
CODES = {
    "digits": [str(i) for i in range(10)],
    "words and numbers": ["1.5", "low", "2.5"],
    "words": [f"w{i}" for i in range(30)],
}


@pytest.mark.parametrize("name", QUANTITIES)
def test_text_that_reads_as_quantities_is_classes_with_a_warning(name: str) -> None:
    column = read_targets(QUANTITIES[name]).columns[0]
    with pytest.warns(TaskInferenceWarning, match=r"'spent' is text .*to_numeric"):
        assert type(infer_task("spent", column)) is Multiclass


@pytest.mark.parametrize("name", CODES)
def test_text_that_may_well_be_codes_is_classes_without_one(name: str) -> None:
    column = read_targets(CODES[name]).columns[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert type(infer_task("rating", column)) is Multiclass
