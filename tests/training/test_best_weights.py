"""Early stopping: the best epoch's weights come back, whatever came after."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import small_net
import torch
from small_net import NAMES, Recorder

from sklearn_ple.training import BestWeights, MultiTaskNet, WeightAveraging
from sklearn_ple.training.callbacks import best_weights

MAX_EPOCHS = 9


def _train(
    monkeypatch: pytest.MonkeyPatch,
    scores: list[float],
    patience: int | None,
    averaging: WeightAveraging | None = None,
) -> tuple[MultiTaskNet, BestWeights, Recorder]:
    """Train with scores that are given, epoch by epoch, instead of computed."""
    script: Iterator[float] = iter(scores)
    monkeypatch.setattr(best_weights, "stopping_score", lambda *_: next(script))
    net = small_net.net(callbacks=[("recorder", Recorder())])
    best = BestWeights(patience, averaging)
    engine = [("averaging", averaging)] if averaging else []
    net.train(
        small_net.data(),
        small_net.data(31, seed=9),
        epochs=min(MAX_EPOCHS, len(scores)),
        engine_callbacks=[*engine, ("best", best)],
    )
    return net, best, dict(net.callbacks_)["recorder"]


CASES = [
    ("the first", [0.5, 0.4, 0.3, 0.2], 3, 1, 4),
    ("the second, patience runs out", [0.1, 0.5, 0.3, 0.2, 0.9], 2, 2, 4),
    ("the last", [0.1, 0.2, 0.3, 0.4], 2, 4, 4),
    ("after a dip within patience", [0.3, 0.1, 0.2, 0.6, 0.5], 3, 4, 5),
    ("negative scores", [-3.0, -0.5, -1.0, -2.0], 2, 2, 4),
    ("no patience at all", [0.3, 0.9, 0.2, 0.1, 0.0, -1.0, -2.0, -3.0], None, 2, 8),
    ("equal scores: the first of them", [0.2, 0.4, 0.4, 0.4], 2, 2, 4),
    ("a gain too small to count", [0.4, 0.4 + 1e-6, 0.4 + 2e-6], 2, 1, 3),
    ("a score that is no number", [0.4, math.nan, math.nan], 2, 1, 3),
]


@pytest.mark.parametrize(
    ("scores", "patience", "best_epoch", "stopped"),
    [c[1:] for c in CASES],
    ids=[c[0] for c in CASES],
)
def test_the_best_epochs_weights_come_back(
    monkeypatch: pytest.MonkeyPatch,
    scores: list[float],
    patience: int | None,
    best_epoch: int,
    stopped: int,
) -> None:
    net, best, recorder = _train(monkeypatch, scores, patience)
    assert best.best_epoch_ == best_epoch
    assert len(net.history) == stopped
    kept = recorder.epochs[best_epoch - 1]
    for got, expected in zip(small_net.parameters(net), kept, strict=True):
        assert torch.equal(got, expected)


def test_averaged_weights_are_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    averaging = WeightAveraging(0.7)
    net, best, recorder = _train(monkeypatch, [0.1, 0.9, 0.3, 0.2], 5, averaging)
    average = [p.clone() for p in recorder.start]
    until = len(recorder.steps) * best.best_epoch_ // len(recorder.epochs)
    for step, weights in enumerate(recorder.steps[:until]):
        d = min(0.7, (1 + step) / (10 + step))
        average = [d * a + (1 - d) * w for a, w in zip(average, weights, strict=True)]
    for got, expected in zip(small_net.parameters(net), average, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-13)


def test_averaged_weights_are_what_is_scored() -> None:
    """The score in the history is that of the weights which are given back."""
    averaging, best = WeightAveraging(0.9), BestWeights(None, None)
    best.averaging = averaging
    net, valid = small_net.net(), small_net.data(31, seed=9)
    net.train(
        small_net.data(),
        valid,
        epochs=3,
        engine_callbacks=[("averaging", averaging), ("best", best)],
    )
    losses = net.criterion_.task_losses(net.raw_outputs(valid.X), *valid.y)
    expected = (losses * net.criterion_.task_weights).sum().item()
    assert net.history[best.best_epoch_ - 1, "valid_loss"] == pytest.approx(expected, rel=1e-12)


def test_scores_are_written_down_by_task() -> None:
    net = small_net.net()
    net.train(
        small_net.data(),
        small_net.data(31, seed=9),
        epochs=2,
        engine_callbacks=[("best", BestWeights(5, None))],
    )
    for row in net.history:
        scores = [row[f"score/{name}"] for name in NAMES]
        assert all(score <= 1 for score in scores)
        assert min(scores) <= row["score"] <= max(scores)


def test_without_validation_rows_the_last_weights_stay() -> None:
    net, best = small_net.net(callbacks=[("recorder", Recorder())]), BestWeights(1, None)
    net.train(small_net.data(), None, epochs=4, engine_callbacks=[("best", best)])
    assert best.best_epoch_ is None
    assert len(net.history) == 4
    last = dict(net.callbacks_)["recorder"].epochs[-1]
    for got, expected in zip(small_net.parameters(net), last, strict=True):
        assert torch.equal(got, expected)


def test_scoring_draws_nothing_and_trains_nothing() -> None:
    """With validation rows, the steps are those of a run without."""
    runs = []
    for valid in (None, small_net.data(31, seed=9)):
        net = small_net.net(callbacks=[("recorder", Recorder())])
        net.train(
            small_net.data(), valid, epochs=3, engine_callbacks=[("best", BestWeights(9, None))]
        )
        runs.append(dict(net.callbacks_)["recorder"].steps)
    for one, other in zip(*runs, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_where_no_epoch_can_be_scored_training_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    net, best, _ = _train(monkeypatch, [math.nan] * 5, patience=2)
    assert len(net.history) == 5
    assert best.best_epoch_ is None
