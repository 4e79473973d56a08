"""A row as a dict of plain values is read as a table of one row is, mistakes included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from asked import Y, assert_same_answers, predictor_of, row_of

from sklearn_ple import PLERegressor
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.serving import Predictor

CATEGORIES = pd.DataFrame(
    {
        "text": np.array(["a", "b", "c", None, "e", "f"], dtype=object)[np.arange(157) % 6],
        "complete": np.array(["u", "v"])[np.arange(157) % 2],
        "whole": np.arange(157) % 7 * 10,
        "real": (np.arange(157) % 5) / 4,
        "flag": np.arange(157) % 3 > 0,
        "never_missing": np.arange(157.0),
        "missing": np.where(np.arange(157) % 4, np.arange(157) / 3, np.nan),
        "constant": 4.0,
        "huge": 1e300 * np.arange(157) / 157,
    }
)
VALUES = {
    "text": ["a", "f", "unseen", None],
    "complete": ["u", "unseen", None],
    "whole": [20, 20.0, 99, None, True],
    "real": [0.25, 1, 0.3, None],
    "flag": [True, False, 1, 0, 1.0, None],
    "never_missing": [3, -1e9, 1e9, None, float("nan"), np.float32(2.5), np.int64(4)],
    "missing": [0.5, None, float("nan"), False],
    "constant": [4, 5.0, None],
    "huge": [1e299, -3.5, None, 10**17],
}


@pytest.fixture(scope="module", params=["piecewise_linear", "standard", "quantile"])
def asked_in_any_way(request, tmp_path_factory) -> tuple[MultiTaskEstimator, Predictor]:
    categorical = ["whole", "real", "flag"]
    model = small(
        PLERegressor,
        max_epochs=1,
        categorical_features=categorical,
        numeric_encoding=request.param,
    ).fit(CATEGORIES, Y["spent"])
    return model, predictor_of(model, tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize("name", VALUES)
def test_every_value_in_a_dict_is_read_as_in_a_table(name: str, asked_in_any_way) -> None:
    """Whichever way a dict is read; a category of a number may be any number."""
    model, predictor = asked_in_any_way
    for value in VALUES[name]:
        row = row_of(CATEGORIES, 1) | {name: value}
        frame = pd.DataFrame({key: [each] for key, each in row.items()})
        assert_same_answers(model, predictor, frame, row)


MISTAKES: dict[str, Any] = {
    "infinity": {"never_missing": float("inf")},
    "minus infinity": {"missing": float("-inf")},
    "text for a number": {"never_missing": "3.5"},
    "a number for text": {"text": 3},
    "text for a numeric category": {"whole": "20"},
    "a date": {"never_missing": pd.Timestamp("2020-01-01")},
    "a complex number": {"constant": 1j},
    "too large after scaling": {"constant": 1e300},
}


def outcome(predict: Callable[[Any], Any], asked: Any) -> Any:
    """What is answered, or the error's kind and text."""
    try:
        return predict(asked).tolist()
    except (ValueError, TypeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_the_same_error(mistake: str, asked_in_any_way) -> None:
    model, predictor = asked_in_any_way
    row = row_of(CATEGORIES, 1) | MISTAKES[mistake]
    frame = pd.DataFrame({key: [each] for key, each in row.items()})
    assert outcome(predictor.predict, row) == outcome(model.predict, frame)


@pytest.mark.parametrize("columns", [["text", "whole"], ["never_missing"], ["complete"]])
def test_columns_of_one_sort_alone(columns: list[str], tmp_path: Path) -> None:
    frame = CATEGORIES[columns]
    categorical = [name for name in columns if name == "whole"]
    model = small(PLERegressor, max_epochs=1, categorical_features=categorical)
    predictor = predictor_of(model.fit(frame, Y["spent"]), tmp_path)
    for i in range(5):
        assert_same_answers(model, predictor, frame.iloc[[i]], row_of(frame, i))
