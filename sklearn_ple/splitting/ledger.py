"""Who holds what while parcels of rows are shared out among folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from sklearn_ple.splitting.traits import Floats, Rows

EXACT = 1e-9  # a share of rows that is whole but for rounding


@dataclass
class Ledger:
    """Parcels, folds, and what each fold holds so far.

    A parcel is a combination of labels, of whose rows each fold is given its whole share, so that
    less than a row per fold is left over; or a group of rows that stay together.

    Attributes
    ----------
    table : sparse array of shape (n_parcels, n_traits)
        How often a row, or a group, of each parcel has each trait.
    copies : ndarray of shape (n_parcels,)
        How many such rows there are; 1 for groups.
    shares : ndarray of shape (n_folds,)
        The part of everything that each fold is to have.
    weight : ndarray of shape (n_traits,)
        Of squared surpluses.
    need : ndarray of shape (n_folds, n_traits)
        What it costs if a fold has none.
    whole : ndarray of shape (n_parcels, n_folds)
        Copies that each fold is given beforehand.
    extra : ndarray of bool, shape (n_parcels, n_folds)
        Which folds are given one more.
    held : ndarray of shape (n_folds, n_traits)
        What each fold has of each trait.
    surplus : ndarray of shape (n_folds, n_traits)
        By how much that exceeds what it ought to have in the end.
    """

    table: csr_array
    copies: Rows
    shares: Floats
    weight: Floats
    need: Floats
    whole: Rows
    extra: NDArray[np.bool_]
    held: Floats
    surplus: Floats

    @classmethod
    def open(
        cls,
        table: csr_array,
        copies: Rows,
        shares: Floats,
        weight: Floats,
        need: Floats,
        nudge: Floats,
    ) -> Ledger:
        """Give every fold its whole copies.

        Parameters
        ----------
        table, copies, shares, weight, need
            As the attributes.
        nudge : ndarray of shape (n_folds, n_traits)
            What a fold is to have beyond its share; sums to zero over folds.
        """
        whole = np.floor(np.outer(copies, shares) + EXACT).astype(np.intp)
        held = np.asarray((table.T @ whole).T, dtype=np.float64)
        wanted = np.outer(shares, table.T @ copies) + nudge
        extra = np.zeros(whole.shape, dtype=bool)
        return cls(table, copies, shares, weight, need, whole, extra, held, held - wanted)

    @property
    def counts(self) -> Rows:
        """Copies (n_parcels, n_folds) of every parcel in every fold."""
        return self.whole + self.extra

    @property
    def bare(self) -> Floats:
        """What it costs (n_folds, n_traits) that folds have none of some traits."""
        return self.need * (self.held == 0)

    def movable(self, giver: int, taker: int) -> Rows:
        """Parcels of which the giver has one more than its whole copies, and the taker not."""
        return np.flatnonzero(self.extra[:, giver] & ~self.extra[:, taker])

    def move(self, parcel: int, traits: Floats, giver: int, taker: int) -> None:
        """One copy of a parcel, whose row of the table is `traits`, goes to another fold."""
        self.extra[parcel, giver], self.extra[parcel, taker] = False, True
        for change, fold in ((-traits, giver), (traits, taker)):
            self.held[fold] += change
            self.surplus[fold] += change
