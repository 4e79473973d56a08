"""`FeatureTable`: what fit learned of X, and the preparation of rows by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features.columns import Columns
from sklearn_ple.features.knots import choose_knots, locate
from sklearn_ple.features.numbers import Floats, QuantileNormal, Robust, Scaler, Standard
from sklearn_ple.features.vocabulary import Vocabulary

NumericEncoding = Literal["piecewise_linear", "standard", "quantile"]
SCALERS: dict[str, type[Standard] | type[Robust] | type[QuantileNormal]] = {
    "piecewise_linear": Robust,
    "standard": Standard,
    "quantile": QuantileNormal,
}
MAX_ONE_HOT_LEVELS = 4
Prepared = dict[str, NDArray]


@dataclass(frozen=True)
class FeatureTable:
    """Everything that turns columns into what a `FeatureEncoder` reads.

    All of it is computed in float64 on the CPU; only results are cast.

    Attributes
    ----------
    numeric, categorical : list of int
        Column positions.
    scalers : list
        One for each numeric column.
    has_missing : ndarray of bool
        Numeric columns in which fit saw a missing value.
    knots : list of ndarray
        One for each numeric column; empty unless they are piecewise-linear encoded.
    vocabularies : list of Vocabulary
        One for each categorical column.
    """

    labels: list[str]
    numeric: list[int]
    categorical: list[int]
    scalers: list[Scaler]
    has_missing: NDArray[np.bool_]
    knots: list[Floats]
    vocabularies: list[Vocabulary]
    small: list[int] = field(init=False)
    large: list[int] = field(init=False)

    def __post_init__(self) -> None:
        for name, wanted in (("small", True), ("large", False)):
            chosen = [
                j
                for j, vocabulary in enumerate(self.vocabularies)
                if (vocabulary.n_codes <= MAX_ONE_HOT_LEVELS) is wanted
            ]
            object.__setattr__(self, name, chosen)

    @classmethod
    def fit(
        cls,
        columns: Columns,
        weight: Floats,
        *,
        categorical: Sequence[int],
        encoding: NumericEncoding = "piecewise_linear",
        n_quantile_knots: int = 64,
        n_distinct_knots: int = 256,
    ) -> FeatureTable:
        """Learn scales, knots and levels from rows with weights (n,)."""
        numeric = [i for i in range(len(columns.labels)) if i not in set(categorical)]
        numbers = columns.numbers(numeric)
        missing = np.isnan(numbers)
        scalers: list[Scaler] = []
        knots: list[Floats] = []
        for j in range(len(numeric)):
            present = ~missing[:, j]
            values, w = (numbers[present, j], weight[present]) if present.any() else _NOTHING
            scalers.append(SCALERS[encoding].fit(values, w))
            if encoding == "piecewise_linear":
                knots.append(choose_knots(values, w, n_quantile_knots, n_distinct_knots))
        vocabularies = [
            Vocabulary.fit(columns.labels[i], *columns.levels(i), weight) for i in categorical
        ]
        return cls(
            columns.labels,
            numeric,
            list(categorical),
            scalers,
            missing.any(axis=0),
            knots,
            vocabularies,
        )

    def prepare(self, columns: Columns, dtype: type[np.floating] = np.float32) -> Prepared:
        """Rows as the tensors-to-be of `FeatureEncoder.forward`, each (n, …).

        Raises
        ------
        ValueError
            If a number is infinite, or beyond `dtype` after scaling, or a category has changed
            its type since fit.
        """
        numbers = columns.numbers(self.numeric)
        missing = np.isnan(numbers)
        prepared: Prepared = {"numbers": self._scale(numbers, missing, dtype)}
        if self.knots:
            prepared |= self._locate(numbers, missing, dtype)
        codes = [
            vocabulary.encode(*columns.levels(i))
            for i, vocabulary in zip(self.categorical, self.vocabularies, strict=True)
        ]
        for name, group in (("small_codes", self.small), ("codes", self.large)):
            if group:
                prepared[name] = self._stack([codes[j] for j in group], group)
        return prepared

    def sizes(self) -> dict[str, object]:
        """The arguments of `FeatureEncoder` that follow from what fit saw."""
        n_missing = int(self.has_missing.sum())
        return {
            "n_numbers": len(self.numeric) + (0 if self.knots else n_missing),
            "n_knots": [len(each) for each in self.knots],
            "n_missing": n_missing if self.knots else 0,
            "one_hot": [self.vocabularies[j].shares for j in self.small],
            "embedded": [self.vocabularies[j].shares for j in self.large],
        }

    def _scale(
        self, numbers: Floats, missing: NDArray[np.bool_], dtype: type[np.floating]
    ) -> NDArray:
        scaled = np.zeros(numbers.shape, dtype=dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for j, scaler in enumerate(self.scalers):
                scaled[:, j] = np.where(missing[:, j], 0.0, scaler.transform(numbers[:, j]))
        if not np.isfinite(scaled).all():
            column = self.labels[self.numeric[int((~np.isfinite(scaled)).any(axis=0).argmax())]]
            raise ValueError(
                f"{column} holds a value too large for {np.dtype(dtype).name} even after scaling."
            )
        if self.knots:
            return scaled
        return np.hstack([scaled, missing[:, self.has_missing].astype(dtype)])

    def _locate(
        self, numbers: Floats, missing: NDArray[np.bool_], dtype: type[np.floating]
    ) -> Prepared:
        bins = np.empty(numbers.shape, dtype=np.int32)
        fractions = np.empty(numbers.shape, dtype=dtype)
        n_knots = [len(each) for each in self.knots]
        starts = np.cumsum([0, *n_knots])
        absent = starts[-1] + np.cumsum(self.has_missing) - 1
        for j, (knots, scaler) in enumerate(zip(self.knots, self.scalers, strict=True)):
            values = np.where(missing[:, j], scaler.center, numbers[:, j])
            bins[:, j], fractions[:, j] = locate(values, knots)
            bins[:, j] += starts[j]
            if self.has_missing[j]:
                bins[missing[:, j], j] = absent[j]
                fractions[missing[:, j], j] = 0
        return {"bins": bins, "fractions": fractions}

    def _stack(self, codes: list[NDArray[np.int32]], group: list[int]) -> NDArray[np.int32]:
        """Codes as rows of one table of all levels, after which come the unseen rows."""
        counts = [self.vocabularies[j].n_codes for j in group]
        starts = np.cumsum([0, *counts])
        unseen = starts[-1] + np.arange(len(group))
        stacked = [
            np.where(each == count, row, each + start)
            for each, count, start, row in zip(codes, counts, starts[:-1], unseen, strict=True)
        ]
        return np.column_stack(stacked).astype(np.int32)


_NOTHING = (np.zeros(1), np.ones(1))
