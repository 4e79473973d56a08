"""Which experts does each task use? Read off the gates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_ple.metrics.unwrap import unwrap
from sklearn_ple.nn import GateReading
from sklearn_ple.tasks.user_warning import warn_user

SHARED = "shared"
UNUSED_BELOW = 0.05  # of an even share, in every gate


class UnusedExpertWarning(UserWarning):
    """An expert that no gate of its level uses."""


def expert_utilization(estimator: Any, X: Any) -> pd.DataFrame:
    """Mean and spread of every gate's weights over the rows of X.

    A task whose own experts carry most of its weight shares little; two tasks with like weights
    on the shared experts share much.

    Parameters
    ----------
    estimator : estimator
        A fitted multi-task estimator with gates (MMOE, CGC, PLE, …), alone, as the last step of a
        pipeline, or in a search.
    X : array-like or DataFrame of shape (n, n_features)
        Rows to average over; for a task of its own sample space, those rows alone may say more.

    Returns
    -------
    DataFrame
        One row for each level, gate and expert that the gate may choose, in the network's order:

        - `level`: 1 for the one next to the input;
        - `gate`: the task that reads it, or "shared", numbered where a level has several ("shared
          2" feeds expert 2 of the next level);
        - `expert`: owner and number, such as "shared 1" or "income 2";
        - `mean`, `std` (`ddof=0`): of the weight over rows. Means of one gate sum to 1.

        A task that is itself called "shared" appears as "shared (task)".

    Raises
    ------
    ValueError
        If the architecture has no gates.

    Warns
    -----
    UnusedExpertWarning
        If there is an expert whose mean weight is below 5 % of an even share (one divided by the
        number of candidates) in every gate that may choose it, and that nothing reads besides.

    See Also
    --------
    ExpertUtilizationDisplay : The same as a picture.

    References
    ----------
    Tang, Liu, Zhao and Gong, "Progressive Layered Extraction (PLE)", RecSys 2020, section 5.2.4
    and figure 8.

    Examples
    --------
    >>> import torch
    >>> from types import SimpleNamespace
    >>> from sklearn_ple.inspection import expert_utilization
    >>> from sklearn_ple.nn import GateReading
    >>> weights = torch.tensor([[0.25, 0.75], [0.75, 0.25]])
    >>> reading = GateReading(level=1, gate=0, experts=((0, 0), (None, 0)), weights=weights)
    >>> model = SimpleNamespace(  # in place of a fitted CGC
    ...     tasks_=[SimpleNamespace(name_="income")], _gate_readings=lambda X: [[reading]]
    ... )
    >>> expert_utilization(model, X=None)
       level    gate    expert  mean   std
    0      1  income  income 1   0.5  0.25
    1      1  income  shared 1   0.5  0.25
    """
    inner, transformers = unwrap(estimator)
    for transformer in transformers:
        X = transformer.transform(X)
    gates, weights = _over_rows(inner._gate_readings(X))
    if not gates:
        raise ValueError(
            f"{type(inner).__name__} has no gates, so there is no expert utilization to read. "
            f"Gated architectures are MMOE, CGC, PLE and their kin; a gate with a single expert "
            f"is none."
        )
    owners = _owner_names([task.name_ for task in inner.tasks_])
    each_gate = zip(gates, weights, strict=True)
    table = pd.concat([_table(*each, owners) for each in each_gate], ignore_index=True)
    besides = {(g.level, _expert(owners, each)) for g in gates for each in g.besides}
    _warn_of_unused(table, besides)
    return table


@dataclass(frozen=True)
class _Moments:
    """Mean of n rows of weights, and sum of squared deviations from it, each (candidates,)."""

    n: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, reading: GateReading) -> _Moments:
        weights = reading.weights.detach().cpu().double().numpy()
        return cls(len(weights), weights.mean(axis=0), len(weights) * weights.var(axis=0))

    def __add__(self, other: _Moments) -> _Moments:
        """Those of both one's rows (Chan, Golub and LeVeque, 1979)."""
        n, apart = self.n + other.n, other.mean - self.mean
        squares = self.squares + other.squares + apart**2 * (self.n * other.n / n)
        return _Moments(n, self.mean + apart * (other.n / n), squares)


def _over_rows(
    chunks: Iterable[list[GateReading]],
) -> tuple[list[GateReading], list[_Moments]]:
    """The gates, as the last rows have them, and the moments of their weights over all rows."""
    gates: list[GateReading] = []
    weights: list[_Moments] = []
    for gates in chunks:
        new = [_Moments.of(gate) for gate in gates]
        weights = [a + b for a, b in zip(weights, new, strict=True)] if weights else new
    return gates, weights


def _owner_names(tasks: list[str]) -> dict[int | None, str]:
    names: dict[int | None, str] = {None: SHARED}
    names |= {k: f"{name} (task)" if name == SHARED else name for k, name in enumerate(tasks)}
    return names


def _expert(owners: dict[int | None, str], expert: tuple[int | None, int]) -> str:
    owner, number = expert
    return f"{owners[owner]} {number + 1}"


def _table(gate: GateReading, weights: _Moments, owners: dict[int | None, str]) -> pd.DataFrame:
    numbered = "" if gate.number is None else f" {gate.number + 1}"
    columns = {
        "level": gate.level,
        "gate": owners[gate.gate] + numbered,
        "expert": [_expert(owners, each) for each in gate.experts],
        "mean": weights.mean,
        "std": np.sqrt(weights.squares / weights.n),
    }
    return pd.DataFrame(columns)


def _warn_of_unused(table: pd.DataFrame, besides: set[tuple[int, str]]) -> None:
    """Name the experts that no gate uses, save those, by level, that are read besides gates."""
    n_candidates = table.groupby(["level", "gate"])["mean"].transform("size")
    of_even = table.assign(share=table["mean"] * n_candidates)
    largest = of_even.groupby(["level", "expert"], sort=False)["share"].max().reset_index()
    low = largest[largest["share"] < UNUSED_BELOW]
    unused = [key for key in zip(low["level"], low["expert"], strict=True) if key not in besides]
    if unused:
        names = ", ".join(f"{expert!r} (level {level})" for level, expert in unused)
        warn_user(
            f"No gate uses {names}: a mean weight below {UNUSED_BELOW:.0%} of an even share in "
            f"every gate that may choose it. Fewer experts would do as well; where the "
            f"scheme has them, expert_norm=True or a gate_temperature above 1 may bring it in.",
            UnusedExpertWarning,
        )
