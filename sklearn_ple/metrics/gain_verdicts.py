"""Did joint training help a task, or hurt it? Paired intervals over repeated fits, after Holm."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Family: TypeAlias = Literal["report", "scheme"]

IMPROVED, HURT, NO_EVIDENCE = "improved", "hurt", "no evidence"
KEY = ["scheme", "task"]


def gain_verdicts(
    pairs: pd.DataFrame, *, alpha: float = 0.05, family: Family = "report"
) -> pd.DataFrame:
    r"""Judge gains over repeated pairs of fits: improved, hurt, or no evidence of either.

    A pair is a multi-task and a single-task model with the same rows and seed. Of each scheme and
    task the mean gain :math:`\bar d` of S pairs has a paired t-interval,

    .. math:: \bar d \pm t_{S-1} \, s \sqrt{1/S + r},

    where

    - :math:`s` is the standard deviation of the gains;
    - :math:`r = 0` if all pairs have one split into training and test rows, so that only seeds
      differ. The verdict is then on this split, and chance is that of training;
    - :math:`r` is the number of test rows over that of training rows if there are several splits
      (folds). Their training rows overlap, so their gains are not independent, and a plain t-test
      finds differences that are not there (Nadeau and Bengio). Pairs of one split with several
      seeds count as one, by their mean.

    Holm's step-down procedure then keeps the chance of any false verdict in the family below
    `alpha`.

    Parameters
    ----------
    pairs : DataFrame
        One row per scheme, task and pair, with the columns `scheme`, `task` and `gain` (positive is
        better; `mtl_gain` gives it). If the pairs have several splits, also `fold`, `n_train` and
        `n_test`. A NaN gain, of a metric that is undefined there, leaves its pair out for that
        task; one that is left with a single pair, or a single of several folds, has no verdict.
    alpha : float, default=0.05
        Tolerated chance of a false verdict.
    family : {"report", "scheme"}, default="report"
        What shares that chance: all tasks of all schemes, or the tasks of each scheme.

    Returns
    -------
    DataFrame
        One row per scheme and task, in the order of `pairs`:

        - `scheme`, `task`, `gain` (the mean), `std_error`, `n_pairs` (S);
        - `low`, `high`: the interval by itself, at level 1 - alpha;
        - `p_value`, `p_holm`: two-sided, by itself and after Holm's correction;
        - `holm_low`, `holm_high`: the interval at the level that Holm's procedure tests this task
          at, which leaves out zero just where there is a verdict;
        - `verdict`: "improved" (`holm_low` > 0), "hurt" (`holm_high` < 0), or "no evidence".

    Raises
    ------
    ValueError
        If a column is missing, there is a single pair (or a single one of each split, of one
        split), or `alpha` or `family` is out of range.

    See Also
    --------
    mtl_gain : The gain of one pair.

    References
    ----------
    S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
    Statistics 6 (1979).

    C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine Learning 52 (2003).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_ple.metrics import gain_verdicts
    >>> pairs = pd.DataFrame(
    ...     {
    ...         "scheme": "PLE",
    ...         "task": ["income"] * 3 + ["age"] * 3,
    ...         "gain": [0.010, 0.012, 0.011, 0.3, -0.2, 0.1],
    ...     }
    ... )
    >>> gain_verdicts(pairs)[["task", "gain", "p_holm", "verdict"]].round(4)
         task    gain  p_holm      verdict
    0  income  0.0110  0.0055     improved
    1     age  0.0667  0.6914  no evidence
    """
    check_family(alpha, family)
    _check_columns(pairs)
    rows = [
        {"scheme": scheme, "task": task} | _mean_and_error(group, by_fold=_has_folds(pairs))
        for (scheme, task), group in pairs.groupby(KEY, sort=False)
    ]
    table = pd.DataFrame(rows, columns=[*KEY, "gain", "std_error", "n_pairs"])
    most = max(table["n_pairs"].tolist(), default=0)
    if most < 2:
        raise ValueError(too_few(most))
    gain, error = table["gain"].to_numpy(), table["std_error"].to_numpy()
    freedom = table["n_pairs"].to_numpy() - 1.0
    p_value = _p_values(gain, error, freedom)
    families = [table.index] if family == "report" else table.groupby("scheme").groups.values()
    p_holm, level = np.full(len(table), np.nan), np.full(len(table), alpha)
    for members in families:
        tested = np.asarray([row for row in members if not np.isnan(p_value[row])], dtype=np.intp)
        p_holm[tested], level[tested] = holm(p_value[tested], alpha)
    half, holm_half = _half_width(error, freedom, alpha), _half_width(error, freedom, level)
    significant = p_holm <= alpha
    verdict = np.select([significant & (gain > 0), significant], [IMPROVED, HURT], NO_EVIDENCE)
    return table.assign(
        low=gain - half,
        high=gain + half,
        p_value=p_value,
        p_holm=p_holm,
        holm_low=gain - holm_half,
        holm_high=gain + holm_half,
        verdict=verdict,
    )


def holm(p_values: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Holm's correction.

    Parameters
    ----------
    p_values : ndarray of shape (m,)
    alpha : float

    Returns
    -------
    adjusted : ndarray of shape (m,)
        At most alpha just where the hypothesis is rejected.
    level : ndarray of shape (m,)
        What each p-value was compared with: alpha / m for the smallest, alpha / (m - 1) for the
        next, …; all from the first that is not rejected on share its level.
    """
    m = len(p_values)
    order = np.argsort(p_values, kind="stable")
    left = m - np.arange(m)
    in_order = np.minimum(1, np.maximum.accumulate(p_values[order] * left))
    n_rejected = int((in_order <= alpha).sum())
    adjusted, level = np.empty(m), np.empty(m)
    adjusted[order] = in_order
    level[order] = alpha / np.maximum(left, m - n_rejected)
    return adjusted, level


def too_few(n_pairs: int) -> str:
    """Why so few pairs are refused."""
    return (
        f"Pairs of fits to judge by: {n_pairs}. A single gain says nothing about chance, so no "
        f"interval and no verdict can come of it. Take several folds (cv=5), or several seeds on "
        f"one split (cv=None, seeds=5); two are the least, five or more are better."
    )


def check_family(alpha: float, family: str) -> None:
    """Refuse a level or family that there is not."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha={alpha!r} must lie between 0 and 1.")
    if family not in ("report", "scheme"):
        raise ValueError(f"family={family!r}; it is 'report' or 'scheme'.")


def _check_columns(pairs: pd.DataFrame) -> None:
    needed = [*KEY, "gain"]
    if _has_folds(pairs):
        needed += ["n_train", "n_test"]
    if absent := [name for name in needed if name not in pairs]:
        raise ValueError(f"pairs lacks the columns {absent}; it has {list(pairs.columns)}.")


def _has_folds(pairs: pd.DataFrame) -> bool:
    return "fold" in pairs and len(pairs["fold"].unique()) > 1


def _mean_and_error(group: pd.DataFrame, *, by_fold: bool) -> dict[str, float]:
    """Mean gain, its standard error and the number of pairs behind it, of one scheme and task."""
    group = group[group["gain"].notna()]
    gains, overlap = group["gain"].to_numpy(dtype=np.float64), 0.0
    if by_fold:
        gains = group.groupby("fold", sort=False)["gain"].mean().to_numpy()
        overlap = float((group["n_test"] / group["n_train"]).mean())
    n = len(gains)
    spread = float(np.std(gains, ddof=1)) if n > 1 else np.nan
    mean = float(np.mean(gains)) if n else np.nan
    return {"gain": mean, "std_error": spread * np.sqrt(1 / max(n, 1) + overlap), "n_pairs": n}


def _p_values(gain: Floats, error: Floats, freedom: Floats) -> Floats:
    """Two-sided p-values; without any spread, 1 for a gain of zero and 0 for any other."""
    exact = np.where(gain == 0, 1.0, 0.0)
    t = np.abs(gain) / np.where(error > 0, error, 1)
    p_values = 2 * stats.t.sf(t, np.maximum(freedom, 1))
    p_values = np.where(error > 0, p_values, exact)
    return np.where(np.isnan(error), np.nan, p_values)


def _half_width(error: Floats, freedom: Floats, alpha: float | Floats) -> Floats:
    return stats.t.isf(np.asarray(alpha) / 2, np.maximum(freedom, 1)) * error
