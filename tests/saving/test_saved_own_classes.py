"""A user's own classes are handed over, never looked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from architecture_walk import small
from own_classes import OWN, Counting, Descent, Logged, PlainEstimator
from saved import NEW, X, Y, assert_same_answers, there_and_back
from skorch.callbacks import Callback

import sklearn_ple
from sklearn_ple import PLEEstimator, SavedModelError
from sklearn_ple.serving import Predictor

SETTINGS = {
    "tasks": {"spent": Logged(base=10.0)},
    "weighting": Counting(1.5),
    "optimizer": Descent,
    "max_epochs": 2,
    "lr": 0.01,
}


class Halves(Callback):
    """Writes a number of NumPy's to the history."""

    def on_epoch_end(self, net, **kwargs) -> None:
        net.history.record("half", np.float64(len(net.history) / 2))


@pytest.fixture(scope="module")
def model() -> PlainEstimator:
    return PlainEstimator(scale=0.25, tower_widths=(5,), random_state=0, **SETTINGS).fit(X, Y)


def test_all_of_them_handed_over(model: PlainEstimator, tmp_path: Path) -> None:
    loaded = there_and_back(model, tmp_path, custom_objects=OWN)
    assert type(loaded) is PlainEstimator
    assert loaded.tasks["spent"] == Logged(base=10.0)
    assert_same_answers(model, loaded, NEW)
    for each in (model, loaded):
        each.partial_fit(X, Y)
    assert loaded.net_.criterion_.weighting.factor == pytest.approx(1.5**3)
    assert_same_answers(model, loaded, NEW)


@pytest.mark.parametrize("name", [name for name in OWN if name != "PlainEstimator"])
def test_one_that_is_missing_is_named(name: str, model: PlainEstimator, tmp_path: Path) -> None:
    model.save(tmp_path / "model.zip")
    given = {other: cls for other, cls in OWN.items() if other != name}
    with pytest.raises(SavedModelError, match=rf"\['{name}'\].*custom_objects="):
        sklearn_ple.load(tmp_path / "model.zip", given)


def test_all_that_are_missing_are_named_at_once(model: PlainEstimator, tmp_path: Path) -> None:
    model.save(tmp_path / "model.zip")
    with pytest.raises(SavedModelError, match=r"Counting.*Descent.*Logged.*PlainEstimator"):
        sklearn_ple.load(tmp_path / "model.zip")


@pytest.mark.parametrize("wrong", [dict, "Logged", Counting(1.0), PLEEstimator])
def test_something_else_under_the_name_is_refused(
    wrong: object, model: PlainEstimator, tmp_path: Path
) -> None:
    model.save(tmp_path / "model.zip")
    with pytest.raises(SavedModelError, match=r"custom_objects\['Logged'\]"):
        sklearn_ple.load(tmp_path / "model.zip", OWN | {"Logged": wrong})


def test_a_name_of_ours_is_not_taken_for_ones_own(model: PlainEstimator, tmp_path: Path) -> None:
    """An own class that is called like one of the package is asked for, and nothing else taken."""
    own = type("Regression", (Logged,), {})
    model = small(PLEEstimator, tasks={"spent": own(base=3.0)}).fit(X, Y)
    model.save(tmp_path / "model.zip")
    with pytest.raises(SavedModelError, match=r"\['Regression'\]"):
        sklearn_ple.load(tmp_path / "model.zip")
    loaded = sklearn_ple.load(tmp_path / "model.zip", {"Regression": own})
    assert_same_answers(model, loaded, NEW)


def test_the_predictor_asks_only_for_what_predictions_need(
    model: PlainEstimator, tmp_path: Path
) -> None:
    model.save(tmp_path / "model.zip")
    needed = {name: OWN[name] for name in ("Logged", "PlainRouting")}
    predictor = Predictor.load(tmp_path / "model.zip", needed)
    np.testing.assert_array_equal(predictor.predict(NEW), model.predict(NEW))


def test_a_folder_for_checkpoints_is_left_out(tmp_path: Path) -> None:
    model = small(PLEEstimator, checkpoint_dir=tmp_path / "checkpoints", max_epochs=1).fit(X, Y)
    loaded = there_and_back(model, tmp_path)
    assert loaded.checkpoint_dir is None
    assert model.checkpoint_dir == tmp_path / "checkpoints"
    loaded.fit(X, Y)


def test_callbacks_are_left_out_and_training_goes_on_without(tmp_path: Path) -> None:
    model = small(PLEEstimator, callbacks=[Halves()], warm_start=True, max_epochs=2)
    loaded = there_and_back(model.fit(X, Y), tmp_path)
    assert loaded.callbacks is None
    assert loaded.callbacks_ == []
    assert loaded.history_["half"].tolist() == [0.5, 1.0]
    assert len(loaded.fit(X, Y).history_) == 4
