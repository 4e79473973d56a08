"""`Bins`: many weighted numbers as a few groups of neighbours, each with its mean and variance."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bins:
    """Groups of numbers, by ascending mean.

    Whatever is merged or compressed, weight, mean and variance of all numbers together stay those
    of the numbers themselves, but for rounding.

    Attributes
    ----------
    weight, mean : ndarray of shape (n_bins,)
    squares : ndarray of shape (n_bins,)
        Weighted sum of squared distances from the mean; exactly zero where all numbers are equal.
    highest : ndarray of shape (n_bins,)
        The largest number in each.
    """

    weight: Floats
    mean: Floats
    squares: Floats
    highest: Floats

    @classmethod
    def of(cls, values: Floats, weight: Floats) -> Bins:
        """One group for each of some distinct numbers, in ascending order."""
        return cls(weight, values, np.zeros(len(values)), values)

    def __len__(self) -> int:
        return len(self.weight)

    def merged(self, other: Bins) -> Bins:
        """The groups of both."""
        columns = [
            np.concatenate([getattr(self, field.name), getattr(other, field.name)])
            for field in fields(self)
        ]
        order = np.argsort(columns[1], kind="stable")
        return Bins(*(column[order] for column in columns))

    def compressed(self, n_bins: int) -> Bins:
        """Neighbours put together, to groups of less than twice the weight of one in `n_bins`.

        A single number that is heavier than that keeps a group of its own.
        """
        step = self.weight.sum() / n_bins
        middle = np.cumsum(self.weight) - self.weight / 2
        place, heavy = np.floor(middle / step), self.weight >= step
        parted = (np.diff(place) != 0) | heavy[1:] | heavy[:-1]
        single = self.squares == 0
        parted &= ~(single[1:] & single[:-1] & (np.diff(self.mean) == 0))
        starts = np.flatnonzero(np.append(True, parted))
        group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(self))))
        weight = np.add.reduceat(self.weight, starts)
        first = self.mean[starts]  # distances from it are exactly zero where all are equal
        away = np.add.reduceat(self.weight * (self.mean - first[group]), starts) / weight
        mean = first + away
        with np.errstate(over="ignore"):
            squares = self.squares + self.weight * (self.mean - mean[group]) ** 2
            squares = np.add.reduceat(squares, starts)
        return Bins(weight, mean, squares, np.maximum.reduceat(self.highest, starts))

    def two_points(self) -> tuple[Floats, Floats]:
        """Numbers and weights with each group's weight, mean and variance, within its range.

        A group becomes its largest number and one below its mean.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            variance, above = self.squares / self.weight, self.highest - self.mean
            low = self.mean - variance / above
            share = variance / (variance + above**2)
        spread = np.isfinite(low) & np.isfinite(share) & (variance > 0) & (above > 0)
        low, share = np.where(spread, low, self.mean), np.where(spread, share, 0.0)
        values = np.concatenate([low, self.highest[spread]])
        weight = np.concatenate([self.weight * (1 - share), (self.weight * share)[spread]])
        return values, weight
