"""A `Predictor` says what the estimator says, to the last bit, however it is asked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, ESTIMATORS, over, small
from people import make_people

from sklearn_ple import ESMMEstimator, PLEEstimator, PLERegressor, SharedBottomEstimator
from sklearn_ple.base import ClassifierRole, MultiTaskEstimator, RegressorRole
from sklearn_ple.serving import Predictor

X, Y = make_people(157)
ASKED, _ = make_people(41, seed=1)
CHAIN = pd.DataFrame({"bought": Y["bought"] == "yes"}).assign(
    old=lambda y: y["bought"] & (X["age"].fillna(40) > 45)
)


def targets_for(cls: type[MultiTaskEstimator]) -> pd.DataFrame:
    if cls.__name__.startswith(("ESMM", "AITM")):
        return CHAIN
    if issubclass(cls, ClassifierRole):
        return Y[["bought", "shade"]]
    return Y[["spent"]] if issubclass(cls, RegressorRole) else Y


def predictor_of(model: MultiTaskEstimator, folder: Path) -> Predictor:
    model.save(folder / "model.zip")
    return Predictor.load(folder / "model.zip")


def row_of(frame: pd.DataFrame, i: int) -> dict[str, Any]:
    """A row as it comes from JSON: floats, ints, text, booleans and None."""
    plain = frame.iloc[[i]].astype(object).to_dict(orient="records")[0]
    return {name: None if pd.isna(value) else value for name, value in plain.items()}


def assert_same(one: Any, other: Any) -> None:
    if isinstance(one, list):
        for each, again in zip(one, other, strict=True):
            assert_same(each, again)
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif one is None:
        assert other is None
    else:
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def assert_same_answers(
    model: MultiTaskEstimator, predictor: Predictor, frame: Any, asked: Any = None
) -> None:
    asked = frame if asked is None else asked
    assert_same(model.predict(frame), predictor.predict(asked))
    if hasattr(model, "predict_proba"):
        assert_same(model.predict_proba(frame), predictor.predict_proba(asked))
    answers, expected = predictor.predict_frame(asked), model.predict_frame(frame)
    assert_same(expected.reset_index(drop=True), answers.reset_index(drop=True))


@over(ESTIMATORS)
def test_every_estimator(cls, tmp_path: Path) -> None:
    model = small(cls, max_epochs=2).fit(X, targets_for(cls))
    predictor = predictor_of(model, tmp_path)
    assert_same_answers(model, predictor, ASKED)
    for i in (0, 17):
        assert_same_answers(model, predictor, ASKED.iloc[[i]])
        assert_same_answers(model, predictor, ASKED.iloc[[i]], row_of(ASKED, i))


@pytest.mark.parametrize("precision", ["float32", "float64", "bf16-mixed"])
@pytest.mark.parametrize("encoding", ["piecewise_linear", "standard", "quantile"])
@pytest.mark.parametrize("calibrated", [False, True], ids=["plain", "calibrated"])
def test_every_precision_and_encoding(
    precision: str, encoding: str, calibrated: bool, tmp_path: Path
) -> None:
    """At the widths of the defaults, where a processor adds as it does in earnest."""
    settings = {"precision": precision, "numeric_encoding": encoding, "random_state": 0}
    model = PLEEstimator(max_epochs=1, **settings).fit(X, Y)
    if calibrated:
        methods = {"bought": "isotonic", "shade": "isotonic", "spent": "linear"}
        model.calibrate(X, Y, method=methods, thresholds={"bought": 0.4})
    predictor = predictor_of(model, tmp_path)
    assert_same_answers(model, predictor, ASKED)
    for i in range(8):
        assert_same_answers(model, predictor, ASKED.iloc[[i]], row_of(ASKED, i))


@pytest.mark.parametrize("n_rows", [1, 2, 15, 16, 17, 63, 64, 65, 129, 2049])
@pytest.mark.parametrize("cls", [PLEEstimator, SharedBottomEstimator])
def test_any_number_of_rows(cls, n_rows: int, tmp_path: Path) -> None:
    model = cls(max_epochs=1, random_state=0).fit(X, Y)
    frame, _ = make_people(n_rows, seed=2)
    assert_same_answers(model, predictor_of(model, tmp_path), frame)


def test_more_rows_than_are_prepared_at_once(tmp_path: Path) -> None:
    model = small(PLERegressor, max_epochs=1).fit(X, Y["spent"])
    frame, _ = make_people(8_233, seed=3)
    assert_same_answers(model, predictor_of(model, tmp_path), frame)


def test_chains_and_what_corrects_them(tmp_path: Path) -> None:
    model = small(ESMMEstimator, max_epochs=2).fit(X, CHAIN)
    assert_same_answers(model, predictor_of(model, tmp_path), ASKED)
    model.calibrate(X, CHAIN, thresholds=0.4)
    assert_same_answers(model, predictor_of(model, tmp_path), ASKED, ASKED.to_dict("list"))


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


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> tuple[MultiTaskEstimator, Predictor]:
    model = small(PLEEstimator, max_epochs=2).fit(X, Y)
    return model, predictor_of(model, tmp_path_factory.mktemp("model"))


WAYS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "other order": lambda frame: frame[frame.columns[::-1]],
    "dict of lists": lambda frame: frame.to_dict(orient="list"),
    "dict of arrays": lambda frame: {name: frame[name].to_numpy() for name in frame},
    "dict of columns": lambda frame: dict(frame.items()),
    "objects": lambda frame: frame.astype(object),
}


@pytest.mark.parametrize("way", WAYS)
def test_columns_are_found_by_name(way: str, both) -> None:
    model, predictor = both
    assert_same_answers(model, predictor, ASKED, WAYS[way](ASKED))


def test_the_index_of_a_table_is_kept(both) -> None:
    model, predictor = both
    frame = ASKED.set_index(np.arange(41) * 3)
    assert_same(model.predict_frame(frame), predictor.predict_frame(frame))


@pytest.mark.parametrize("way", ["frame", "dict", "row"])
def test_missing_and_unknown_columns_are_named(way: str, both) -> None:
    _, predictor = both
    asked: Any = ASKED.rename(columns={"age": "agee"})
    asked = {"frame": asked, "dict": asked.to_dict("list"), "row": row_of(asked, 0)}[way]
    with pytest.raises(ValueError, match=r"Missing: \['age'\]; not seen at fit: \['agee'\]"):
        predictor.predict(asked)
    too_many: Any = row_of(ASKED, 0) | {"size": 3}
    with pytest.raises(ValueError, match=r"Missing: \[\]; not seen at fit: \['size'\]"):
        predictor.predict(too_many)


def test_no_row_is_an_error(both) -> None:
    with pytest.raises(ValueError, match="0 sample"):
        both[1].predict(ASKED[:0])


def test_columns_without_names(tmp_path: Path) -> None:
    numbers = X[["age", "visits"]].to_numpy()
    model = small(PLERegressor, max_epochs=1).fit(numbers, Y["spent"])
    predictor = predictor_of(model, tmp_path)
    assert predictor.feature_names is None
    assert_same_answers(model, predictor, numbers)
    assert_same_answers(model, predictor, numbers, numbers.tolist())
    assert_same_answers(model, predictor, numbers, pd.DataFrame(numbers, columns=["a", "b"]))
    with pytest.raises(ValueError, match="without names"):
        predictor.predict({"a": 1.0, "b": 2.0})
    with pytest.raises(ValueError, match="3 features, but fit saw 2"):
        predictor.predict(np.zeros((4, 3)))


def test_what_it_says_of_itself(both) -> None:
    _, predictor = both
    assert predictor.feature_names == ["age", "visits", "city", "plan", "member"]
    assert predictor.n_features == 5
    assert predictor.task_names == ["bought", "spent", "shade"]
    assert {name: c.tolist() for name, c in predictor.classes.items()} == {
        "bought": ["no", "yes"],
        "shade": ["blue", "green", "red"],
    }


def test_regressions_alone_have_no_probabilities(tmp_path: Path) -> None:
    predictor = predictor_of(small(PLERegressor, max_epochs=1).fit(X, Y["spent"]), tmp_path)
    with pytest.raises(AttributeError, match="No task is a classification"):
        predictor.predict_proba(ASKED)


def test_from_many_threads(both) -> None:
    model, predictor = both
    expected = model.predict_frame(ASKED)
    with ThreadPoolExecutor(4) as pool:
        asked = [i % 41 for i in range(60)]
        for i, answer in zip(
            asked, pool.map(lambda i: predictor.predict_frame(row_of(ASKED, i)), asked), strict=True
        ):
            assert_same(expected.iloc[[i]].reset_index(drop=True), answer)


@over(ARCHITECTURES)
def test_few_rows_are_answered_as_among_many(cls, tmp_path: Path) -> None:
    """Default widths: whatever number of rows the predictor finds enough, bits stay."""
    model = cls(max_epochs=1, random_state=0).fit(X, targets_for(cls))
    predictor = predictor_of(model, tmp_path)
    whole = predictor.predict_frame(ASKED)
    for i in range(0, 41, 5):
        part = predictor.predict_frame(ASKED.iloc[i : i + 3])
        assert_same(whole.iloc[i : i + 3], part)
