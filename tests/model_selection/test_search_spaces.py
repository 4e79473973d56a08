"""Every architecture says what is worth searching, in a form that fits it and can be stored."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import optuna
import pytest
from architecture_walk import ARCHITECTURES, ESTIMATORS, over
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_ple import PLEEstimator, SharedBottomEstimator, make_related_tasks
from sklearn_ple.base import SharedParameters
from sklearn_ple.base.search_space import shared_search_space
from sklearn_ple.model_selection.search_space import extremes, holds, read_space, suggest
from sklearn_ple.model_selection.storable import from_storable, to_storable


@over(ARCHITECTURES)
def test_an_architecture_searches_sizes_of_its_own(cls) -> None:
    own = set(cls.search_space()) - set(shared_search_space())
    assert any(name.endswith("_widths") for name in own)
    assert own <= set(cls().get_params())


@over(ESTIMATORS)
def test_a_role_searches_what_its_architecture_does(cls) -> None:
    (architecture,) = (each for each in ARCHITECTURES if issubclass(cls, each))
    assert cls.search_space() == architecture.search_space()


def test_the_shared_part_names_shared_parameters() -> None:
    assert set(shared_search_space()) <= set(SharedParameters.__annotations__)


@over(ARCHITECTURES)
def test_all_that_is_searched_can_be_stored(cls) -> None:
    for distribution in cls.search_space().values():
        assert json_to_distribution(distribution_to_json(distribution)) == distribution


@over(ARCHITECTURES)
def test_defaults_that_are_values_lie_within_the_space(cls) -> None:
    """So that a search can start from them."""
    defaults = cls().get_params()
    for name, distribution in cls.search_space().items():
        if not (isinstance(defaults[name], str) and defaults[name] == "auto"):
            assert holds(distribution, to_storable(name, defaults[name])), name


@over(ARCHITECTURES)
def test_every_extreme_can_be_fitted_together(cls) -> None:
    """All smallest, then all largest: limits of different parameters do not contradict."""
    X, y = make_related_tasks(60, 4, kinds=["binary", "regression"], random_state=0)
    space = cls.search_space()
    for end in (0, -1):
        params = {name: extremes(distribution)[end] for name, distribution in space.items()}
        params |= {"embedding_dim": 4}
        model = cls(max_epochs=1, random_state=0).set_params(**from_storable(params)).fit(X, y)
        assert np.isfinite(model.predict(X)).all()


def test_a_space_is_narrowed_and_extended_in_a_line() -> None:
    narrow = FloatDistribution(1e-3, 2e-3)
    space = PLEEstimator.search_space() | {
        "lr": narrow,
        "n_levels": 2,
        "tower_widths": [(17,), (19, 5)],
        "batch_size": [64, 128],
    }
    read = read_space(space, PLEEstimator())
    assert read["lr"] == narrow
    assert read["n_levels"] == CategoricalDistribution([2])
    assert read["tower_widths"] == CategoricalDistribution(["17", "19,5"])
    assert read["batch_size"] == CategoricalDistribution([64, 128])
    assert read["dropout"] == PLEEstimator.search_space()["dropout"]


@pytest.mark.parametrize("prefix", ["", "sharedbottomestimator__"])
def test_in_a_pipeline_names_may_lack_the_prefix(prefix: str) -> None:
    pipeline = make_pipeline(FunctionTransformer(), SharedBottomEstimator())
    space = {f"{prefix}lr": [0.1], "functiontransformer__validate": [False, True]}
    assert list(read_space(space, pipeline)) == [
        "sharedbottomestimator__lr",
        "functiontransformer__validate",
    ]


def test_without_a_space_a_pipeline_searches_that_of_its_network() -> None:
    pipeline = make_pipeline(FunctionTransformer(), SharedBottomEstimator())
    own = SharedBottomEstimator.search_space()
    assert read_space(None, pipeline) == {f"sharedbottomestimator__{n}": d for n, d in own.items()}


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"rate": [0.1]}, "'rate', which is no parameter"),
        ({}, "empty"),
        ({"lr": []}, "no choice for 'lr'"),
        ({"lr": FloatDistribution(-1.0, 0.1)}, "'lr' parameter"),
        ({"dropout": FloatDistribution(0.0, 1.0)}, "'dropout' parameter"),
        ({"n_levels": IntDistribution(0, 2)}, "'n_levels' parameter"),
        ({"activation": ["relu", "softmax"]}, "'activation' parameter"),
        ({"optimizer": [dict]}, "can't be searched"),
        ({"n_levels": [(1, "a")]}, "can't be searched"),
    ],
)
def test_mistakes_in_a_space_are_told(space, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_space(space, PLEEstimator())


def test_a_name_with_and_without_prefix_is_one_too_many() -> None:
    pipeline = make_pipeline(SharedBottomEstimator())
    with pytest.raises(ValueError, match="twice"):
        read_space({"lr": [0.1], "sharedbottomestimator__lr": [0.2]}, pipeline)


def test_what_holds_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="holds none"):
        read_space({"validate": [True]}, FunctionTransformer())


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("tower_widths", (), ""),
        ("tower_widths", (64,), "64"),
        ("net__expert_widths", [64, 32], "64,32"),
        ("expert_widths", [(64, 32), (16,)], "64,32;16"),
        ("n_task_experts", (2, 1), "2,1"),
        ("n_task_experts", [(2, 1), (1, 3)], "2,1;1,3"),
        ("bottom_widths", np.array([7, 5]), "7,5"),
    ],
)
def test_sizes_survive_storage(name: str, value, text: str) -> None:
    assert to_storable(name, value) == text
    back = from_storable({name: text})[name]
    assert np.array_equal(np.array(back, dtype=object), np.array(value, dtype=object))
    assert isinstance(back, list) == (";" in text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weighting", "64"),
        ("tower_widths", "auto"),
        ("expert_widths", "64,,32"),
        ("expert_widths", "-1"),
        ("n_levels", 3),
        ("lr", 0.5),
        ("task_weights", None),
        ("expert_norm", True),
    ],
)
def test_all_else_stays_as_it_is(name: str, value) -> None:
    assert from_storable({name: value}) == {name: value}


def test_what_is_drawn_lies_in_the_space() -> None:
    space = {
        "a": FloatDistribution(0.5, 2.5, step=0.5),
        "b": IntDistribution(1, 64, log=True),
        "c": CategoricalDistribution(["x", None]),
        "d": IntDistribution(3, 11, step=4),
    }
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(17):
        drawn = suggest(study.ask(), space)
        assert drawn["a"] in (0.5, 1.0, 1.5, 2.0, 2.5)
        assert all(holds(space[name], drawn[name]) for name in "bcd")
        assert drawn["d"] in (3, 7, 11)


def test_importing_the_package_does_not_load_optuna() -> None:
    code = "import sys, sklearn_ple, sklearn_ple.model_selection; print('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
