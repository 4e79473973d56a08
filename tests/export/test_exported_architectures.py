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


def targets(cls: type[MultiTaskEstimator], Y: pd.DataFrame) -> pd.DataFrame:
    """With the two binary ones as a chain for those that want one."""
    if not cls.__name__.startswith(("ESMM", "AITM")):
        return Y
    chained = Y.assign(income=Y["income"].where(Y["never_married"] == 1, 0))
    return chained[["never_married", "income", *chained.columns.drop(["never_married", "income"])]]


@over(ARCHITECTURES)
def test_the_graph_by_itself(cls: type[MultiTaskEstimator]) -> None:
    X, Y, test = census()
    model = small(cls, max_epochs=2, tasks=KINDS).fit(X, targets(cls, Y))
    assert_agrees(in_eager_torch(model), model, test)


@pytest.mark.slow
@over(ARCHITECTURES)
def test_torch_export_and_onnx(cls: type[MultiTaskEstimator], tmp_path: Path) -> None:
    X, Y, test = census()
    columns, kinds = ["age", "class_worker"], dict(list(KINDS.items())[:3])  # what is traced soon
    model = small(cls, max_epochs=2, tasks=kinds).fit(X[columns], targets(cls, Y[[*kinds]]))
    test = test[columns]
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
