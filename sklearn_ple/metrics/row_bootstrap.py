"""Would other test rows tell the same? A paired bootstrap over the rows of a test part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from sklearn_ple.metrics.counted import Counted, counted
from sklearn_ple.metrics.labelled import labelled_rows
from sklearn_ple.metrics.masked import one_target, read_groups
from sklearn_ple.metrics.metric import MetricFunction
from sklearn_ple.metrics.scorers import scored_metric

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GainOverRows:
    """The gain of one pair of models, and what other test rows might have made of it.

    Parameters
    ----------
    gain : float
        On all rows as they are; positive where the first model is better.
    rows_low, rows_high : float
        Percentile interval over draws of rows; NaN where no draw defines the metric.
    std_error : float
        Standard deviation over these draws.
    draws : ndarray of shape (n_bootstrap,)
        The gain in each draw, NaN where the metric is not defined.
    n_draws : int
        How many are defined.
    """

    gain: float
    rows_low: float
    rows_high: float
    std_error: float
    draws: Floats
    n_draws: int


@dataclass(frozen=True)
class RowDraws:
    """Rows drawn with replacement, again and again: the same for all who are judged by them.

    Attributes
    ----------
    n_draws : int
    seed : int
        Two with the same one draw the same.
    n_rows : int
        How many rows are drawn from, and drawn each time.
    judged : ndarray of int, shape (n,), or None
        Which of them judge here; None for all.
    """

    n_draws: int
    seed: int
    n_rows: int
    judged: NDArray[np.intp] | None = None

    def __iter__(self) -> Iterator[Floats]:
        """How often each row that judges was drawn, (n,), draw by draw."""
        rng = np.random.default_rng(self.seed)
        for _ in range(self.n_draws):
            drawn = rng.integers(self.n_rows, size=self.n_rows)
            counts = np.bincount(drawn, minlength=self.n_rows).astype(np.float64)
            yield counts if self.judged is None else counts[self.judged]

    def scores(self, metrics: Sequence[Counted]) -> Floats:
        """Every metric in every draw, shape (n_draws, n_metrics)."""
        found = [[metric(counts) for metric in metrics] for counts in self]
        return np.array(found, dtype=np.float64).reshape(self.n_draws, len(metrics))


def bootstrap_gain(
    metric: str | MetricFunction,
    y_true: Any,
    y_pred: ArrayLike,
    single_task_pred: ArrayLike,
    *,
    classes: ArrayLike | None = None,
    groups: Any = None,
    greater_is_better: bool = True,
    n_bootstrap: int = 500,
    alpha: float = 0.05,
    random_state: int | np.random.RandomState | None = None,
) -> GainOverRows:
    r"""Gain of one model over another in one task, and its interval over the test rows.

    In each draw rows are taken with replacement, as many as there are, and *the same* rows judge
    both models:

    .. math:: d^* = \pm \left[ M(y^*, \hat y^*) - M(y^*, \hat y^{*\,\mathrm{single}}) \right],

    where

    - :math:`M` is the metric, and the sign makes a gain positive where the first model is better;
    - :math:`y^*, \hat y^*, \hat y^{*\,\mathrm{single}}` are the labels and both models'
      predictions of the rows drawn.

    Rows that are hard for one model are mostly hard for the other, and cancel in the difference.
    The interval is from the alpha / 2 to the 1 - alpha / 2 quantile of these gains. It says what
    other test rows would make of these two fitted models, and nothing about other fits.

    Parameters
    ----------
    metric : str or callable
        As in `masked_score`; losses count downwards whether or not their name has a ``neg_``.
    y_true : array-like of shape (n,)
        One task's labels, with NaN or None where there is none. Rows are drawn from all, so that
        the number of labelled ones varies as it would.
    y_pred, single_task_pred : array-like of shape (n,) or (n, n_classes)
        Predictions of both models, or probabilities for the metrics of probabilities.
    classes : array-like of shape (n_classes,), default=None
        The class of each column of probabilities, as in `masked_score`.
    groups : array-like of shape (n,), default=None
        For metrics within groups. Drawn are rows and not groups.
    greater_is_better : bool, default=True
        Whether a *function* is a score.
    n_bootstrap : int, default=500
        Number of draws.
    alpha : float, default=0.05
        The interval is at level 1 - alpha.
    random_state : int, RandomState or None, default=None
        Of the draws.

    Returns
    -------
    GainOverRows
        `gain`, `rows_low`, `rows_high`, `std_error`, `draws` and `n_draws`.

    Raises
    ------
    ValueError
        As in `masked_score`; or if neither more nor less of the metric is better, or `n_bootstrap`
        or `alpha` is out of range.

    See Also
    --------
    mtl_gain_report : Fits such pairs and judges them by draws of rows as well.
    gain_verdicts : The chance of training, over pairs of fits.

    Notes
    -----
    Rows are taken for independent. Where they come in bunches (several of one user), the interval
    is too narrow. Common metrics cost one pass over the rows a draw, others a call each: a metric
    that takes a second takes 2 `n_bootstrap` seconds.

    References
    ----------
    B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall (1993), chapter
    13.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.metrics import bootstrap_gain
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=500)
    >>> near, far = y + 0.5 * rng.normal(size=500), y + rng.normal(size=500)
    >>> found = bootstrap_gain("rmse", y, near, far, random_state=0)
    >>> found.rows_low > 0
    True
    """
    check_draws(n_bootstrap, alpha)
    chosen = scored_metric(metric, "predict", greater_is_better)
    sign = 1 if chosen.greater_is_better else -1
    labels = one_target(y_true)
    options: dict[str, Any] = {
        "classes": None if classes is None else np.asarray(classes),
        "groups": None if groups is None else read_groups(groups),
    }
    both = [
        labelled_rows(chosen, labels, np.asarray(prediction), **options)
        for prediction in (y_pred, single_task_pred)
    ]
    parts = [part for part in both if part is not None]
    if len(parts) < len(both):  # no row has a label
        return _summary(np.nan, np.full(n_bootstrap, np.nan), alpha)
    multi, single = (part.score(chosen) for part in parts)
    seed = check_random_state(random_state).randint(2**31 - 1)
    draws = RowDraws(n_bootstrap, seed, len(labels))
    scores = draws.scores([counted(chosen, part) for part in parts])
    return _summary(sign * (multi - single), sign * (scores[:, 0] - scores[:, 1]), alpha)


def row_interval(draws: Floats, alpha: float) -> tuple[float, float, int]:
    """Both ends of the percentile interval at 1 - alpha, and of how many draws, NaN left out."""
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return np.nan, np.nan, 0
    low, high = np.quantile(defined, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high), len(defined)


def check_draws(n_bootstrap: int, alpha: float, *, least: int = 1) -> None:
    """Refuse numbers of draws and levels that there are not."""
    if n_bootstrap < least:
        raise ValueError(f"n_bootstrap={n_bootstrap!r} must be {least} or more.")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha={alpha!r} must lie between 0 and 1.")


def _summary(gain: float, draws: Floats, alpha: float) -> GainOverRows:
    low, high, n_draws = row_interval(draws, alpha)
    spread = float(np.nanstd(draws, ddof=1)) if n_draws > 1 else np.nan
    return GainOverRows(gain, low, high, spread, draws, n_draws)
