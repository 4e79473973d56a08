"""Models to save, there and back, and what must be the same of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from people import make_people

import sklearn_ple
from sklearn_ple.base import MultiTaskEstimator

X, Y = make_people(157)
NEW, _ = make_people(41, seed=1)


def there_and_back(
    model: MultiTaskEstimator,
    folder: Path,
    name: str = "model.zip",
    custom_objects: dict[str, Any] | None = None,
) -> MultiTaskEstimator:
    """The model that is loaded from where this one is saved."""
    model.save(folder / name)
    return sklearn_ple.load(folder / name, custom_objects)


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal to the last bit, and of the same types."""
    if one is None or other is None:
        return one is other
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        return True
    return one.dtype == other.dtype and np.array_equal(one, other)


def assert_same_answers(one: Any, other: Any, asked: Any) -> None:
    """All that a model says of some rows."""
    assert same(one.predict(asked), other.predict(asked))
    assert same(one.predict_frame(asked), other.predict_frame(asked))
    if hasattr(one, "predict_proba"):
        assert same(one.predict_proba(asked), other.predict_proba(asked))


def weights(model: MultiTaskEstimator) -> list[torch.Tensor]:
    """Parameters and buffers of the network."""
    return [tensor.clone() for tensor in model.module_.state_dict().values()]
