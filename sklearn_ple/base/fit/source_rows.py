"""`SourceRows`: rows in files, to learn from in passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from sklearn_ple.base.fit.building import starting_outputs
from sklearn_ple.base.fit.encoding import EncodingOptions
from sklearn_ple.base.fit.inputs import apply_class_weight, units_of
from sklearn_ple.base.fit.material import Material, float_of
from sklearn_ple.base.fit.memory_rows import check_rows_of
from sklearn_ple.base.fit.rows import Rows
from sklearn_ple.base.fit.source_survey import Survey
from sklearn_ple.base.fit.target_summary import summarise
from sklearn_ple.features import FeatureTable
from sklearn_ple.sources import OpenSource, StreamedRows
from sklearn_ple.sources.group_reader import PASS_ROWS
from sklearn_ple.sources.located import located
from sklearn_ple.training import Batch, MultiTaskNet, TensorData, dtype_of

if TYPE_CHECKING:
    from sklearn_ple.base.fit.fitting import Fitting

Floats = NDArray[np.float64]


class SourceRows(Material):
    """Rows of a source, read anew in every pass.

    Parameters
    ----------
    fitting : Fitting
    source : OpenSource
    held_out : OpenSource or None
        To stop by; with None they are rows of `source`, drawn one by one.
    minimum : int
        Least number of rows.
    """

    def __init__(
        self,
        fitting: Fitting,
        source: OpenSource,
        held_out: OpenSource | None = None,
        *,
        minimum: int,
    ) -> None:
        super().__init__(fitting)
        self.source, self.held_out, self.minimum = source, held_out, minimum
        self.columns = source.no_rows()
        self.is_1d = isinstance(source.source.targets, str)

    def fingerprint(self) -> dict[str, str]:
        if self.held_out is None:
            return self.source.fingerprint("X") | {"X_val": "not given"}
        return self.source.fingerprint("X") | self.held_out.fingerprint("X_val")

    def settle(self) -> None:
        self._survey = Survey(self.fitting, self.source, self.held_out, self.minimum)
        self.task_set, self.n_rows = self._survey.task_set, self._survey.n_train
        self.holds_out = self._survey.n_valid > 0
        if self.held_out is None and self.fitting.wants_pilot(self._survey.n_rows):
            X, y, weight = self.source.whole()
            self.fitting.pilot(check_rows_of(self.source.columns(X), y, weight))

    def features(self, options: EncodingOptions) -> FeatureTable:
        digest = self._survey.features
        assert digest is not None, "a fit that goes on keeps the features it has"
        return digest.table(
            encoding=options["encoding"],
            n_quantile_knots=options["n_quantile_knots"],
            n_distinct_knots=options["n_distinct_knots"],
        )

    def label_share(self) -> Floats:
        return self._survey.label_share

    def starting_outputs(self) -> Floats:
        return starting_outputs(self.params["class_weight"], *self._survey.labels, self.task_set)

    def train(self, net: MultiTaskNet) -> StreamedRows:
        weights = self._weights_of_classes()
        return self._streamed(net, self.source, self._survey.n_train, False, weights)

    def valid(self, net: MultiTaskNet) -> StreamedRows | None:
        n_rows = self._survey.n_valid
        if not n_rows:
            return None
        if self.held_out is None:
            return self._streamed(net, self.source, n_rows, True, None)
        return self._streamed(net, self.held_out, n_rows, False, None)

    def summary(self, earlier: pd.DataFrame | None) -> pd.DataFrame:
        targets, counts = self._survey.given
        return summarise(self.task_set, targets, earlier, counts=counts, n_rows=self._survey.n_rows)

    def _weights_of_classes(self) -> dict[str, dict[Any, float]] | None:
        """The class weights of all rows, for rows that come in parts."""
        class_weight = self.params["class_weight"]
        if class_weight is None:
            return None
        targets, weight = self._survey.labels
        encoded = self.task_set.encode(targets)
        weighed = apply_class_weight(class_weight, self.task_set, encoded, weight)
        factors = {}
        for k, task in enumerate(self.task_set):
            if task.classes_ is None:
                continue
            present = weight[:, k] > 0
            labels = task.classes_[encoded[present, k].astype(int)].tolist()
            each = weighed[present, k] / weight[present, k]
            factors[task.name_] = dict(zip(labels, each.tolist(), strict=True))
        return factors

    def _streamed(
        self,
        net: MultiTaskNet,
        source: OpenSource,
        n_rows: int,
        held_out: bool,
        class_weight: Mapping[str, Any] | None,
    ) -> StreamedRows:
        table, dtype = net.module_.encoder.features, dtype_of(net.precision)
        into, float_type = torch.device("cpu"), float_of(net)
        units = units_of(self._survey.label_weight)

        def encoded(rows: Rows) -> Batch:
            rows = self._survey.completed(rows)
            labels = self.task_set.encode(rows.targets)
            weight = apply_class_weight(class_weight, self.task_set, labels, rows.weight) * units
            features = table.prepare(rows.columns, float_type)
            data = TensorData.from_arrays(features, labels, weight, dtype=dtype, device=into)
            return data.X, data.y

        return StreamedRows(
            n_rows,
            len(source.groups),
            self._reader(source, held_out, encoded),
            buffer_rows=source.source.buffer_rows,
            at_once=source.groups_at_once,
        )

    def _reader(
        self, source: OpenSource, held_out: bool, encoded: Callable[[Rows], Batch]
    ) -> Callable[[int, int], Iterator[Batch]]:
        def read(group: int, n_rows: int = PASS_ROWS) -> Iterator[Batch]:
            def part(read: tuple[Rows, NDArray[np.bool_]]) -> Batch | None:
                rows, is_held_out = read
                with located(source.groups[group]):
                    kept = rows.where(is_held_out == held_out).weighed()
                    return encoded(kept) if len(kept.weight) else None

            return filter(None, map(part, self._survey.rows(source, group, n_rows)))

        return read
