"""Labels of a chain of binary targets, of which none happens without the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.tables import missing
from sklearn_ple.tasks.targets import Targets


def complete_chain(
    targets: Targets, chain: Sequence[int], classes: Sequence[NDArray | None]
) -> Targets:
    """Fill in that what did not get to a step did not get past it.

    A label that is missing where the target before has its first label becomes a first label too;
    after a second label, or one that is missing itself, it stays missing.

    Parameters
    ----------
    targets : Targets
    chain : sequence of int
        Positions of the chain's targets, in its order.
    classes : sequence of (ndarray or None)
        For each target its two labels, sorted, where they are known beforehand.

    Raises
    ------
    ValueError
        If a target has its second label where the one before has its first.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.tasks import read_targets
    >>> y = np.array([[0, np.nan], [1, 0], [1, np.nan], [1, 1]])
    >>> complete_chain(read_targets(y), [0, 1], [None, None]).columns[1]
    array([ 0.,  0., nan,  1.])
    """
    columns = list(targets.columns)
    labels = {k: _labels(columns[k], classes[k]) for k in chain}
    for before, k in pairwise(chain):
        failed = _equals(columns[before], labels[before][:1])
        impossible = int((failed & _equals(columns[k], labels[k][1:])).sum())
        if impossible:
            raise ValueError(
                f"Task {targets.names[k]!r} has the label {labels[k][1]!r} in {impossible} rows in "
                f"which {targets.names[before]!r}, the task before it in the chain, is "
                f"{labels[before][0]!r}. Correct the labels, or say by chain=[…] which targets "
                f"follow one another."
            )
        follows = failed & missing(columns[k])
        if follows.any() and labels[k]:
            columns[k] = columns[k].copy()
            columns[k][follows] = labels[k][0]
    return replace(targets, columns=columns)


def _labels(column: NDArray, known: NDArray | None) -> list[Any]:
    """A binary target's two labels in order; none where the column does not tell both."""
    try:
        present = set(column[~missing(column)].tolist())
        labels: list[Any] = sorted(present) if known is None else known.tolist()
    except TypeError:  # text beside numbers: the task will complain
        return []
    return labels if len(labels) == 2 else []


def _equals(column: NDArray, labels: list[Any]) -> NDArray[np.bool_]:
    """Where a column (n,) has a label, given as a list of one or none."""
    if not labels:
        return np.zeros(len(column), dtype=bool)
    return np.asarray(column.astype(object) == labels[0], dtype=bool)
