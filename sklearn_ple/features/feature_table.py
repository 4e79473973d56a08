"""`FeatureTable`: what fit learned of X, and the preparation of rows by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.features.columns import Columns
from sklearn_ple.features.knots import KnotRows, choose_knots
from sklearn_ple.features.numbers import Floats, QuantileNormal, Robust, Scaler, Standard
from sklearn_ple.features.vocabulary import Vocabulary
from sklearn_ple.nn.feature_encoder import EncoderSizes

NumericEncoding = Literal["piecewise_linear", "standard", "quantile"]
SCALERS: dict[str, type[Standard] | type[Robust] | type[QuantileNormal]] = {
    "piecewise_linear": Robust,
    "standard": Standard,
    "quantile": QuantileNormal,
}
MAX_ONE_HOT_LEVELS = 4
Prepared = dict[str, NDArray]
Codes = NDArray[np.int32] | Sequence[int]


@dataclass(frozen=True)
class FeatureTable:
    """Everything that turns columns into what a `FeatureEncoder` reads.

    All of it is computed in float64 on the CPU; only results are cast.

    Attributes
    ----------
    labels : list of str
        Of all columns, for messages.
    numeric, categorical : list of int
        Column positions.
    scaler : Scaler or None
        Of all numeric columns; None where there is none.
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
    scaler: Scaler | None
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
        present = [_present(numbers[:, j], missing[:, j], weight) for j in range(len(numeric))]
        knots = [
            choose_knots(values, w, n_quantile_knots, n_distinct_knots)
            for values, w in (present if encoding == "piecewise_linear" else [])
        ]
        vocabularies = [
            Vocabulary.fit(columns.labels[i], *columns.levels(i), weight) for i in categorical
        ]
        return cls(
            columns.labels,
            numeric,
            list(categorical),
            SCALERS[encoding].fit(present) if present else None,
            np.asarray(missing.any(axis=0)),
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
        codes = [
            vocabulary.encode(*columns.levels(i))
            for i, vocabulary in zip(self.categorical, self.vocabularies, strict=True)
        ]
        return self.assemble(columns.numbers(self.numeric), codes, dtype)

    def assemble(
        self,
        numbers: Floats,
        codes: Sequence[Codes],
        dtype: type[np.floating] = np.float32,
    ) -> Prepared:
        """What `prepare` gives, out of numbers (n, p) and each vocabulary's codes (n,).

        Numbers are NaN where missing, and overwritten.
        """
        missing = np.isnan(numbers)
        prepared: Prepared = self._locate(numbers, missing, dtype) if self.knots else {}
        prepared["numbers"] = self.scale(numbers, missing, dtype)
        for name, group in (("small_codes", self.small), ("codes", self.large)):
            if group:
                prepared[name] = self._stack([codes[j] for j in group], group)
        return prepared

    def sizes(self) -> EncoderSizes:
        """The arguments of `FeatureEncoder` that follow from what fit saw."""
        n_missing = int(self.has_missing.sum())
        return {
            "n_numbers": len(self.numeric) + (0 if self.knots else n_missing),
            "n_knots": [len(each) for each in self.knots],
            "n_missing": n_missing if self.knots else 0,
            "one_hot": [self.vocabularies[j].shares for j in self.small],
            "embedded": [self.vocabularies[j].shares for j in self.large],
        }

    def scale(
        self, numbers: Floats, missing: NDArray[np.bool_], dtype: type[np.floating]
    ) -> NDArray:
        """Scaled numbers (n, p) and indicators of missing ones; overwrites `numbers`.

        Raises
        ------
        ValueError
            If a number is beyond `dtype` after scaling.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = self.scaler.transform(numbers) if self.scaler else numbers
            if missing.any():
                scaled[missing] = 0.0
            scaled = scaled.astype(dtype)
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
        centers = self.scaler.center if self.scaler else np.zeros(0)
        rows, fractions = self._knot_rows.locate(np.where(missing, centers, numbers))
        absent = missing & self.has_missing
        if absent.any():
            after = len(self._knot_rows.left) + np.cumsum(self.has_missing) - 1
            rows, fractions = np.where(absent, after, rows), np.where(absent, 0.0, fractions)
        return {"bins": rows.astype(np.int32), "fractions": fractions.astype(dtype)}

    @cached_property
    def _knot_rows(self) -> KnotRows:
        return KnotRows.of(self.knots)

    def __getstate__(self) -> dict[str, Any]:
        """Without what follows from the rest."""
        return {name: value for name, value in vars(self).items() if name != "_knot_rows"}

    def _stack(self, codes: list[Codes], group: list[int]) -> NDArray[np.int32]:
        """Codes as rows of one table of all levels, after which come the unseen rows."""
        counts = np.array([self.vocabularies[j].n_codes for j in group], dtype=np.int32)
        ends = np.cumsum(counts, dtype=np.int32)
        unseen = ends[-1] + np.arange(len(group), dtype=np.int32)
        stacked = np.array(codes, dtype=np.int32).T
        return np.where(stacked == counts, unseen, stacked + (ends - counts))


def _present(values: Floats, missing: NDArray[np.bool_], weight: Floats) -> tuple[Floats, Floats]:
    """Present values of one column with their weights; a lone zero where there are none."""
    if missing.all():
        return np.zeros(1), np.ones(1)
    return (values[~missing], weight[~missing]) if missing.any() else (values, weight)
