"""`Vocabulary`: the levels of one categorical feature, as fit saw them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features.levels import are_text


@dataclass(frozen=True)
class Vocabulary:
    """Levels with a code each; a missing value is a level if fit saw one.

    Attributes
    ----------
    label : str
        The column, for messages.
    levels : ndarray of shape (n_levels,)
        Sorted; all text or all numbers, as `uniform` gives them.
    has_missing : bool
        Whether missing values have the code `n_levels`.
    shares : tuple of float
        Weighted share of training rows in each code.
    has_rare : bool
        Whether the last code is of all levels that were too rare for one of their own. A level that
        fit never saw is rarer still, and has it too.
    """

    label: str
    levels: NDArray
    has_missing: bool
    shares: tuple[float, ...]
    has_rare: bool = False

    @classmethod
    def fit(
        cls, label: str, codes: NDArray[np.intp], levels: NDArray, weight: NDArray[np.float64]
    ) -> Vocabulary:
        """Keep the levels that occur; codes (n,) point into levels, -1 is missing."""
        totals = np.bincount(codes + 1, weights=weight, minlength=len(levels) + 1)
        seen = np.bincount(codes + 1, minlength=len(levels) + 1) > 0
        order = np.flatnonzero(seen[1:])
        order = order[np.argsort(levels[order], kind="stable")]
        shares = totals[1:][order] / totals.sum()
        if seen[0]:
            shares = np.append(shares, totals[0] / totals.sum())
        return cls(label, levels[order], bool(seen[0]), tuple(shares.tolist()))

    @property
    def n_codes(self) -> int:
        return len(self.shares)

    def encode(self, codes: NDArray[np.intp], levels: NDArray) -> NDArray[np.int32]:
        """Codes of a new column, shape (n,); `n_codes` stands for a level fit never saw.

        Raises
        ------
        ValueError
            If the column was text at fit and is numbers now, or the reverse.
        """
        if len(levels) and len(self.levels) and are_text(levels) != self.is_text:
            was, now = ("text", "numbers") if self.is_text else ("numbers", "text")
            raise ValueError(
                f"{self.label} held categories that are {was} at fit and holds {now} now; no level "
                f"can be recognised. Convert it to the type it had at fit."
            )
        code_of, new = self._code_of, self._code_of_new
        table = [*(code_of.get(level, new) for level in levels.tolist()), self.code_of_missing]
        return np.array(table, dtype=np.int32)[codes]

    def code(self, level: Hashable) -> int:
        """The code of one level that is of the type it had at fit."""
        return self._code_of.get(level, self._code_of_new)

    @property
    def code_of_missing(self) -> int:
        """The code of a missing value."""
        return len(self.levels) if self.has_missing else self.n_codes

    @property
    def _code_of_new(self) -> int:
        return self.n_codes - self.has_rare

    @cached_property
    def _code_of(self) -> dict[Hashable, int]:
        return {level: code for code, level in enumerate(self.levels.tolist())}

    def __getstate__(self) -> dict[str, Any]:
        """Without what follows from the rest."""
        return {name: value for name, value in vars(self).items() if name != "_code_of"}

    @property
    def is_text(self) -> bool:
        return are_text(self.levels)
