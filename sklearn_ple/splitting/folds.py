"""Which fold each row goes to, and which rows are held out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from sklearn_ple.splitting.dealing import deal
from sklearn_ple.splitting.exchange import exchange, level
from sklearn_ple.splitting.ledger import EXACT, Ledger
from sklearn_ple.splitting.strata import Strata
from sklearn_ple.splitting.traits import Floats, Rows, Traits, combinations, find_traits

KEPT, HELD_OUT = 0, 1


class Parcels(NamedTuple):
    """What is dealt: rows of one combination of labels, or groups of rows.

    Attributes
    ----------
    table : sparse array of shape (n_parcels, n_traits)
        Traits of one copy of each.
    copies : ndarray of shape (n_parcels,)
    number : ndarray of shape (n,)
        The parcel of every row.
    """

    table: csr_array
    copies: Rows
    number: Rows


def assign_folds(
    strata: Strata,
    n_folds: int,
    random_state: np.random.RandomState | None,
    *,
    groups: Rows | None = None,
) -> Rows:
    """The fold of every row, so that folds are alike in all that a multi-task model learns from.

    Balanced are the strata of every task, how many labels it has, and the patterns of missing
    labels; every combination of strata is spread as evenly as its number of rows allows, and so
    are the rows. A task with a label for each fold has one in each, and likewise a stratum, unless
    rows that carry several rare labels at once, or groups, leave no way.

    Parameters
    ----------
    strata : ndarray of shape (n, n_tasks)
        Stratum of every label, -1 where missing.
    n_folds : int
    random_state : RandomState or None
        None splits in the order of rows.
    groups : ndarray of int, shape (n,), or None
        Number of the group that each row must stay with, from 0 on; folds are then as equal in
        size as groups allow.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> strata = np.array([[0, -1], [0, 1], [0, -1], [0, 1], [1, 1], [1, 0], [1, 0], [1, 1]])
    >>> fold = assign_folds(strata, 2, None)
    >>> [sorted(map(tuple, strata[fold == k].tolist())) for k in range(2)]
    [[(0, -1), (0, 1), (1, 0), (1, 1)], [(0, -1), (0, 1), (1, 0), (1, 1)]]
    """
    traits = find_traits(strata)
    parcels = _parcels(strata, traits, groups)
    shares = np.full(n_folds, 1 / n_folds)
    need = np.tile(np.where(traits.count >= n_folds, traits.need, 0.0), (n_folds, 1))
    counts = _share_out(parcels, traits, shares, need, random_state, in_groups=groups is not None)
    if random_state is not None:
        counts = counts[:, random_state.permutation(n_folds)]
    return _spread(parcels, counts, random_state)


def hold_out(
    strata: Strata,
    n_held_out: int,
    random_state: np.random.RandomState,
    *,
    groups: Rows | None = None,
    others_train: bool = True,
) -> NDArray[np.bool_]:
    """Which rows are held out, so that they are like the others.

    As in `assign_folds`; but a stratum of a single row is not held out while other rows could be.
    A share that is no whole number of rows is rounded up or down by chance, so that rows with rare
    labels are held out as often as others, and not the same ones whatever the seed.

    Parameters
    ----------
    strata : ndarray of shape (n, n_tasks)
        Stratum of every label, -1 where missing.
    n_held_out : int
        How many, between 1 and n - 1; about so many where there are groups.
    random_state : RandomState
    groups : ndarray of int, shape (n,), or None
        Number of the group that each row must stay with, from 0 on.
    others_train : bool, default=True
        Whether the rows not held out are to lack no label, first of all; False where they are for
        nothing.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> strata = np.array([[0], [0], [0], [1], [1], [1], [2]])
    >>> held_out = hold_out(strata, 2, np.random.RandomState(0))
    >>> strata[held_out].ravel()
    array([0, 1])
    """
    if groups is None:
        free = np.flatnonzero(~_has_single(strata))
        if n_held_out < len(free) < len(strata):
            held_out = np.zeros(len(strata), dtype=bool)
            held_out[free] = hold_out(
                strata[free], n_held_out, random_state, others_train=others_train
            )
            return held_out
    traits = find_traits(strata)
    shares = np.array([len(strata) - n_held_out, n_held_out]) / len(strata)
    need = np.where(np.outer(shares, traits.count) >= 1 - EXACT, traits.need, 0.0)
    need[KEPT] = 10 * others_train * traits.need
    nudge = random_state.uniform(-0.5, 0.5, len(traits.count))
    nudge[-1] = 0
    parcels = _parcels(strata, traits, groups)
    counts = _share_out(
        parcels,
        traits,
        shares,
        need,
        random_state,
        in_groups=groups is not None,
        nudge=np.stack([-nudge, nudge]),
    )
    return _spread(parcels, counts, random_state) == HELD_OUT


def _has_single(strata: Strata) -> NDArray[np.bool_]:
    """Which rows (n,) are the only one of a stratum."""
    single = np.zeros(len(strata), dtype=bool)
    for column in strata.T:
        codes, _ = pd.factorize(column)
        single |= (np.bincount(codes)[codes] == 1) & (column >= 0)
    return single


def _parcels(strata: Strata, traits: Traits, groups: Rows | None) -> Parcels:
    if groups is None:
        first, number = combinations(strata)
        return Parcels(traits.table(first), np.bincount(number), number)
    n, n_groups = len(strata), int(groups.max()) + 1
    belongs = csr_array((np.ones(n), (groups, np.arange(n))), shape=(n_groups, n))
    ones = np.ones(n_groups, dtype=np.intp)
    return Parcels(belongs @ traits.table(np.arange(n)), ones, groups)


def _share_out(
    parcels: Parcels,
    traits: Traits,
    shares: Floats,
    need: Floats,
    random_state: np.random.RandomState | None,
    *,
    in_groups: bool,
    nudge: Floats | None = None,
) -> Rows:
    """Copies (n_parcels, n_folds) of every parcel for every fold."""
    nudge = np.zeros(need.shape) if nudge is None else nudge
    ledger = Ledger.open(parcels.table, parcels.copies, shares, traits.weight, need, nudge)
    deal(ledger, random_state)
    random_state = np.random.RandomState(0) if random_state is None else random_state
    if not in_groups:
        level(ledger, random_state)
    exchange(ledger, random_state, one_way=in_groups)
    return ledger.counts


def _spread(parcels: Parcels, counts: Rows, random_state: np.random.RandomState | None) -> Rows:
    """The fold (n,) of every row, where each fold has so many copies of each parcel."""
    n, n_folds = len(parcels.number), counts.shape[1]
    if counts.sum() < n:  # groups: one copy is many rows
        return counts.argmax(axis=1)[parcels.number]
    rows = np.arange(n) if random_state is None else random_state.permutation(n)
    rows = rows[np.argsort(parcels.number[rows], kind="stable")]
    fold = np.empty(n, dtype=np.intp)
    fold[rows] = np.repeat(np.tile(np.arange(n_folds), len(counts)), counts.ravel())
    return fold
