"""A fit that was cut short and resumed ends where it would have ended, to the last bit."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import ARCHITECTURES, over, small
from people import make_people
from power_cut import BUSY, PowerCut, PowerCutError, assert_same, cut_short, resumed
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch.callbacks import Callback, EarlyStopping, EpochScoring

from sklearn_ple import (
    DWAWeighting,
    ExponentialWeighting,
    FAMOWeighting,
    ParquetSource,
    PLEEstimator,
    PLERegressor,
)
from sklearn_ple.training import CheckpointFolder
from sklearn_ple.weighting import WEIGHTINGS, LossWeighting

X, Y = make_people(157)
X_VAL, Y_VAL = make_people(61, seed=1)
VALIDATION = {"X_val": X_VAL, "y_val": Y_VAL}


def whole(cls: Any = PLEEstimator, fit_params: Any = None, **settings: Any) -> Any:
    """The same fit in one run."""
    return small(cls, **BUSY | settings).fit(X, Y, **fit_params or {})


@over(ARCHITECTURES)
def test_every_architecture(cls, tmp_path: Path) -> None:
    settings = {"early_stopping": True, "validation_fraction": 0.2, "max_epochs": 3}
    assert_same(whole(cls, **settings), resumed(cls, tmp_path, X, Y, epoch=3, **settings), X)


OBJECTS: dict[str, LossWeighting] = {
    "by epoch": ExponentialWeighting(ratios=[1.0, 0.5, 0.9]),
    "by step": ExponentialWeighting(ratios=[1.0, 0.99, 0.95], every="step"),
    "dwa, cold": DWAWeighting(temperature=0.5),
    "famo, fast": FAMOWeighting(lr=0.5),
}


@pytest.mark.parametrize("weighting", [*WEIGHTINGS, *OBJECTS])
def test_every_weighting(weighting: str, tmp_path: Path) -> None:
    settings = {"weighting": OBJECTS.get(weighting, weighting), "max_epochs": 3}
    assert_same(whole(**settings), resumed(PLEEstimator, tmp_path, X, Y, epoch=3, **settings), X)


@pytest.mark.parametrize(
    "settings",
    [
        {"precision": "float64"},
        {"precision": "bf16-mixed"},
        {"optimizer": "adam"},
        {"optimizer": "sgd"},
        {"optimizer": "rmsprop"},
        {"optimizer": torch.optim.NAdam},
        {"lr_schedule": "linear"},
        {"lr_schedule": "constant", "weight_averaging": None},
        {"weight_averaging": 0.5},
        {"class_weight": {"bought": "balanced"}},
        {"checkpoint_every": 2},
        {"checkpoint_every": 3},
        {"precision": "float64", "weighting": "rlw", "early_stopping": True},
        {"precision": "bf16-mixed", "weighting": "pcgrad", "early_stopping": True},
    ],
    ids=str,
)
def test_settings(settings: dict[str, Any], tmp_path: Path) -> None:
    one = whole(**settings | {"checkpoint_every": 1})
    assert_same(one, resumed(PLEEstimator, tmp_path, X, Y, **settings), X)


@pytest.mark.parametrize(
    "fit_params",
    [
        VALIDATION,
        {"sample_weight": np.linspace(0.0, 2.0, 157)},
        {"sample_weight": np.random.default_rng(0).uniform(size=(157, 3)).round(1)},
        VALIDATION | {"sample_weight_val": np.linspace(0.5, 1.5, 61)},
    ],
    ids=["rows to stop by", "weights of rows", "weights of labels", "weights of rows to stop by"],
)
def test_rows_and_weights(fit_params: dict[str, Any], tmp_path: Path) -> None:
    one = whole(fit_params=fit_params)
    assert_same(one, resumed(PLEEstimator, tmp_path, X, Y, fit_params=fit_params), X)


@pytest.mark.parametrize("epoch", [2, 3, 5])
def test_cut_in_any_epoch(epoch: int, tmp_path: Path) -> None:
    assert_same(whole(), resumed(PLEEstimator, tmp_path, X, Y, epoch=epoch), X)


def test_cut_before_the_first_checkpoint(tmp_path: Path) -> None:
    assert_same(whole(), resumed(PLEEstimator, tmp_path, X, Y, epoch=1), X)


def test_cut_again_and_again(tmp_path: Path) -> None:
    settings = BUSY | {"early_stopping": True, "checkpoint_dir": tmp_path}
    for epoch in (2, 3, 3, 5):
        cut_short(small(PLEEstimator, **settings), epoch, X, Y, resume=True)
    again = small(PLEEstimator, **settings).fit(X, Y, resume=True)
    assert_same(whole(early_stopping=True), again, X)


def test_keeping_checkpoints_changes_nothing(tmp_path: Path) -> None:
    assert_same(whole(), whole(checkpoint_dir=tmp_path), X)


class Clock(Callback):
    """Write down when every epoch and step ended, as an object that is no plain data."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        net.history.record("when", pd.Timestamp("2020-01-01"))

    def on_batch_end(self, net: Any, **kwargs: Any) -> None:
        net.history.record_batch("at", pd.Timestamp("2020-01-01"))


def test_what_callbacks_recorded_that_is_no_data_is_left_out(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"'at' \(a Timestamp\), 'when' \(a T") as warned:
        model = whole(callbacks=[Clock()], checkpoint_dir=tmp_path)
    assert len(warned) == 1
    np.testing.assert_array_equal(model.predict(X), whole().predict(X))
    with CheckpointFolder(tmp_path) as folder:
        rows = folder.read_newest()["history"]
    assert len(rows) == len(model.history_) == model.history_["when"].count()
    assert not any("when" in row for row in rows)


def test_nowhere_to_go_on_from_is_a_start(tmp_path: Path) -> None:
    there = whole(checkpoint_dir=tmp_path / "not" / "there", fit_params={"resume": True})
    assert_same(whole(), there, X)


STOPS = {"max_epochs": 60, "patience": 2, "lr": 0.1, "weight_averaging": None}


@pytest.mark.parametrize("epoch", [2, 4])
def test_patience_counts_on(epoch: int, tmp_path: Path) -> None:
    one = whole(fit_params=VALIDATION, **STOPS)
    assert epoch < len(one.history_) < 60
    two = resumed(PLEEstimator, tmp_path, X, Y, fit_params=VALIDATION, epoch=epoch, **STOPS)
    assert_same(one, two, X)


class Forbidden(Callback):
    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        raise AssertionError("there is nothing left to train")


@pytest.mark.parametrize("settings", [{}, STOPS], ids=["last epoch", "patience"])
def test_a_fit_that_ended_is_given_back(settings: dict[str, Any], tmp_path: Path) -> None:
    """Whoever restarts a job until it succeeds restarts it once too often."""
    settings = settings | {"checkpoint_dir": tmp_path}
    one = whole(fit_params=VALIDATION, **settings)
    two = whole(fit_params=VALIDATION | {"resume": True}, callbacks=[Forbidden()], **settings)
    assert_same(one, two, X)


def test_more_patience_after_it_ran_out(tmp_path: Path) -> None:
    little = whole(fit_params=VALIDATION, **STOPS, checkpoint_dir=tmp_path)
    settings = STOPS | {"patience": 5, "checkpoint_dir": tmp_path}
    more = whole(fit_params=VALIDATION | {"resume": True}, **settings)
    assert len(more.history_) > len(little.history_)
    assert_same(whole(fit_params=VALIDATION, **settings | {"checkpoint_dir": None}), more, X)


def test_a_stop_by_a_callback_is_kept(tmp_path: Path) -> None:
    stop = EarlyStopping("train_loss", patience=1, threshold=1e9, threshold_mode="abs", sink=str)
    settings = {"checkpoint_dir": tmp_path, "max_epochs": 9}
    one = whole(callbacks=[stop], **settings)
    assert len(one.history_) < 9
    assert_same(one, whole(callbacks=[Forbidden()], fit_params={"resume": True}, **settings), X)


def test_without_a_seed_the_rows_and_draws_are_the_same(tmp_path: Path) -> None:
    """The state that it began with is kept, and NumPy's is left alone by the second run."""
    settings = {"random_state": None, "early_stopping": True}
    np.random.seed(5)
    one = whole(**settings)
    np.random.seed(5)
    cut_short(small(PLEEstimator, **BUSY, **settings, checkpoint_dir=tmp_path), 4, X, Y)
    np.random.seed(6)
    before = np.random.get_state()[1].copy()
    two = small(PLEEstimator, **BUSY, **settings, checkpoint_dir=tmp_path).fit(X, Y, resume=True)
    assert np.array_equal(before, np.random.get_state()[1])
    assert_same(one, two, X)


def test_a_random_state_object_moves_as_ever(tmp_path: Path) -> None:
    begun, first, second = (np.random.RandomState(3) for _ in range(3))
    settings = BUSY | {"early_stopping": True}
    one = small(PLEEstimator, **settings, random_state=begun).fit(X, Y)
    settings |= {"checkpoint_dir": tmp_path}
    cut_short(small(PLEEstimator, **settings, random_state=first), 4, X, Y)
    two = small(PLEEstimator, **settings, random_state=second).fit(X, Y, resume=True)
    assert_same(one, two, X)
    assert begun.randint(2**31) == second.randint(2**31)


@pytest.mark.slow
def test_the_pilot_of_a_small_set_runs_once_and_leaves_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = make_people(430, seed=2)
    folder = tmp_path / "run"
    settings = {"lr": 0.05, "batch_size": 128, "checkpoint_dir": folder}
    written: list[int] = []
    write = CheckpointFolder.write

    def noted(self: CheckpointFolder, epoch: int, state: Any) -> None:
        written.append(state["pilot_epochs"])
        write(self, epoch, state)

    monkeypatch.setattr(CheckpointFolder, "write", noted)
    model = small(PLEEstimator, **settings).set_params(max_epochs="auto", checkpoint_dir=None)
    one = clone(model).fit(x, y)
    cut_short(clone(model).set_params(checkpoint_dir=folder), 3, x, y)
    monkeypatch.setattr("sklearn_ple.base.fit.pilot.PILOT_EPOCHS", 1)  # if it ran again
    two = clone(model).set_params(checkpoint_dir=folder).fit(x, y, resume=True)
    assert_same(one, two, x)
    assert set(written) == {len(one.history_)}


def test_warm_start_goes_on_from_the_model_it_began_with(tmp_path: Path) -> None:
    first = small(PLEEstimator, **BUSY, warm_start=True).fit(X, Y)
    kept = pickle.dumps(first)
    one = first.fit(X_VAL, Y_VAL)
    begun = pickle.loads(kept).set_params(checkpoint_dir=tmp_path)
    cut_short(begun, 8, X_VAL, Y_VAL)
    two = pickle.loads(kept).set_params(checkpoint_dir=tmp_path).fit(X_VAL, Y_VAL, resume=True)
    assert len(two.history_) == 10
    assert_same(one, two, X)


class Interrupt(PowerCut):
    def on_batch_end(self, net: Any, **kwargs: Any) -> None:
        try:
            super().on_batch_end(net, **kwargs)
        except PowerCutError:
            raise KeyboardInterrupt from None


@pytest.mark.parametrize("warm_start", [False, True])
def test_after_ctrl_c_in_the_same_session(warm_start: bool, tmp_path: Path) -> None:
    """The model is usable in between; resumed, it is what an undisturbed fit had made of it."""
    settings = BUSY | {"warm_start": warm_start, "checkpoint_dir": tmp_path}
    model = small(PLEEstimator, **settings, callbacks=[Interrupt(4)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert np.isfinite(model.predict_frame(X)["spent"]).all()
    model.set_params(callbacks=None).fit(X, Y, resume=True)
    assert_same(whole(), model, X)


def test_in_a_pipeline_and_cloned(tmp_path: Path) -> None:
    def pipeline() -> Any:
        net = small(PLEEstimator, **BUSY, checkpoint_dir=tmp_path)
        return clone(make_pipeline(FunctionTransformer(), net))

    begun = pipeline()
    with pytest.raises(PowerCutError):
        begun.set_params(pleestimator__callbacks=[PowerCut(4)]).fit(X, Y)
    again = pipeline().fit(X, Y, pleestimator__resume=True)
    assert_same(whole(), again[-1], X)


class Noted(Callback):
    """Write an own column, and note what there is of the history when training begins."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self.before_ = len(net.history)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        net.history.record("mine", np.float64(len(net.history) ** 2))


def test_what_callbacks_wrote_is_kept_and_there_when_they_begin(tmp_path: Path) -> None:
    """They see the epochs of the running process, and the history of all."""
    scored = EpochScoring(lambda net, rows, y=None: 0.5, name="half", use_caching=False)
    settings = {"callbacks": [Noted(), scored], "fit_params": VALIDATION}
    model = resumed(PLEEstimator, tmp_path, X, Y, epoch=4, **settings)
    assert dict(model.callbacks_)["Noted"].before_ == 3
    assert model.history_["mine"].tolist() == [1, 4, 9, 16, 25]
    assert model.history_["half"].tolist() == [0.5] * 5
    assert model.history_["half_best"].tolist() == [True, False, False, False, False]


def test_the_live_line_starts_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resumed(PLEEstimator, tmp_path, X, Y, verbose=1)
    line = capsys.readouterr().err.rpartition("\r")[0]
    assert "60%" in line
    assert "3/5" in line


def test_partial_fit_keeps_none(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    small(PLEEstimator, checkpoint_dir=folder).partial_fit(X, Y).partial_fit(X, Y)
    assert not folder.exists()


@pytest.mark.parametrize("path", [str, Path], ids=["text", "path"])
def test_where_and_how_often(path: Any, tmp_path: Path) -> None:
    settings = {"checkpoint_dir": path(tmp_path), "checkpoint_every": 2}
    whole(**settings)
    names = sorted(file.name for file in tmp_path.glob("*.pt"))
    assert names == ["epoch-000004.pt", "epoch-000005.pt"]  # the last one always


def test_a_weighting_of_ones_own_keeps_buffers_and_extra_state(tmp_path: Path) -> None:
    settings = {"weighting": Waves()}
    one, two = whole(**settings), resumed(PLEEstimator, tmp_path, X, Y, **settings)
    assert one.history_["weight/spent"].nunique() == 5
    assert_same(one, two, X)


class Waves(LossWeighting):
    """Weights that rise and fall by the step."""

    def __init__(self) -> None:
        super().__init__()
        self.n_steps = 0

    def setup(self, names: Any) -> None:
        self.register_buffer("last", torch.ones(len(names)))

    def forward(self, losses: torch.Tensor) -> torch.Tensor:
        self.n_steps += self.training
        self.last = 1 + torch.sin(self.n_steps * torch.arange(len(losses))).to(losses) / 2
        return (self.last * losses).sum()

    def current_weights(self) -> torch.Tensor:
        return self.last

    def get_extra_state(self) -> dict[str, Any]:
        return {"n_steps": self.n_steps}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self.n_steps = state["n_steps"]


def test_a_single_target_of_an_array(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(131, 3))
    one = small(PLERegressor, **BUSY).fit(x, x[:, 0])
    assert_same(one, resumed(PLERegressor, tmp_path, x, x[:, 0]), x)


def test_resumed_model_is_pickled_and_goes_on_like_any(tmp_path: Path) -> None:
    model = resumed(PLEEstimator, tmp_path, X, Y, warm_start=True)
    twin = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(model.predict_frame(X), twin.predict_frame(X))
    one = copy.deepcopy(whole(warm_start=True)).fit(X, Y)
    for each in (model, twin):
        assert_same(one, each.set_params(checkpoint_dir=None).fit(X, Y), X)


@pytest.mark.parametrize("buffer_rows", [1000, 40], ids=["read whole", "streamed"])
def test_rows_in_files(buffer_rows: int, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the rows are Parquet")
    table = X.assign(**{name: Y[name] for name in Y})
    table.to_parquet(tmp_path / "rows.parquet", row_group_size=31)
    source = ParquetSource(tmp_path / "rows.parquet", targets=list(Y), buffer_rows=buffer_rows)
    settings = {"early_stopping": True, "validation_fraction": 0.2}
    one = small(PLEEstimator, **BUSY | settings).fit(source)
    assert_same(one, resumed(PLEEstimator, tmp_path / "run", source, **settings), X)
