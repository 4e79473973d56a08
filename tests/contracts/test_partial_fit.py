"""`partial_fit`: one epoch per chunk, with what the first chunk fixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import ARCHITECTURES, CLASSIFIERS, MIXED, over, small
from people import make_people

from sklearn_ple import ParquetSource, PLEClassifier, PLEEstimator, PLERegressor

RNG = np.random.default_rng(0)
X, Y = make_people(157)
CHUNKS = [make_people(n, seed=seed) for seed, n in enumerate((83, 41, 59))]


@over(ARCHITECTURES)
def test_each_call_is_one_epoch_without_a_split(cls) -> None:
    big_x, big_y = make_people(1009)
    model = small(cls, batch_size=200, max_epochs=9)
    for n_calls in (1, 2, 3):
        assert model.partial_fit(big_x, big_y) is model
        assert len(model.history_) == model.best_epoch_ == n_calls
    assert "score" not in model.history_
    rates = model.history_["lr"].to_numpy()
    assert (rates == rates[0]).all()


@over(ARCHITECTURES)
def test_chunks_teach(cls) -> None:
    x = RNG.normal(size=(480, 2))
    y = np.column_stack([x[:, 0] > 0, x[:, 1] - 5])
    model = small(cls, batch_size=16, lr=0.02, dropout=0.0)
    for _ in range(3):
        for part in np.split(np.arange(480), 6):
            model.partial_fit(x[part], y[part])
    assert model.score_tasks(x, y).min() > 0.7


def test_the_first_call_fixes_encoders_scales_and_tasks() -> None:
    model = small(PLEEstimator).partial_fit(*CHUNKS[0])
    features, tasks = model._features, model.tasks_
    spent = tasks.tasks[1]
    scale = (spent.mean_, spent.scale_)
    x, y = CHUNKS[1]
    model.partial_fit(x.assign(visits=x["visits"] * 1000), y.assign(spent=y["spent"] * 1000))
    assert model._features is features
    assert model.tasks_ is tasks
    assert (spent.mean_, spent.scale_) == scale


@pytest.mark.parametrize("in_files", [False, True], ids=["in memory", "in files"])
@pytest.mark.parametrize("unit", [1e-9, 1.0, 300.0])
def test_declared_classes_are_smoothed_by_a_row_whatever_the_unit_of_weights(
    tmp_path, in_files: bool, unit: float
) -> None:
    """One row of each class is added, and weighs as much as rows do on average."""
    rows = pd.DataFrame({"x": RNG.normal(size=40), "y": [7] * 31 + [3] * 9, "w": 2.0 * unit})
    rows.loc[:4, "w"] = 8.0 * unit  # a mean of 2.75 units
    if in_files:
        rows.to_parquet(tmp_path / "rows.parquet", row_group_size=11)
        source = ParquetSource(
            tmp_path / "rows.parquet", features=["x"], targets="y", weight="w", buffer_rows=12
        )
        model = small(PLEClassifier).partial_fit(source, classes=[3, 5, 7])
    else:
        model = small(PLEClassifier)
        model.partial_fit(rows[["x"]], rows["y"], classes=[3, 5, 7], sample_weight=rows["w"])
    totals = np.array([9 * 2.0, 0.0, 5 * 8.0 + 26 * 2.0]) + 2.75
    np.testing.assert_allclose(model.tasks_.baseline, np.log(totals / totals.sum()), rtol=1e-9)


@over(MIXED)
def test_later_chunks_may_lack_a_tasks_labels(cls) -> None:
    model = small(cls).partial_fit(*CHUNKS[0])
    x, y = CHUNKS[1]
    model.partial_fit(x, y.assign(bought=None, shade=None))
    model.partial_fit(x, y.assign(spent=np.nan))
    assert np.isfinite(model.predict_frame(x)["spent"]).all()
    assert model.history_[["loss/bought", "loss/shade"]].iloc[1].tolist() == [0, 0]
    assert model.history_["loss/spent"].iloc[2] == 0


@over(MIXED)
def test_a_new_class_is_an_error_and_the_model_stays(cls) -> None:
    model = small(cls).partial_fit(*CHUNKS[0])
    x, y = CHUNKS[1]
    before = model.predict_frame(x)
    with pytest.raises(ValueError, match="'shade': label 'violet' is not one of the classes"):
        model.partial_fit(x, y.assign(shade="violet"))
    pd.testing.assert_frame_equal(model.predict_frame(x), before)


@over(MIXED)
def test_a_new_category_is_unknown(cls) -> None:
    model = small(cls).partial_fit(*CHUNKS[0])
    x, y = CHUNKS[1]
    new, other = (x.assign(plan=name) for name in ("solo", "duo"))
    model.partial_fit(new, y)
    np.testing.assert_array_equal(model.predict(new), model.predict(other))
    assert np.isfinite(model.predict_frame(new)["spent"]).all()


@over(CLASSIFIERS)
def test_classes_of_one_target_are_said_beforehand(cls) -> None:
    """The first chunk has two of four; probabilities have a column for each from the start."""
    x = RNG.normal(size=(61, 2))
    model = small(cls, max_epochs=1)
    model.partial_fit(x, np.where(x[:, 0] > 0, 7, 3), classes=[7, 5, 3, 9])
    assert model.classes_.tolist() == [3, 5, 7, 9]
    assert model.predict_proba(x).shape == (61, 4)
    for _ in range(40):
        model.set_params(lr=0.02).partial_fit(x, np.where(x[:, 1] > 0, 9, 5))
    p = model.predict_proba(x).mean(axis=0)
    assert p[[1, 3]].sum() > 0.5


@over(MIXED)
def test_classes_of_several_targets_are_a_list(cls) -> None:
    x, y = CHUNKS[0]
    classes = [["no", "yes", "maybe"], None, ["blue", "green", "red", "violet"]]
    model = small(cls).partial_fit(x, y, classes=classes)
    assert model.classes_[0].tolist() == ["maybe", "no", "yes"]
    assert model.classes_[1] is None
    model.partial_fit(x, y.assign(shade="violet", bought="maybe"))
    assert model.predict_proba(x)[2].shape == (83, 4)


def test_a_first_chunk_with_one_class_of_two() -> None:
    x = RNG.normal(size=(61, 2))
    model = small(PLEClassifier)
    with pytest.raises(ValueError, match="one class only"):
        model.partial_fit(x, np.zeros(61, dtype=int))
    model.partial_fit(x, np.zeros(61, dtype=int), classes=[0, 1])
    assert model.classes_.tolist() == [0, 1]
    assert model.predict_proba(x)[:, 1].max() < 0.5


def test_a_first_chunk_without_labels_of_a_task_with_said_classes() -> None:
    x, y = CHUNKS[0]
    model = small(PLEEstimator)
    with pytest.raises(ValueError, match="'bought' has no label"):
        model.partial_fit(x, y.assign(bought=None))


@pytest.mark.parametrize("classes", [[[0, 1]], [[0, 1], None, [0, 1]]], ids=["fewer", "more"])
def test_another_number_of_classes_than_targets(classes: Any) -> None:
    y = np.column_stack([RNG.integers(0, 2, 61), RNG.normal(size=61)])
    with pytest.raises(ValueError, match=f"classes has {len(classes)} entries.*2 columns"):
        small(PLEEstimator).partial_fit(RNG.normal(size=(61, 2)), y, classes=classes)


def test_a_label_that_is_not_among_the_said_classes() -> None:
    x = RNG.normal(size=(61, 2))
    with pytest.raises(ValueError, match="label 2 is not one of the classes"):
        small(PLEClassifier).partial_fit(x, np.arange(61) % 3, classes=[0, 1])


def test_chunks_are_weighted() -> None:
    x, y = RNG.normal(size=(61, 2)), RNG.normal(size=61)
    kept = np.arange(61) % 3 > 0
    weighted = small(PLERegressor).partial_fit(x, y, sample_weight=kept.astype(float))
    expected = small(PLERegressor).partial_fit(x[kept], y[kept])
    np.testing.assert_array_equal(weighted.predict(x), expected.predict(x))


def test_a_chunk_of_one_row() -> None:
    model = small(PLEEstimator).partial_fit(*CHUNKS[0])
    x, y = CHUNKS[1]
    model.partial_fit(x[:1], y[:1])
    assert np.isfinite(model.predict_frame(x)["spent"]).all()


def test_a_chunk_with_other_columns() -> None:
    model = small(PLEEstimator).partial_fit(*CHUNKS[0])
    x, y = CHUNKS[1]
    with pytest.raises(ValueError, match="in the same order"):
        model.partial_fit(x[x.columns[::-1]], y)


def test_partial_fit_goes_on_from_fit() -> None:
    model = small(PLEEstimator).fit(X, Y)
    before = model.predict_frame(X)
    model.partial_fit(X, Y)
    assert len(model.history_) == 4
    assert not model.predict_frame(X).equals(before)


def test_fit_starts_afresh_after_partial_fit() -> None:
    model = small(PLEEstimator).partial_fit(*CHUNKS[0]).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), small(PLEEstimator).fit(X, Y).predict(X))
    assert len(model.history_) == 3


def test_classes_said_again_must_be_the_same() -> None:
    x, labels = RNG.normal(size=(61, 2)), np.where(RNG.random(61) > 0.5, "yes", "no")
    y = pd.DataFrame({"bought": labels, "spent": x[:, 0]})
    model = small(PLEEstimator).partial_fit(x, y, classes=[["no", "yes"], None])
    turned = y[["spent", "bought"]]
    model.partial_fit(x, turned, classes=[None, ["yes", "no"]]).partial_fit(x, y)
    with pytest.raises(ValueError, match=r"'bought' is fitted on \['no', 'yes'\].*'maybe'"):
        model.partial_fit(x, y, classes=[["maybe", "no", "yes"], None])
    with pytest.raises(ValueError, match="'spent' is no classification"):
        model.partial_fit(x, y, classes=[["no", "yes"], [0, 1]])
