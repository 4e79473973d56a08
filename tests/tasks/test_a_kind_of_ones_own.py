"""A kind that the package does not know, in one small class, goes everywhere."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import mean_pinball_loss
from torch import Tensor

from sklearn_ple.architectures import PLEEstimator, PLERegressor
from sklearn_ple.tasks import Task, TaskSet, read_targets
from sklearn_ple.tasks.numbers import quantile_strata, to_numbers
from sklearn_ple.training import MultiTaskLoss
from sklearn_ple.weighting import StaticWeighting

N = 600


@dataclass
class Quantiles(Task):
    """Several quantiles at once; predicts the middle one."""

    at: Sequence[float] = field(default_factory=lambda: [0.1, 0.5, 0.9])

    kind: ClassVar[str] = "quantiles"
    is_classification: ClassVar[bool] = False

    @property
    def n_raw(self) -> int:
        return len(self.at)

    def fit_labels(self, labels: NDArray, weight: NDArray) -> None:
        self.scale_ = 1.0
        self.scale_ = float(np.std(to_numbers(labels, self.name_)))
        self.baseline_ = np.quantile(self.encode(labels), self.at)

    def encode(self, column: NDArray) -> NDArray:
        return to_numbers(column, self.name_) / self.scale_

    def losses(self, raw: Tensor, target: Tensor) -> Tensor:
        error = target[..., None] - raw
        at = torch.tensor(self.at, dtype=raw.dtype, device=raw.device)
        return torch.maximum(at * error, (at - 1) * error).mean(-1)

    def activate(self, raw: Tensor) -> Tensor:
        return raw

    def decode(self, activated: NDArray) -> NDArray:
        return activated[:, len(self.at) // 2] * self.scale_

    def strata(self, encoded: NDArray) -> NDArray:
        return quantile_strata(encoded)


def _data(seed: int) -> tuple[np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 4))
    y = pd.DataFrame(
        {
            "delay": 50 + 20 * X[:, 0] + 10 * rng.normal(size=N),
            "late": np.where(X[:, 0] + X[:, 1] + 0.5 * rng.normal(size=N) > 0, "yes", "no"),
            "wait": 3 * X[:, 1] + rng.normal(size=N),
        }
    )
    y.loc[::5, "delay"] = np.nan
    y.loc[1::4, "late"] = np.nan
    return X, y


@pytest.fixture(scope="module")
def model() -> PLEEstimator:
    X, y = _data(0)
    return PLEEstimator(
        tasks={"delay": Quantiles(), "wait": Quantiles(at=[0.25, 0.5, 0.75, 0.95])},
        expert_widths=(24,),
        tower_widths=(12,),
        numeric_encoding="standard",
        dropout=0.0,
        weight_decay=0.0,
        lr=0.01,
        batch_size=50,
        max_epochs=25,
        early_stopping=False,
        weight_averaging=None,
        random_state=0,
        device="cpu",
    ).fit(X, y)


def test_fits_and_predicts_beside_other_kinds(model: PLEEstimator) -> None:
    X, y = _data(1)
    assert [task.kind for task in model.tasks_] == ["quantiles", "binary", "quantiles"]
    predictions = pd.DataFrame(model.predict(X), columns=model.target_names_in_)
    rows = y["delay"].notna()
    correlation = np.corrcoef(
        predictions["delay"][rows].astype(float), y["delay"][rows].astype(float)
    )
    assert correlation[0, 1] > 0.8
    assert set(predictions["late"]) == {"no", "yes"}
    assert model.predict_proba(X)[0] is None


def test_is_scored_by_its_own_loss_against_its_own_baseline(model: PLEEstimator) -> None:
    X, y = _data(1)
    scores = model.score_tasks(X, y)
    assert list(scores.index) == ["delay", "late", "wait"]
    assert (scores > 0.3).all()
    assert model.score(X, y) == pytest.approx(scores.mean())


def test_all_raw_outputs_are_trained(model: PLEEstimator) -> None:
    """Every quantile costs less on new rows than the training quantile does."""
    X, y = _data(1)
    task, rows = model.tasks_.tasks[0], y["delay"].notna().to_numpy()
    labels = task.encode(y["delay"].to_numpy())[rows]
    predicted = model._activated(X)[0][rows]
    for at, model_says, constant in zip(task.at, predicted.T, task.baseline_, strict=True):
        cost = mean_pinball_loss(labels, model_says, alpha=at)
        assert cost < 0.7 * mean_pinball_loss(labels, np.full(rows.sum(), constant), alpha=at)


def test_the_criterion_keeps_options_apart() -> None:
    """Two options, one of them a list, are two losses; equal labels show the difference."""
    labels = np.random.default_rng(0).normal(size=(31, 3))
    kinds = [Quantiles(), Quantiles(at=(0.2, 0.3, 0.4)), Quantiles(at=(0.2, 0.3, 0.4))]
    labels[:, 2] = labels[:, 1]
    task_set = TaskSet.fit(kinds, read_targets(labels), np.ones((31, 3)))
    weighting = StaticWeighting()
    weighting.setup(task_set.names)
    criterion = MultiTaskLoss(task_set, weighting, np.ones(3))
    raw = torch.zeros(31, 9, dtype=torch.float64)
    encoded = torch.from_numpy(task_set.encode(read_targets(labels)))
    losses = criterion.task_losses(raw, encoded, torch.ones_like(encoded))
    for k, (task, loss) in enumerate(zip(task_set, losses, strict=True)):
        each = task.losses(raw[:, None, :3], encoded[:, [k]]).mean() / task.null_deviance_
        assert loss.item() == pytest.approx(each.item(), rel=1e-12)
    assert losses[1] == losses[2]
    assert losses[0] != losses[1]


def test_clones_and_pickles(model: PLEEstimator) -> None:
    X, _ = _data(1)
    assert clone(model).get_params()["tasks"]["delay"] == Quantiles()
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.predict(X), model.predict(X))


def test_a_promise_holds_for_it_too() -> None:
    X, y = _data(0)
    model = PLERegressor(tasks=[Quantiles()], max_epochs=1, random_state=0, device="cpu")
    assert model.fit(X, y[["delay"]]).predict(X).shape == (N, 1)
