"""The twin: everything but the sharing is the scheme's, and its widths come from the scheme's."""

from __future__ import annotations

import pytest
from architecture_walk import ARCHITECTURES, over, small
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_ple import (
    CGCEstimator,
    MMOEClassifier,
    MMOEEstimator,
    MMOERegressor,
    PLEEstimator,
    SharedBottomClassifierRegressor,
    SharedBottomEstimator,
    SingleTaskClassifier,
    SingleTaskEstimator,
    SingleTaskRegressor,
)
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.base.parameters import DEFAULTS
from sklearn_ple.inspection import matched_single_task


@over(ARCHITECTURES)
def test_every_architecture_has_a_twin_that_differs_in_sharing_alone(cls) -> None:
    scheme = small(cls, dropout=0.25, lr=0.003, tower_widths=(17, 5))
    twin = matched_single_task(scheme)
    params, own = scheme.get_params(), twin.get_params()
    assert {name: own[name] for name in DEFAULTS} == {name: params[name] for name in DEFAULTS}
    depth = params.get("n_levels", 1)  # small estimators have one layer a bottom or expert
    assert len(twin.bottom_widths) == depth
    assert min(twin.bottom_widths) >= 13


@pytest.mark.parametrize(
    ("scheme", "widths"),
    [
        (SharedBottomEstimator(bottom_widths=(31, 17)), (31, 17)),
        (SingleTaskEstimator(bottom_widths=[31, 17]), (31, 17)),
        (MMOEEstimator(n_experts=5, expert_widths=(13, 7)), (65, 35)),
        (CGCEstimator(n_shared_experts=3, n_task_experts=2, expert_widths=(13, 7)), (65, 35)),
        (CGCEstimator(n_shared_experts=3, n_task_experts=(1, 4), expert_widths=(13,)), (91,)),
        (CGCEstimator(n_shared_experts=0, n_task_experts=1, expert_widths=(13,)), (13,)),
        (
            PLEEstimator(n_levels=3, n_shared_experts=2, n_task_experts=1, expert_widths=(13,)),
            (39, 39, 39),
        ),
        (
            PLEEstimator(
                n_levels=2,
                n_shared_experts=2,
                n_task_experts=(3, 1),
                expert_widths=[(13, 7), (11,)],
            ),
            (65, 35, 55),
        ),
        (
            PLEEstimator(
                n_levels=2,
                n_shared_experts=(4, 1),
                n_task_experts=[(2, 3), (1, 2)],
                expert_widths=(10,),
            ),
            (70, 30),
        ),
    ],
)
def test_layers_are_a_bottoms_or_all_experts_of_a_task_together(scheme, widths) -> None:
    assert matched_single_task(scheme).bottom_widths == widths


@pytest.mark.parametrize(
    ("scheme", "twin"),
    [
        (MMOEClassifier(), SingleTaskClassifier),
        (MMOERegressor(), SingleTaskRegressor),
        (SharedBottomClassifierRegressor(), SingleTaskEstimator),
        (MMOEEstimator(), SingleTaskEstimator),
    ],
)
def test_the_promise_is_kept(scheme, twin) -> None:
    assert type(matched_single_task(scheme)) is twin


def test_nothing_is_weighed_between_nets_that_share_nothing() -> None:
    assert matched_single_task(MMOEEstimator(weighting="static")).weighting == "static"


def test_in_a_pipeline_the_last_step_alone_is_replaced() -> None:
    scaler = StandardScaler(with_mean=False)
    pipeline = make_pipeline(scaler, SharedBottomEstimator(bottom_widths=(31,)))
    twin = matched_single_task(pipeline)
    assert type(twin[-1]) is SingleTaskEstimator
    assert twin[-1].bottom_widths == (31,)
    assert twin[0].with_mean is False
    assert twin[0] is not scaler
    assert type(pipeline[-1]) is SharedBottomEstimator


def test_what_is_no_scheme_of_ours_has_no_twin() -> None:
    with pytest.raises(ValueError, match="say single_task="):
        matched_single_task(RandomForestRegressor())


def test_a_scheme_with_sizes_of_other_names_needs_a_twin_to_be_given() -> None:
    class Odd(MultiTaskEstimator):
        def __init__(self, *, trunk=(3,), **shared):
            self.trunk = trunk
            super().__init__(**shared)

        def _make_routing(self, *, in_width, n_tasks, dropout):
            return SharedBottomEstimator(bottom_widths=self.trunk)._make_routing(
                in_width=in_width, n_tasks=n_tasks, dropout=dropout
            )

    with pytest.raises(ValueError, match="to derive a single-task twin"):
        matched_single_task(Odd())
