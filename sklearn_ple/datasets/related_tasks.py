"""Synthetic tasks of a chosen kinship."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, Literal, TypeVar, overload

import numpy as np
from numpy.random import RandomState
from sklearn.utils import check_random_state

from sklearn_ple.datasets.related_labels import KINDS, Kind, to_labels
from sklearn_ple.datasets.related_oracle import Floats, RelatedTasks

Setting = TypeVar("Setting", float, Kind)


@overload
def make_related_tasks(
    n_samples: int = ..., n_features: int = ..., n_tasks: int = ..., *,
    correlation: float = ..., n_sines: int = ..., scale: float = ..., noise: float = ...,
    kinds: Kind | Sequence[Kind] = ..., positive_rate: float = ..., n_classes: int = ...,
    missing: float | Sequence[float] = ..., return_oracle: Literal[True],
    random_state: int | RandomState | None = ...,
) -> tuple[Floats, Floats, RelatedTasks]: ...  # fmt: skip
@overload
def make_related_tasks(
    n_samples: int = ..., n_features: int = ..., n_tasks: int = ..., *,
    correlation: float = ..., n_sines: int = ..., scale: float = ..., noise: float = ...,
    kinds: Kind | Sequence[Kind] = ..., positive_rate: float = ..., n_classes: int = ...,
    missing: float | Sequence[float] = ..., return_oracle: Literal[False] = ...,
    random_state: int | RandomState | None = ...,
) -> tuple[Floats, Floats]: ...  # fmt: skip
def make_related_tasks(
    n_samples: int = 10_000,
    n_features: int = 64,
    n_tasks: int = 2,
    *,
    correlation: float = 0.5,
    n_sines: int = 10,
    scale: float = 1.0,
    noise: float = 0.1,
    kinds: Kind | Sequence[Kind] = "regression",
    positive_rate: float = 0.5,
    n_classes: int = 3,
    missing: float | Sequence[float] = 0.0,
    return_oracle: bool = False,
    random_state: int | RandomState | None = None,
) -> tuple[Floats, Floats] | tuple[Floats, Floats, RelatedTasks]:
    """Make tasks that share their inputs and resemble each other as much as is asked.

    Inputs x are standard normal. Task k has the label

        w_k . x + sum_i sin(alpha_i w_k . x + beta_i) + noise,

    where all w_k have the length ``scale`` and any two the cosine ``correlation``, and the
    standard normal alpha and beta are shared. For two tasks, w_1 = c u_1 and
    w_2 = c (p u_1 + sqrt(1 - p^2) u_2), with orthonormal u; more tasks extend this by the Cholesky
    factor of the matrix with 1 on and p off the diagonal.

    Parameters
    ----------
    n_samples : int, default=10_000
        Number of rows, 1 or more.
    n_features : int, default=64
        Number of inputs, at least ``n_tasks``. Only their projections on the weights matter, so
        the labels follow the same law whatever it is.
    n_tasks : int, default=2
        Number of tasks.
    correlation : float, default=0.5
        Cosine p between the weights of any two tasks: in [-1, 1] for up to two tasks, in [0, 1]
        for more. It is not the correlation of the labels, which ``oracle.label_correlation()``
        gives and which is less.
    n_sines : int, default=10
        Number of sines, 0 or more.
    scale : float, default=1.0
        Length c of the weights, above 0.
    noise : float, default=0.1
        Standard deviation of the noise. The papers write N(0, 0.01), which by convention is a
        variance, so 0.1; some read it as the deviation.
    kinds : {"regression", "binary", "multiclass", "count"} or list of them, default="regression"
        What becomes of the number above, for all tasks or for each. "binary": 1 for the largest
        ``positive_rate`` of the sample, else 0. "multiclass": 0 to ``n_classes - 1``, by
        quantiles of the sample, so equally frequent. "count": a Poisson draw with the rate
        exp(z), where z is the number, centred and scaled by its exact mean and deviation.
    positive_rate : float, default=0.5
        Share of ones in a binary task, in (0, 1).
    n_classes : int, default=3
        Number of classes of a multiclass task, 2 or more.
    missing : float or list of float, default=0.0
        Probability, in [0, 1), that a label is hidden as NaN, for all tasks or for each,
        regardless of everything else.
    return_oracle : bool, default=False
        Also return what is known exactly.
    random_state : int, RandomState instance or None, default=None
        Source of randomness. Inputs, alpha, beta and noise depend on it and on the sizes alone,
        so the same seed with another ``correlation`` differs in the weights only.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Inputs.
    Y : ndarray of shape (n_samples, n_tasks)
        Labels, as float64 whatever their kind.
    oracle : RelatedTasks
        Only if ``return_oracle``.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a list does not have one entry for each task.

    References
    ----------
    Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate
    Mixture-of-Experts", KDD 2018, section 3; Tang et al., "Progressive Layered Extraction",
    RecSys 2020, section 5.3, with 10 sines, 512 inputs and 1.4 million rows. Both have two
    regression tasks; the other numbers and kinds of tasks are additions.

    Examples
    --------
    >>> from sklearn_ple.datasets import make_related_tasks
    >>> X, Y, oracle = make_related_tasks(
    ...     1000, 20, correlation=0.9, kinds=["regression", "binary"], missing=[0.0, 0.3],
    ...     return_oracle=True, random_state=0,
    ... )
    >>> X.shape, Y.shape
    ((1000, 20), (1000, 2))
    >>> 0 < oracle.label_correlation() < 0.9
    True
    """
    _check(
        n_samples, n_features, n_tasks, correlation, n_sines, scale, noise, positive_rate, n_classes
    )
    kind_of = _per_task(kinds, n_tasks, "kinds")
    missing_of = _per_task(missing, n_tasks, "missing")
    _check_entries(kind_of, missing_of)
    random = check_random_state(random_state)
    oracle = _draw_oracle(n_features, n_tasks, correlation, n_sines, scale, noise, random)
    X = random.standard_normal((n_samples, n_features))
    numbers = oracle.signal(X) + noise * random.standard_normal((n_samples, n_tasks))
    hidden = random.uniform(size=numbers.shape) < np.array(missing_of)
    standardised = (numbers - oracle.label_mean()) / np.sqrt(oracle.label_variance())
    Y = np.empty_like(numbers)
    for task, kind in enumerate(kind_of):
        Y[:, task] = to_labels(
            kind,
            numbers[:, task],
            standardised=standardised[:, task],
            positive_rate=positive_rate,
            n_classes=n_classes,
            random=random,
        )
    Y[hidden] = np.nan
    return (X, Y, oracle) if return_oracle else (X, Y)


def _draw_oracle(
    n_features: int,
    n_tasks: int,
    correlation: float,
    n_sines: int,
    scale: float,
    noise: float,
    random: RandomState,
) -> RelatedTasks:
    directions = np.linalg.qr(random.standard_normal((n_features, n_tasks)))[0].T
    return RelatedTasks(
        weights=scale * _cosine_root(correlation, n_tasks) @ directions,
        alpha=random.standard_normal(n_sines),
        beta=random.standard_normal(n_sines),
        correlation=correlation,
        scale=scale,
        noise=noise,
    )


def _cosine_root(p: float, n: int) -> Floats:
    """The lower Cholesky factor of the (n, n) matrix with 1 on and p off the diagonal.

    Below its diagonal, a column of it is constant. Unlike a general routine, this works for the
    singular matrices of p = 1 and p = -1 too.
    """
    root = np.zeros((n, n))
    squares = 0.0
    for column in range(n):
        diagonal = np.sqrt(max(1 - squares, 0.0))
        below = (p - squares) / diagonal if diagonal > 0 else 0.0
        root[column, column] = diagonal
        root[column + 1 :, column] = below
        squares += below**2
    return root


def _per_task(setting: Setting | Sequence[Setting], n_tasks: int, name: str) -> list[Setting]:
    is_one = isinstance(setting, str | Real)
    given: Any = [setting] * n_tasks if is_one else setting
    if len(given) != n_tasks:
        raise ValueError(f"{name} has {len(given)} entries, but there are {n_tasks} tasks.")
    return list(given)


def _check_entries(kinds: list[Kind], missing: list[float]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"kinds must be among {', '.join(KINDS)}, but one is {kind!r}.")
    for share in missing:
        if not 0 <= share < 1:
            raise ValueError(f"missing must be in [0, 1), but one is {share!r}.")


def _check(
    n_samples: int,
    n_features: int,
    n_tasks: int,
    correlation: float,
    n_sines: int,
    scale: float,
    noise: float,
    positive_rate: float,
    n_classes: int,
) -> None:
    lowest = 0 if n_tasks > 2 else -1
    demands = {
        f"n_samples must be at least 1, but is {n_samples}": n_samples >= 1,
        f"n_tasks must be at least 1, but is {n_tasks}": n_tasks >= 1,
        f"n_features must be at least n_tasks={n_tasks}, but is {n_features}": (
            n_features >= n_tasks
        ),
        f"correlation must be in [{lowest}, 1] for {n_tasks} tasks, but is {correlation}": (
            lowest <= correlation <= 1
        ),
        f"n_sines must be at least 0, but is {n_sines}": n_sines >= 0,
        f"scale must be above 0, but is {scale}": scale > 0,
        f"noise must be at least 0, but is {noise}": noise >= 0,
        f"positive_rate must be in (0, 1), but is {positive_rate}": 0 < positive_rate < 1,
        f"n_classes must be at least 2, but is {n_classes}": n_classes >= 2,
    }
    for message, holds in demands.items():
        if not holds:
            raise ValueError(f"{message}.")
