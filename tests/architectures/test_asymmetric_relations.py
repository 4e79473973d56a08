"""What may be said about who reads whom: by name or position, as a dict or a list."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sklearn_ple import make_related_tasks
from sklearn_ple.architectures.asymmetric_sharing import AsymmetricSharingEstimator
from sklearn_ple.routings.asymmetric_sharing import resolve_relations

NAMES = ["view", "click", "buy", "return"]
ALONE = ((0,), (1,), (2,), (3,))


@pytest.mark.parametrize("n_tasks", [1, 2, 4])
def test_by_default_a_task_reads_those_before_it(n_tasks: int) -> None:
    """For two tasks, the paper's figure 1b: A reads itself, B both."""
    expected = tuple(tuple(range(k + 1)) for k in range(n_tasks))
    assert resolve_relations(None, n_tasks) == expected
    assert resolve_relations(None, n_tasks, NAMES[:n_tasks]) == expected


SAME: dict[str, Any] = {
    "dict of names": {"buy": ["click", "view"], "return": ["buy"]},
    "dict of positions": {2: [1, 0], 3: [2]},
    "names and positions": {"buy": [1, "view"], 3: ["buy"]},
    "the own spelled out": {"view": [0], "buy": ["buy", "click", "view"], "return": [2, 3]},
    "tasks twice": {"buy": ["click", 1, "view"], "return": (2, "buy")},
    "list": [[], [], ["view", "click"], ["buy"]],
    "list of tuples and sets": [(), set(), {1, 0}, (2,)],
    "NumPy's numbers": [[], [], np.array([1, 0]), [np.int64(2)]],
}


@pytest.mark.parametrize("sort", SAME)
def test_one_map_said_in_many_ways(sort: str) -> None:
    assert resolve_relations(SAME[sort], 4, NAMES) == ((0,), (1,), (0, 1, 2), (2, 3))


@pytest.mark.parametrize("relations", [{}, [[], [], [], []], [[0], [1], [2], [3]], {"buy": []}])
def test_the_own_bottom_is_always_read(relations: Any) -> None:
    assert resolve_relations(relations, 4, NAMES) == ALONE


def test_relations_may_be_mutual() -> None:
    assert resolve_relations({0: [1], 1: [0]}, 2) == ((0, 1), (0, 1))


WRONG: dict[str, tuple[Any, str]] = {
    "too few": ([[], []], "relations has 2 entries for 4 tasks"),
    "a name among entries": (["view", [], [], []], "must be a list of tasks, got 'view'"),
    "a name as entry": ({"buy": "click"}, "write ['click']"),
    "a position as entry": ({"buy": 1}, "write [1]"),
    "nothing as entry": ([None, [], [], []], "must be a list of tasks, got None"),
    "unknown reader": ({"sell": ["click"]}, "'sell', but tasks are ['view', 'click'"),
    "unknown source": ({"buy": ["clicks"]}, "'clicks', but tasks are ['view', 'click'"),
    "beyond": ({"buy": [4]}, "4, but tasks are ['view', 'click', 'buy', 'return'] or their"),
    "negative": ({-1: ["click"]}, "-1, but tasks are"),
    "a truth value": ([[True], [], [], []], "True, but tasks are"),
    "half a task": ([[0.5], [], [], []], "0.5, but tasks are"),
    "named twice": ({"buy": ["click"], 2: ["view"]}, "relations names a task twice"),
}


@pytest.mark.parametrize("sort", WRONG)
def test_what_is_refused(sort: str) -> None:
    relations, gist = WRONG[sort]
    with pytest.raises(ValueError, match=re.escape(gist)):
        resolve_relations(relations, 4, NAMES)


def test_without_names_tasks_are_known_by_position() -> None:
    assert resolve_relations({1: [0]}, 2) == ((0,), (0, 1))
    with pytest.raises(ValueError, match="'view', but tasks are the positions 0 to 1"):
        resolve_relations({1: ["view"]}, 2)


X, Y = make_related_tasks(97, 4, n_tasks=3, random_state=0)
SMALL = {"bottom_widths": (13,), "tower_widths": (5,), "max_epochs": 2, "random_state": 0}


def _reads(y: Any, relations: Any) -> tuple[tuple[int, ...], ...]:
    return AsymmetricSharingEstimator(relations=relations, **SMALL).fit(X, y).module_.routing.reads


def test_an_estimator_knows_the_names_of_its_targets() -> None:
    named = pd.DataFrame(np.asarray(Y), columns=["view", "click", 2024])
    assert _reads(named, {"2024": ["view"], "click": ["2024", 0]}) == ((0,), (0, 1, 2), (0, 2))
    assert _reads(np.asarray(Y), {"y2": ["y0"]}) == ((0,), (1,), (0, 2))
    with pytest.raises(ValueError, match="'buy', but tasks are"):
        _reads(named, {"buy": ["view"]})
    with pytest.raises(ValueError, match="2 entries for 3 tasks"):
        _reads(named, [[], []])


def test_names_and_positions_train_one_model() -> None:
    by_name = AsymmetricSharingEstimator(relations={"y2": ["y0"]}, **SMALL).fit(X, Y)
    by_place = AsymmetricSharingEstimator(relations=[[], [], [0]], **SMALL).fit(X, Y)
    np.testing.assert_array_equal(by_name.predict(X), by_place.predict(X))


def test_going_on_refuses_another_map_and_takes_the_same() -> None:
    model = AsymmetricSharingEstimator(relations={"y2": ["y0"]}, warm_start=True, **SMALL)
    model.fit(X, Y)
    model.set_params(relations={"y2": ["y0"]}, dropout=0.3).fit(X, Y)
    with pytest.raises(ValueError, match="relations"):
        model.set_params(relations={"y2": ["y1"]}).fit(X, Y)
