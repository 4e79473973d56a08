"""A fit from files is the fit from memory: what it learns before training, and what training does.

Where all rows are one batch their order does not matter, and both end on the same weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from parquet_rows import FEATURES, KINDS, TARGETS, N, estimator, make_rows, source, write
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

from sklearn_ple import ESMMEstimator, ParquetSource, TaskInferenceWarning

ROWS = make_rows()
X, Y = ROWS[FEATURES], ROWS[TARGETS]
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "standardised": {"numeric_encoding": "standard"},
    "quantiles": {"numeric_encoding": "quantile"},
    "numbers as categories": {"categorical_features": ["visits", "member"]},
    "balanced": {"class_weight": "balanced"},
    "weights of classes": {"class_weight": {"shade": {"mid": 3.0}, "bought": "balanced"}},
    "float64": {"precision": "float64"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("rows"), ROWS)


def _assert_same(streamed: Any, memory: Any, tolerance: float = 2e-4) -> None:
    expected = memory.predict_frame(X)
    got = streamed.predict_frame(X)
    assert got.columns.tolist() == expected.columns.tolist()
    for name in expected.select_dtypes("number"):
        size = np.abs(expected[name]).max()
        np.testing.assert_allclose(got[name], expected[name], rtol=0, atol=tolerance * size)


def _assert_same_before_training(streamed: Any, memory: Any) -> None:
    got, expected = streamed._features, memory._features
    assert (got.numeric, got.categorical) == (expected.numeric, expected.categorical)
    for one, other in zip(got.knots, expected.knots, strict=True):
        np.testing.assert_array_equal(one, other)
    for name, values in vars(expected.scaler).items():
        for one, other in zip(getattr(got.scaler, name), values, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
    for one, other in zip(got.vocabularies, expected.vocabularies, strict=True):
        assert one.levels.tolist() == other.levels.tolist()
        np.testing.assert_allclose(one.shares, other.shares)
    pd.testing.assert_frame_equal(streamed.target_summary_, memory.target_summary_)
    for one, other in zip(streamed.tasks_, memory.tasks_, strict=True):
        np.testing.assert_allclose(one.baseline_, other.baseline_)
        assert one.null_deviance_ == pytest.approx(other.null_deviance_)


@pytest.mark.parametrize("name", OPTIONS)
def test_all_rows_as_one_batch(folder: Path, name: str) -> None:
    streamed = estimator(**OPTIONS[name]).fit(source(folder))
    memory = estimator(**OPTIONS[name]).fit(X, Y)
    _assert_same_before_training(streamed, memory)
    _assert_same(streamed, memory)


@pytest.mark.parametrize("weight", ["w", "v", ["w", "v", "w2", "v2"]])
def test_weights(tmp_path: Path, weight: Any) -> None:
    """Of rows, and of each label; some of `v` are zero, of whole rows or of labels."""
    frame = ROWS.assign(w2=ROWS["w"].iloc[::-1].to_numpy(), v2=ROWS["v"])
    write(tmp_path, frame)
    streamed = estimator().fit(source(tmp_path, weight=weight))
    memory = estimator().fit(X, Y, frame[weight].to_numpy())
    _assert_same_before_training(streamed, memory)
    _assert_same(streamed, memory)


@pytest.mark.filterwarnings("ignore::sklearn_ple.TaskInferenceWarning")
def test_kinds_are_inferred_from_all_files(folder: Path) -> None:
    streamed = estimator(tasks="auto").fit(source(folder))
    memory = estimator(tasks="auto").fit(X, Y)
    assert [t.kind for t in streamed.tasks_] == [t.kind for t in memory.tasks_]
    assert [t.kind for t in streamed.tasks_][:3] == KINDS[:3]


def test_an_inferred_kind_is_warned_of_once(folder: Path) -> None:
    with pytest.warns(TaskInferenceWarning, match="'visits' holds") as caught:
        estimator(tasks="auto").fit(source(folder, features=["age"], targets=["visits", "spent"]))
    assert len(caught) == 1


def test_held_out_rows_of_another_source(folder: Path, tmp_path: Path) -> None:
    held_out = make_rows(97, seed=5)
    write(tmp_path, held_out, row_group_size=13)
    streamed = estimator(max_epochs=3).fit(source(folder), X_val=source(tmp_path))
    memory = estimator(max_epochs=3).fit(X, Y, X_val=held_out[FEATURES], y_val=held_out[TARGETS])
    for name in ("valid_loss", "score", *(f"score/{each}" for each in TARGETS)):
        np.testing.assert_allclose(streamed.history_[name], memory.history_[name], atol=2e-4)
    assert streamed.best_epoch_ == memory.best_epoch_
    _assert_same(streamed, memory)


def test_rows_held_out_of_the_source_itself(folder: Path) -> None:
    """Every row is either trained on or held out, the same ones in every epoch."""
    model = estimator(early_stopping=True, validation_fraction=0.25, batch_size=20)
    seen: list[dict[str, list[float]]] = []
    model.set_params(callbacks=[_Listener(seen)])
    model.fit(source(folder, features=["id", "age"]))
    numbers = ROWS["id"].to_numpy(float)
    center, scale = model._features.scaler.center[0], model._features.scaler.scale[0]
    place = (numbers - center) / scale
    place = place / np.hypot(1, place / 3)

    def ids(values: list[float]) -> list[int]:
        return sorted(int(np.abs(place - v).argmin()) for v in values)

    assert len(seen) == 2
    for epoch in seen:
        train, valid = ids(epoch["train"]), ids(epoch["valid"])
        assert sorted(train + valid) == list(range(N))
        assert 0.15 * N < len(valid) < 0.35 * N
    assert ids(seen[0]["valid"]) == ids(seen[1]["valid"])
    assert {"score", "valid_loss"} <= set(model.history_)


class _Listener(Callback):
    """Writes down the first number of every row that was trained on or judged by."""

    def __init__(self, seen: list) -> None:
        self.seen = seen

    def __sklearn_clone__(self):
        return self

    def on_epoch_begin(self, net, **kwargs) -> None:
        self.seen.append({"train": [], "valid": []})

    def on_batch_begin(self, net, batch=None, **kwargs) -> None:
        self.seen[-1]["train"] += batch[0]["numbers"][:, 0].tolist()

    def on_epoch_end(self, net, dataset_valid=None, **kwargs) -> None:
        for features, _ in dataset_valid.chunks():
            self.seen[-1]["valid"] += features["numbers"][:, 0].tolist()


def test_a_rare_class_is_never_held_out(tmp_path: Path) -> None:
    frame = ROWS.assign(shade=np.where(ROWS["id"] % 110 == 3, "rare", ROWS["shade"]))
    write(tmp_path, frame)
    for seed in range(8):
        model = estimator(early_stopping=True, validation_fraction=0.4, random_state=seed)
        model.set_params(max_epochs=1).fit(source(tmp_path))
        assert model.tasks_.tasks[2].classes_.tolist() == ["dark", "light", "mid", "rare"]


@pytest.mark.parametrize("order", [TARGETS, TARGETS[::-1]])
def test_partial_fit_goes_on(folder: Path, order: list[str]) -> None:
    """In any order of targets, which go by their names."""
    streamed, memory = estimator(class_weight="balanced"), estimator(class_weight="balanced")
    for _ in range(2):
        streamed.partial_fit(source(folder))
        memory.partial_fit(X, Y)
    streamed.partial_fit(source(folder, targets=order, weight="w"))
    memory.partial_fit(X, Y[order], sample_weight=ROWS["w"])
    _assert_same_before_training(streamed, memory)
    _assert_same(streamed, memory)


def test_warm_start_goes_on(folder: Path) -> None:
    streamed, memory = estimator(warm_start=True), estimator(warm_start=True)
    for rate in (0.01, 0.003):
        streamed.set_params(lr=rate).fit(source(folder))
        memory.set_params(lr=rate).fit(X, Y)
    assert len(streamed.history_) == 4
    _assert_same(streamed, memory)


def test_a_fit_in_memory_goes_on_from_files(folder: Path) -> None:
    model = estimator(warm_start=True).fit(X, Y).fit(source(folder))
    _assert_same(model, estimator(warm_start=True).fit(X, Y).fit(X, Y))


def test_labels_that_follow_from_others(tmp_path: Path) -> None:
    """Of a chain, in a file whose parts do not each show both labels of a step."""
    rng = np.random.default_rng(0)
    click = np.sort(rng.random(N) < 0.4).astype(float)
    buy = np.where(click == 1, rng.random(N) < 0.5, np.nan)
    frame = ROWS.assign(click=click, buy=buy)
    write(tmp_path, frame)
    options: dict[str, Any] = {"tasks": ["binary", "binary"], "expert_widths": (5,)}
    options |= {"tower_widths": (), "dropout": 0.0, "batch_size": N, "max_epochs": 2}
    options |= {"early_stopping": False, "random_state": 0, "device": "cpu"}
    streamed, memory = ESMMEstimator(**_known(options)), ESMMEstimator(**_known(options))
    streamed.fit(source(tmp_path, targets=["click", "buy"]))
    memory.fit(X, frame[["click", "buy"]])
    pd.testing.assert_frame_equal(streamed.target_summary_, memory.target_summary_)
    assert streamed.target_summary_.loc["buy", "labels"] == N
    _assert_same(streamed, memory)


def _known(options: dict[str, Any]) -> dict[str, Any]:
    names = ESMMEstimator().get_params()
    return {name: value for name, value in options.items() if name in names}


def test_a_single_target_by_name_is_one_dimensional(folder: Path) -> None:
    model = estimator(tasks=["regression"]).fit(source(folder, targets="spent"))
    assert model.predict(X).shape == (N,)
    model = estimator(tasks=["regression"]).fit(source(folder, targets=["spent"]))
    assert model.predict(X).shape == (N, 1)


def test_few_rows_are_read_whole(folder: Path) -> None:
    """And give what a fit in memory gives, to the last bit, shuffled or not."""
    options = {"batch_size": 32, "early_stopping": True}
    read = estimator(**options).fit(source(folder, buffer_rows=N, weight="w"))
    memory = estimator(**options).fit(X, Y, ROWS["w"])
    pd.testing.assert_frame_equal(read.predict_frame(X), memory.predict_frame(X))


def test_the_same_seed_gives_the_same_model(folder: Path) -> None:
    options = {"batch_size": 32, "early_stopping": True, "dropout": 0.2}
    one, other = (estimator(**options).fit(source(folder)).predict_frame(X) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    third = estimator(**options | {"random_state": 1}).fit(source(folder)).predict_frame(X)
    assert not np.allclose(one["spent"], third["spent"])


def test_few_rows_of_a_small_buffer_get_a_pilot_run(tmp_path: Path) -> None:
    write(tmp_path, make_rows(433), row_group_size=100)
    model = estimator(max_epochs="auto", early_stopping="auto", batch_size=433)
    model.set_params(callbacks=None, lr=0.05).fit(source(tmp_path))
    assert len(model.history_) == model.best_epoch_ < 300


def test_too_few_rows(tmp_path: Path) -> None:
    make_rows(1).to_parquet(tmp_path / "one.parquet")
    with pytest.raises(ValueError, match="minimum of 2"):
        estimator().fit(source(tmp_path))
    model = estimator()
    with pytest.raises(NotFittedError):
        model.predict_to_parquet(source(tmp_path), tmp_path / "answers.parquet")


def test_rare_levels_are_learned_together(tmp_path: Path) -> None:
    frame = ROWS.assign(town=[f"town {i % 150 if i % 3 else 0}" for i in range(N)])
    write(tmp_path, frame)
    model = estimator().fit(source(tmp_path, max_categories=2))
    towns = model._features.vocabularies[1]
    assert towns.has_rare
    assert len(towns.levels) == 2
    rare, new = frame[FEATURES].copy(), frame[FEATURES].copy()
    kept = towns.levels.tolist()
    rare["town"] = np.where(rare["town"].isin(kept), rare["town"], "town 149")
    new["town"] = np.where(new["town"].isin(kept), new["town"], "a new town")
    pd.testing.assert_frame_equal(model.predict_frame(rare), model.predict_frame(new))


def test_many_counts_are_none_of_them_negative(tmp_path: Path) -> None:
    """However the fewer numbers that stand for them are rounded."""
    n = 40_000
    rng = np.random.default_rng(19)
    calls = np.where(rng.random(n) < 0.001, 0, rng.integers(10**6, size=n))
    frame = pd.DataFrame({"age": rng.normal(size=n), "calls": calls})
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=n // 8)
    rows = ParquetSource(tmp_path, targets=["calls"], buffer_rows=8_192)
    model = estimator(tasks=["count"], max_epochs=1, batch_size=4_096).fit(rows)
    assert model.tasks_.tasks[0].baseline_ == pytest.approx(np.log(calls.mean()))


def test_a_source_takes_any_path(folder: Path) -> None:
    files = sorted(folder.glob("*.parquet"))
    models = [
        estimator(batch_size=50).fit(
            ParquetSource(path, features=FEATURES, targets=TARGETS, buffer_rows=64)
        )
        for path in (folder, files, str(folder / "part-*.parquet"))
    ]
    first, *others = (model.predict_frame(X) for model in models)
    for other in others:
        pd.testing.assert_frame_equal(first, other)
