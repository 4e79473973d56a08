"""The first of two steps of a split: parcels are dealt one by one, the rarest traits first."""

from __future__ import annotations

import numpy as np

from sklearn_ple.splitting.ledger import Ledger
from sklearn_ple.splitting.traits import Rows

DENSE, SOME = 2**20, 256  # about so many numbers to unpack at a time, of so many parcels at least
BLUR = 0.8  # how much larger than the next a parcel must be to come first for sure


def deal(ledger: Ledger, random_state: np.random.RandomState | None) -> None:
    """Deal what whole copies leave over, each to the folds that lack its traits most.

    With s the surpluses of a fold and p its share, Σ |s|² / p over folds, squares weighted by
    trait, is how uneven they are, and every copy goes where it adds least to that. Such a walk
    balances itself: surpluses do not grow with the number of rows. Parcels with the rarest traits
    go first, big groups too, since for them the choice is the narrowest; the common ones make good
    afterwards what these have left uneven.

    Parameters
    ----------
    ledger : Ledger
        As opened.
    random_state : RandomState or None
        For the order; None deals equals in the order of parcels.
    """
    left = ledger.copies - ledger.whole.sum(axis=1)
    size = ledger.table.power(2) @ ledger.weight
    if random_state is not None:
        size *= random_state.uniform(BLUR, 1, len(size))
    order = np.argsort(-size, kind="stable")
    order = order[left[order] > 0]
    length = max(SOME, DENSE // len(ledger.weight))
    for start in range(0, len(order), length):
        some = order[start : start + length]
        _deal_some(ledger, some, left[some])
    ledger.held += np.asarray((ledger.table.T @ ledger.extra).T)


def _deal_some(ledger: Ledger, parcels: Rows, left: Rows) -> None:
    """Deal `left` copies of each of the parcels to as many folds."""
    extra, per_share = ledger.extra, 1 / ledger.shares
    even = bool(np.ptp(ledger.shares) == 0)
    table = ledger.table[parcels]
    present = np.unique(table.indices)  # of thousands of traits perhaps a few
    surplus = ledger.surplus[:, present]
    traits = table[:, present].toarray()
    weighted = traits * ledger.weight[present]
    half = (traits * weighted).sum(axis=1) / 2
    each = zip(parcels.tolist(), traits, weighted, half.tolist(), left.tolist(), strict=True)
    for parcel, row, by_weight, square, n_copies in each:
        cost = surplus.dot(by_weight)
        if not even:
            cost = (cost + square) * per_share
        if n_copies == 1:
            fold = int(cost.argmin())
            total = surplus[fold]
            total += row
            extra[parcel, fold] = True
        else:
            folds = np.argpartition(cost, n_copies - 1)[:n_copies]
            surplus[folds] += row
            extra[parcel, folds] = True
    ledger.surplus[:, present] = surplus
