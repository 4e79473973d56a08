"""The second of two steps of a split: folds exchange parcels as long as that evens them out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.splitting.ledger import Ledger
from sklearn_ple.splitting.traits import Floats, Rows

PASSES, PAIRS = 5, 100  # over the folds, and pairs of folds in each
POOL, BEST = 1_500, 128  # parcels of a fold to look at, and those of them to try with each other
POOL_NUMBERS = 2**21
SWAPS = 50  # of a pair of folds in each pass
BARE = 1e6  # outweighs any balance
GAIN = 1e-12
UNEQUAL = 1.5  # a difference of two rows, which one row less and one more make good


def level(ledger: Ledger, random_state: np.random.RandomState) -> None:
    """Move single copies until the numbers of rows are as equal, or exact, as they can be."""
    while True:
        sizes = ledger.surplus[:, -1]
        giver, taker = int(sizes.argmax()), int(sizes.argmin())
        pool = Pool.draw(ledger, giver, taker, random_state)
        if sizes[giver] - sizes[taker] < UNEQUAL or not pool.parcels:
            return
        change, _, bared = _changes(ledger, pool, _lean(ledger, giver, taker), giver, taker)
        best = int((change + BARE * bared).argmin())
        ledger.move(pool.parcels[best], pool.traits[best], giver, taker)


def exchange(ledger: Ledger, random_state: np.random.RandomState, *, one_way: bool) -> None:
    """Swap copies between pairs of folds while that brings them closer to their shares.

    First of all no fold may lack what it could have (`Ledger.need`).

    Parameters
    ----------
    ledger : Ledger
        After `deal`.
    random_state : RandomState
        For the order of folds, and for the parcels to look at where there are many.
    one_way : bool
        Whether one may give and get nothing: folds of groups have no exact size.
    """
    for _ in range(PASSES):
        n_swaps = 0
        for giver, taker in _pairs(ledger, random_state):
            pools = [Pool.draw(ledger, giver, taker, random_state)]
            pools.append(Pool.draw(ledger, taker, giver, random_state))
            if one_way:
                pools = [pool.with_nothing() for pool in pools]
            n_swaps += _swap(ledger, giver, taker, *pools)
        if not n_swaps:
            return


@dataclass
class Pool:
    """Parcels that a fold could give away.

    Attributes
    ----------
    parcels : list of int
        Their numbers; -1 for nothing.
    traits : ndarray of shape (n_pool, n_traits)
    gone : ndarray of bool, shape (n_pool,)
        Those already given.
    """

    parcels: list[int]
    traits: Floats
    gone: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.gone = np.zeros(len(self.parcels), dtype=bool)

    @classmethod
    def draw(
        cls, ledger: Ledger, giver: int, taker: int, random_state: np.random.RandomState
    ) -> Pool:
        """What the giver may give the taker; a sample where that is much."""
        parcels = ledger.movable(giver, taker)
        size = min(POOL, max(BEST, POOL_NUMBERS // len(ledger.weight)))
        if len(parcels) > size:
            parcels = np.sort(random_state.choice(parcels, size, replace=False))
        return cls(parcels.tolist(), ledger.table[parcels].toarray())

    def with_nothing(self) -> Pool:
        """The same and the choice to give nothing."""
        nothing = np.zeros((1, self.traits.shape[1]))
        return Pool([*self.parcels, -1], np.vstack([self.traits, nothing]))

    def give(self, ledger: Ledger, index: int, giver: int, taker: int) -> None:
        """Hand one over."""
        if self.parcels[index] >= 0:
            ledger.move(self.parcels[index], self.traits[index], giver, taker)
            self.gone[index] = True


def _pairs(ledger: Ledger, random_state: np.random.RandomState) -> Rows:
    """Pairs of folds, in random order, those that lack something first."""
    n_folds = len(ledger.shares)
    pairs = random_state.permutation(np.column_stack(np.triu_indices(n_folds, 1)))
    bare = ledger.bare.sum(axis=1)
    return pairs[np.argsort(-bare[pairs].sum(axis=1), kind="stable")][:PAIRS]


def _swap(ledger: Ledger, giver: int, taker: int, mine: Pool, theirs: Pool) -> int:
    """The best swaps between two folds; returns how many."""
    for n_swaps in range(SWAPS):
        if mine.gone.all() or theirs.gone.all():
            return n_swaps
        gain, i, j = _best_swap(ledger, giver, taker, mine, theirs)
        if gain < GAIN:
            return n_swaps
        mine.give(ledger, i, giver, taker)
        theirs.give(ledger, j, taker, giver)
    return SWAPS


def _best_swap(
    ledger: Ledger, giver: int, taker: int, mine: Pool, theirs: Pool
) -> tuple[float, int, int]:
    """By how much a swap evens the two folds out, and which of `mine` and `theirs` that is."""
    lean = _lean(ledger, giver, taker)
    change, last, bared = _changes(ledger, mine, lean, giver, taker)
    change_back, last_back, bared_back = _changes(ledger, theirs, -lean, taker, giver)
    some = np.argsort(change + BARE * bared, kind="stable")[:BEST]
    other = np.argsort(change_back + BARE * bared_back, kind="stable")[:BEST]
    a, b = mine.traits[some], theirs.traits[other]
    # What both have goes and comes: it neither moves nor lays bare.
    both = 2 * _per_share(ledger, giver, taker) * (a * ledger.weight) @ b.T
    change = change[some][:, None] + change_back[other] - both
    kept = (last[some] * ledger.need[giver]) @ (b > 0).T
    kept += (a > 0) @ (last_back[other] * ledger.need[taker]).T
    change += BARE * (bared[some][:, None] + bared_back[other] - kept)
    i, j = np.unravel_index(int(change.argmin()), change.shape)
    return -float(change[i, j]), int(some[i]), int(other[j])


def _lean(ledger: Ledger, giver: int, taker: int) -> Floats:
    """The direction (n_traits,) in which one fold has more than the other."""
    giver_part = ledger.surplus[giver] / ledger.shares[giver]
    return ledger.weight * (giver_part - ledger.surplus[taker] / ledger.shares[taker])


def _per_share(ledger: Ledger, giver: int, taker: int) -> float:
    return float(1 / ledger.shares[giver] + 1 / ledger.shares[taker])


def _changes(
    ledger: Ledger, pool: Pool, lean: Floats, giver: int, taker: int
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """What giving each of a pool (n_pool,) does.

    Returns
    -------
    change : ndarray of shape (n_pool,)
        Of the unevenness; infinite for those gone.
    last : ndarray of bool, shape (n_pool, n_traits)
        Which traits would leave the giver with none.
    bared : ndarray of shape (n_pool,)
        Change of what it costs that the two folds lack something.
    """
    traits = pool.traits
    square = (traits**2) @ ledger.weight * _per_share(ledger, giver, taker)
    change = np.where(pool.gone, np.inf, square - 2 * traits @ lean)
    last = (traits > 0) & (traits == ledger.held[giver])
    bared = last @ ledger.need[giver] - (traits > 0) @ ledger.bare[taker]
    return change, last, bared
