"""Missing labels: rows outside a task's sample space teach it nothing, and are no class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import ARCHITECTURES, CLASSIFIERS, ESTIMATORS, MIXED, eager, over, small
from people import make_people

from sklearn_ple import PLEEstimator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(131, 3))
SIGNAL = X[:, 0] + 0.1 * RNG.normal(size=131)
HIGH = (SIGNAL > 0).astype(int)


def garble(y: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Labels of the first 40 rows gone, and what is left."""
    gone = np.arange(len(y)) < 40
    return y.mask(gone[:, None] & np.ones(y.shape, dtype=bool), None), ~gone


@over(MIXED)
def test_a_row_without_any_label_teaches_nothing(cls) -> None:
    """To the last bit, where the scales of X, the batches and the noise are alike."""
    features, y = make_people(157)
    y, kept = garble(y)
    settings = {"batch_size": 1000, "precision": "float64", "dropout": 0.0, "max_epochs": 5}
    shuffled = features.copy()
    for k, name in enumerate(features):  # each column apart, which keeps all scales
        shuffled.loc[:39, name] = np.roll(features[name].to_numpy()[:40], 7 * k + 1)
    one, other = (small(cls, **settings).fit(table, y) for table in (features, shuffled))
    pd.testing.assert_frame_equal(one.predict_frame(features), other.predict_frame(features))
    assert one.score_tasks(features[kept], y[kept]).equals(one.score_tasks(features, y))


def test_rows_without_any_label_are_like_none_at_all() -> None:
    """They repeat the others here, so that the scales of X stay."""
    y = np.column_stack([HIGH, SIGNAL])
    unlabelled = np.vstack([y, np.full((131, 2), np.nan)])
    settings = {"batch_size": 1000, "precision": "float64", "dropout": 0.0, "max_epochs": 5}
    exact = settings | {"lr": 0.01, "numeric_encoding": "standard", "task_weights": None}
    model = small(PLEEstimator, **exact).fit(np.vstack([X, X]), unlabelled)
    expected = small(PLEEstimator, **exact).fit(X, y)
    np.testing.assert_allclose(model.predict(X), expected.predict(X), rtol=1e-9)


@over(ARCHITECTURES)
def test_batches_in_which_a_task_has_no_label(cls) -> None:
    """Three labels in 131 rows, batches of 7: most batches have none of them."""
    rare = np.full(131, np.nan)
    rare[[5, 60, 110]] = [0, 1, 1]
    y = np.column_stack([SIGNAL, rare])
    model = eager(cls, batch_size=7).fit(X, y)
    assert np.isfinite(model.history_["loss/y1"]).all()
    assert np.isfinite(model.predict(X)).all()
    assert model.score_tasks(X, y)["y0"] > 0.7


@over(ARCHITECTURES)
def test_a_batch_without_a_tasks_labels_gives_its_tower_no_gradient(cls) -> None:
    model = small(cls, max_epochs=1).fit(X, np.column_stack([SIGNAL, HIGH]))
    net, rows = model.net_, torch.arange(11)
    features = {name: tensor[rows] for name, tensor in model._prepared(X).items()}
    labels, weights = torch.zeros(11, 2), torch.ones(11, 2)
    weights[:, 1] = 0
    net.optimizer_.zero_grad()
    losses = net.criterion_.task_losses(net.infer(features), labels, weights)
    net.criterion_.combine(losses).backward()
    own = model.tasks_.slices[1]
    towers = model.module_.towers
    assert losses[1] == 0
    assert torch.count_nonzero(towers.weight.grad[own]) == 0
    assert torch.count_nonzero(towers.bias.grad[own]) == 0
    assert torch.count_nonzero(towers.weight.grad[model.tasks_.slices[0]]) > 0


def test_a_task_labelled_in_the_validation_rows_only() -> None:
    y = pd.DataFrame({"signal": SIGNAL, "late": HIGH.astype(float)})
    early = y.assign(late=np.nan)
    with pytest.raises(ValueError, match="'late' has no label in the training data"):
        small(PLEEstimator).fit(X, early, X_val=X, y_val=y)


def test_rare_labels_are_never_all_held_out() -> None:
    big = RNG.normal(size=(1003, 2))
    rare = np.full(1003, np.nan)
    rare[[20, 700]] = [0, 1]
    y = np.column_stack([big[:, 0], rare])
    for seed in range(8):
        model = small(PLEEstimator, max_epochs=1, random_state=seed).fit(big, y)
        assert list(model.classes_[1]) == [0, 1]


@over(ESTIMATORS)
def test_a_task_without_any_label(cls) -> None:
    y = pd.DataFrame({"known": HIGH, "void": np.full(131, np.nan)})
    with pytest.raises(ValueError, match="'void' has no label"):
        small(cls).fit(X, y)


@over(CLASSIFIERS + MIXED)
@pytest.mark.parametrize("label", [0, 1])
def test_a_binary_task_with_one_class(cls, label: int) -> None:
    y = pd.DataFrame({"known": HIGH, "flat": np.where(HIGH, label, np.nan)})
    with pytest.raises(ValueError, match="'flat' has one class only"):
        small(cls).fit(X, y)
