"""Every architecture says in torch.export and in ONNX what it says itself, on real rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, over, small
from exported import KINDS, assert_agrees, assert_both_agree, census, in_eager_torch

from sklearn_ple import PLEClassifierRegressor
from sklearn_ple.base import MultiTaskEstimator


def fitted(cls: type[MultiTaskEstimator]) -> tuple[MultiTaskEstimator, pd.DataFrame]:
    X, Y, test = census()
    if cls.__name__.startswith(("ESMM", "AITM")):  # their first targets are a chain
        Y["income"] = Y["income"].where(Y["never_married"] == 1, 0)
        Y = Y[["never_married", "income", "education", "last_seen", "employers"]]
    return small(cls, max_epochs=2, tasks=KINDS).fit(X, Y), test


@over(ARCHITECTURES)
def test_the_graph_by_itself(cls: type[MultiTaskEstimator]) -> None:
    model, test = fitted(cls)
    assert_agrees(in_eager_torch(model), model, test)


@pytest.mark.slow
@over(ARCHITECTURES)
def test_torch_export_and_onnx(cls: type[MultiTaskEstimator], tmp_path: Path) -> None:
    model, test = fitted(cls)
    assert_both_agree(model, test, tmp_path)


@pytest.mark.slow
def test_the_full_data(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    folder = real_data("adult_mixed")
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    tasks = {"income_gt_50k": "binary", "hours-per-week": "regression"}
    features = [name for name in train if name not in (*tasks, "income")]
    model = small(PLEClassifierRegressor, tasks=tasks, max_epochs=2, batch_size=1024)
    model.fit(train[features], train[[*tasks]])
    assert_both_agree(model, test[features], tmp_path)
