"""What is worth searching in every estimator, and the three words that spaces are written in.

Optuna is loaded when a space is asked for, not with the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

Space: TypeAlias = "dict[str, BaseDistribution]"

BOTTOMS = ("128", "256", "128,128", "256,256", "512,256")
EXPERTS = ("64", "128", "128,64", "256,128")
EXPERTS_OF_A_LEVEL = ("32", "64", "128", "64,64")


def shared_search_space() -> Space:
    """Optimiser, regularisation, weighting, encoding and towers: searched in every architecture.

    Parameters that made no difference beyond noise where the defaults were measured (activation,
    schedule, averaged weights) are left out, as are those that decide by rows already
    (`batch_size`, `max_epochs`): every dimension takes trials from the others.
    """
    return {
        "lr": number(3e-4, 1e-2, log=True),
        "weight_decay": number(1e-3, 0.5, log=True),
        "dropout": number(0.0, 0.5),
        "weighting": choice("static", "uncertainty", "geometric_mean"),
        "task_weights": choice("label_share", None),
        "numeric_encoding": choice("piecewise_linear", "quantile"),
        "embedding_dim": whole(4, 32, log=True),
        "tower_widths": choice("", "32", "64", "128", "64,32"),
    }


def whole(low: int, high: int, *, log: bool = False) -> IntDistribution:
    """Whole numbers, both ends included."""
    from optuna.distributions import IntDistribution

    return IntDistribution(low, high, log=log)


def number(low: float, high: float, *, log: bool = False) -> FloatDistribution:
    """Real numbers, both ends included."""
    from optuna.distributions import FloatDistribution

    return FloatDistribution(low, high, log=log)


def choice(*values: str | float | bool | None) -> CategoricalDistribution:
    """One of these; sizes as text, such as "64,32", which any storage of Optuna's can keep."""
    from optuna.distributions import CategoricalDistribution

    return CategoricalDistribution(values)
