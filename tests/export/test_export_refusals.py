"""What can't be exported, and rows that do not fit, are refused with a reason."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from exported import KINDS, census, in_eager_torch
from sklearn.exceptions import NotFittedError

from sklearn_ple import Regression, SharedBottomEstimator
from sklearn_ple.base import MultiTaskEstimator


@dataclass
class Rounded(Regression):
    """Decodes by NumPy."""

    kind: ClassVar[str] = "rounded"

    def decode(self, activated):
        return np.round(super().decode(activated))


@dataclass
class Doubled(Regression):
    """Decodes by arithmetic on numbers that it learned."""

    kind: ClassVar[str] = "doubled"

    def fit_labels(self, labels, weight):
        super().fit_labels(labels, weight)
        self.unit_ = 1 / 3

    def decode(self, activated):
        return super().decode(activated) / self.unit_


def fitted() -> MultiTaskEstimator:
    X, Y, _ = census()
    return small(SharedBottomEstimator, tasks=KINDS, max_epochs=1).fit(X, Y)


def test_a_task_that_decodes_by_numpy_is_named(tmp_path: Path) -> None:
    X, Y, _ = census()
    model = small(SharedBottomEstimator, tasks=[Rounded()], max_epochs=1).fit(X, Y["last_seen"])
    with pytest.raises(TypeError, match="Task 'last_seen', a Rounded, can't be exported.*decode"):
        model.to_torch_export(tmp_path / "model.pt2")
    assert not list(tmp_path.iterdir())


def test_a_task_of_ones_own_in_arithmetic_is_exported(tmp_path: Path) -> None:
    X, Y, test = census()
    model = small(SharedBottomEstimator, tasks=[Doubled()], max_epochs=1).fit(X, Y["last_seen"])
    signature, run = in_eager_torch(model)
    told = run(signature.arrays(test))["last_seen"]
    np.testing.assert_allclose(told, model.predict(test), rtol=1e-14)


def test_an_encoder_that_no_feature_table_prepared_is_refused() -> None:
    from sklearn_ple.export import ServingGraph

    model = fitted()
    signature = model._serving_graph().signature
    model.module_.encoder.features = "a recipe"
    with pytest.raises(TypeError, match="prepared by 'a recipe', which has no form in torch"):
        ServingGraph(model.module_, model.tasks_, signature, {})


def test_exporting_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    model, (_, _, test) = fitted(), census()
    before = model.predict_frame(test)
    model.to_torch_export(tmp_path / "model.pt2")
    pd.testing.assert_frame_equal(model.predict_frame(test), before)
    assert all(p.requires_grad for p in model.module_.parameters())


def test_before_fit_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        SharedBottomEstimator().to_onnx(tmp_path / "model.onnx")


def test_categories_are_codes_or_text(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="categories must be 'codes' or 'text', got 'onehot'"):
        fitted().to_onnx(tmp_path / "model.onnx", categories="onehot")


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_without_onnx_the_message_says_what_to_install(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match="pip install onnx onnxscript"):
        fitted().to_onnx(tmp_path / "model.onnx")


def test_rows_that_do_not_fit() -> None:
    signature = fitted()._serving_graph().signature
    _, _, test = census()
    with pytest.raises(ValueError, match=r"X lacks the columns \['sex'\]"):
        signature.arrays(test.drop(columns="sex"))
    with pytest.raises(ValueError, match="X has 2 columns, but the model was fitted on 6"):
        signature.arrays(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="infinity.*age"):
        signature.arrays(test.assign(age=np.inf))
    with pytest.raises(ValueError, match="'sex' held categories that are text at fit and holds nu"):
        signature.arrays(test.assign(sex=1.0))
