"""Models to serve, and what must be the same of an estimator and its `Predictor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from people import make_people

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
