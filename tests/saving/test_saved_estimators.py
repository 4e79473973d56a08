"""What is loaded is what was saved: every architecture, kind of task, column, label, precision."""

from __future__ import annotations

import pickle
from io import BytesIO
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from architecture_walk import CLASSIFIERS, ESTIMATORS, REGRESSORS, over, small
from saved import NEW, X, Y, assert_same_answers, same, there_and_back, weights
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

import sklearn_ple
from sklearn_ple import (
    Count,
    DWAWeighting,
    ESMMEstimator,
    ExponentialWeighting,
    PLEClassifierRegressor,
    PLEEstimator,
    PLERegressor,
    Regression,
    SharedBottomEstimator,
    StaticWeighting,
    expert_utilization,
)
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.weighting import WEIGHTINGS

BINARY = pd.DataFrame({"bought": Y["bought"] == "yes", "old": X["age"].fillna(40) > 45})


def targets_for(cls: type[MultiTaskEstimator]) -> pd.DataFrame:
    """Targets that a class takes; a chain where it learns one."""
    if cls.__name__.startswith(("ESMM", "AITM")):
        return BINARY.assign(old=BINARY["old"] & BINARY["bought"])
    if cls in CLASSIFIERS:
        return Y[["bought", "shade"]]
    return Y[["spent"]].assign(visits=X["visits"]) if cls in REGRESSORS else Y


@over(ESTIMATORS)
def test_every_estimator_answers_as_before(cls, tmp_path: Path) -> None:
    y = targets_for(cls)
    model = small(cls, max_epochs=2).fit(X, y)
    loaded = there_and_back(model, tmp_path, f"{cls.__name__}.zip")
    assert type(loaded) is cls
    assert_same_answers(model, loaded, NEW)
    assert same(model.score_tasks(X, y).to_numpy(), loaded.score_tasks(X, y).to_numpy())
    assert loaded.get_params().keys() == model.get_params().keys()
    assert all(map(np.array_equal, weights(model), weights(loaded)))


SETTINGS: dict[str, dict[str, Any]] = {
    "standard": {"numeric_encoding": "standard"},
    "quantile": {"numeric_encoding": "quantile"},
    "float64": {"precision": "float64"},
    "bf16": {"precision": "bf16-mixed"},
    "sgd": {"optimizer": "sgd"},
    "class_weight": {"class_weight": {"bought": {"yes": 2.0}, "shade": "balanced"}},
    "categorical_by_name": {"categorical_features": ["visits", "member"]},
    "task_weights": {"task_weights": {"bought": 1.0, "spent": np.float32(0.5), "shade": 2}},
    "tasks": {"tasks": {"spent": Regression(loss="huber", delta=0.5), "bought": "binary"}},
    "weighting_object": {"weighting": ExponentialWeighting({"bought": 0.5}, every="step")},
    "arrays": {"tower_widths": np.array([5, 3]), "random_state": np.random.RandomState(3)},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_kept(name: str, tmp_path: Path) -> None:
    settings = {"random_state": 0} | SETTINGS[name]
    model = small(PLEClassifierRegressor, max_epochs=2, **settings).fit(X, Y)
    loaded = there_and_back(model, tmp_path)
    assert_same_answers(model, loaded, NEW)
    for name in SETTINGS:
        for parameter in SETTINGS[name]:
            assert type(getattr(loaded, parameter)) is type(getattr(model, parameter))
    pd.testing.assert_frame_equal(loaded.target_summary_, model.target_summary_)
    pd.testing.assert_frame_equal(loaded.history_, model.history_)
    assert loaded.best_epoch_ == model.best_epoch_


COLUMNS_OF_PANDAS: dict[str, dict[str, Any]] = {
    "names": {"categorical_features": pd.Index(["visits", "member"])},
    "flags": {
        "categorical_features": pd.Series([False, True, False, False, True], index=X.columns)
    },
    "weights": {"task_weights": pd.Series([2.0, 0.5, 1.0])},
    "weights by name": {"task_weights": pd.Series([2.0, 0.5, 1.0], index=list(Y))},
    "kinds": {"tasks": pd.Series(["binary", "regression", "multiclass"])},
}


@pytest.mark.parametrize("name", COLUMNS_OF_PANDAS)
def test_columns_of_pandas_as_parameters(name: str, tmp_path: Path) -> None:
    given = COLUMNS_OF_PANDAS[name]
    model = small(PLEEstimator, max_epochs=1, warm_start=True, **given).fit(X, Y)
    loaded = there_and_back(model, tmp_path)
    assert_same_answers(model, loaded, NEW)
    assert isinstance(getattr(loaded, *given), np.ndarray)
    assert same(clone(loaded).fit(X, Y).predict(NEW), model.predict(NEW))
    assert same(loaded.fit(X, Y).predict(NEW), model.fit(X, Y).predict(NEW))


class Note(Callback):
    """Write something down at every epoch, and at every step."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        net.history.record("when", self.value)
        net.history.record("count", 3)

    def on_batch_end(self, net: Any, **kwargs: Any) -> None:
        net.history.record_batch("step", self.value)


@pytest.mark.parametrize(
    "value",
    [pd.Timestamp("2020-01-01"), np.datetime64("2020-01-01"), {"a": [{1}]}, np.longdouble(1)],
    ids=["moment", "moment of NumPy", "nested set", "long double"],
)
def test_what_callbacks_recorded_that_is_no_data_is_left_out(value: Any, tmp_path: Path) -> None:
    model = small(PLEEstimator, max_epochs=2, callbacks=[Note(value)]).fit(X, Y)
    with pytest.warns(UserWarning, match=r"'when' \(a \w+\), and is written without") as warned:
        model.save(tmp_path / "model.zip")
    assert len(warned) == 1
    assert len(model.history_["when"]) == 2
    loaded = sklearn_ple.load(tmp_path / "model.zip")
    pd.testing.assert_frame_equal(loaded.history_, model.history_.drop(columns="when"))


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_every_weighting_by_name(weighting: str, tmp_path: Path) -> None:
    pytest.importorskip("torchjd")
    model = small(SharedBottomEstimator, max_epochs=2, weighting=weighting).fit(X, Y)
    loaded = there_and_back(model, tmp_path)
    assert_same_answers(model, loaded, NEW)
    assert loaded.net_.criterion_.weighting is not model.net_.criterion_.weighting
    np.testing.assert_array_equal(
        loaded.net_.criterion_.weighting.current_weights().numpy(),
        model.net_.criterion_.weighting.current_weights().numpy(),
    )


LABELS: dict[str, Any] = {
    "text": np.where(Y["bought"] == "yes", "ja", "nein"),
    "objects": Y["bought"].to_numpy(dtype=object),
    "booleans": (Y["bought"] == "yes").to_numpy(),
    "booleans_with_gaps": np.where(X["age"].isna(), None, X["member"]),
    "integers": X["visits"].clip(3, 5).to_numpy(),
    "floats": X["visits"].clip(3, 5).to_numpy(dtype=float),
    "bytes": np.array([b"a", b"b", b"c"], dtype=object)[X["visits"].clip(3, 5) - 3],
    "float32": X["visits"].clip(3, 5).to_numpy(dtype=np.float32),
}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("dimensions", [1, 2])
def test_every_sort_of_label(name: str, dimensions: int, tmp_path: Path) -> None:
    y = LABELS[name] if dimensions == 1 else pd.DataFrame({"label": LABELS[name], "n": X["visits"]})
    kinds = ["classification", Count()][:dimensions]
    model = small(SharedBottomEstimator, max_epochs=1, tasks=kinds).fit(X, y)
    loaded = there_and_back(model, tmp_path)
    assert_same_answers(model, loaded, NEW)
    one, other = ([m.classes_] if dimensions == 1 else m.classes_ for m in (model, loaded))
    assert same(list(one), list(other))
    assert [type(c) for c in one[0].tolist()] == [type(c) for c in other[0].tolist()]


def test_categories_seen_and_unseen(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 7, len(X))
    columns = pd.DataFrame(
        {
            "text": np.array([f"level {c}" for c in codes]),
            "gaps": np.where(codes == 3, None, np.array([f"l{c}" for c in codes])),
            "whole": codes * 10,
            "real": codes / 4,
            "flag": codes > 3,
            "category": pd.Categorical(codes - 2),
        }
    )
    names = ["whole", "real", "flag"]
    model = small(PLERegressor, max_epochs=1, categorical_features=names).fit(columns, Y["spent"])
    loaded = there_and_back(model, tmp_path)
    asked = columns[:9].assign(text="never", gaps=None, whole=99, real=0.3)
    asked["category"] = pd.Categorical([7] * 9)
    assert_same_answers(model, loaded, pd.concat([columns[:9], asked], ignore_index=True))


@pytest.mark.parametrize("largest", [2**63, 2**70], ids=["2**63", "2**70"])
def test_ids_of_any_size_as_categories(largest: int, tmp_path: Path) -> None:
    levels = np.array([largest + 1, largest, -4, 0], dtype=object)
    ids = levels[np.random.default_rng(0).integers(0, 4, len(X))][:, None]
    model = small(PLERegressor, max_epochs=1, categorical_features=[0]).fit(ids, Y["spent"])
    loaded = there_and_back(model, tmp_path)
    asked = np.array([*levels, largest + 2, 7, None], dtype=object)[:, None]
    assert_same_answers(model, loaded, asked)
    assert len(np.unique(loaded.predict(asked[:4]))) == 4


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "linear", "temperature"])
def test_calibration_is_kept(method: str, tmp_path: Path) -> None:
    model = small(PLEEstimator, max_epochs=2).fit(X, Y)
    model.calibrate(X, Y, method=method, thresholds={"bought": 0.3})
    loaded = there_and_back(model, tmp_path)
    assert_same_answers(model, loaded, NEW)
    pd.testing.assert_frame_equal(loaded.calibration_.table, model.calibration_.table)
    loaded.calibrate(X, Y, method=None)
    model.calibrate(X, Y, method=None)
    assert_same_answers(model, loaded, NEW)


def test_coupled_outputs_and_their_calibration(tmp_path: Path) -> None:
    y = targets_for(ESMMEstimator)
    model = small(ESMMEstimator, max_epochs=2).fit(X, y).calibrate(X, y)
    loaded = there_and_back(model, tmp_path)
    assert_same_answers(model, loaded, NEW)
    assert same(model.predict_conditional_proba(NEW), loaded.predict_conditional_proba(NEW))


def test_all_that_reads_a_fitted_estimator(tmp_path: Path) -> None:
    """Views, expert utilisation, the HTML diagram, names, clones, pickles and joblib."""
    model = small(PLEEstimator, max_epochs=2).fit(X, Y)
    loaded = there_and_back(model, tmp_path, "folder")
    view, again = model.task_view("shade"), loaded.task_view("shade")
    assert same(view.predict_proba(NEW), again.predict_proba(NEW))
    pd.testing.assert_frame_equal(expert_utilization(model, NEW), expert_utilization(loaded, NEW))
    assert "Labels of classes" in loaded._repr_html_()
    assert same(loaded.feature_names_in_, model.feature_names_in_)
    assert same(loaded.target_names_in_, model.target_names_in_)
    assert loaded.n_features_in_ == 5
    with pytest.raises(NotFittedError):
        clone(loaded).predict(NEW)
    assert clone(loaded).get_params() == model.get_params()
    assert same(clone(loaded).fit(X, Y).predict(NEW), model.predict(NEW))
    assert same(pickle.loads(pickle.dumps(loaded)).predict(NEW), model.predict(NEW))
    buffer = BytesIO()
    joblib.dump(loaded, buffer)
    buffer.seek(0)
    assert same(joblib.load(buffer).predict(NEW), model.predict(NEW))


def test_arrays_have_no_names(tmp_path: Path) -> None:
    numbers = X[["age", "visits"]].to_numpy()
    model = small(PLERegressor, max_epochs=1).fit(numbers, Y["spent"])
    loaded = there_and_back(model, tmp_path)
    assert not hasattr(loaded, "feature_names_in_")
    assert_same_answers(model, loaded, numbers)


def test_parameters_that_were_changed_since_the_fit_change_nothing(tmp_path: Path) -> None:
    model = small(PLEEstimator, max_epochs=1).fit(X, Y)
    model.set_params(expert_widths=(3,), tower_widths=(2,), precision="float64", weighting="dwa")
    loaded = there_and_back(model, tmp_path)
    assert_same_answers(model, loaded, NEW)
    assert loaded.expert_widths == (3,)


def test_the_same_model_is_the_same_bytes(tmp_path: Path) -> None:
    model = small(PLEEstimator, max_epochs=1).fit(X, Y)
    for name in ("one.zip", "other.zip"):
        model.save(tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_only_a_fitted_estimator_is_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        small(PLEEstimator).save(tmp_path / "model.zip")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_kept_is_named(tmp_path: Path) -> None:
    model = small(PLEEstimator, max_epochs=1).fit(X, Y).set_params(tower_widths=range(3))
    with pytest.raises(sklearn_ple.SavedModelError, match=r"\['tower_widths'\] holds .* range"):
        model.save(tmp_path / "model.zip")
    assert not list(tmp_path.iterdir())


def test_a_list_that_was_changed_in_place_is_noticed_when_saving(tmp_path: Path) -> None:
    widths = [13]
    model = small(PLEEstimator, max_epochs=1, expert_widths=widths).fit(X, Y)
    widths[0] = 7
    with pytest.raises(sklearn_ple.SavedModelError, match="changed in place"):
        model.save(tmp_path / "model.zip")


def test_objects_that_are_one_stay_one(tmp_path: Path) -> None:
    """Or `warm_start` would take an own weighting for another one."""
    weighting = StaticWeighting()
    model = small(PLEEstimator, max_epochs=1, weighting=weighting, warm_start=True).fit(X, Y)
    loaded = there_and_back(model, tmp_path)
    assert loaded.weighting is loaded._parameters_of_fit_["weighting"]
    loaded.fit(X, Y)
    with pytest.raises(ValueError, match="weighting"):
        loaded.set_params(weighting=DWAWeighting()).fit(X, Y)
