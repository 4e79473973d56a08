"""Answers for rows in files, written to a file: a part of a row group at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_ple.sources import OpenSource, ParquetSource
from sklearn_ple.sources.open_source import PASS_ROWS, RowGroup, frame_of, located
from sklearn_ple.sources.writing import TableWriter

if TYPE_CHECKING:
    from pyarrow import RecordBatch

    from sklearn_ple.base.predictor import Predictor


def write_answers(
    estimator: Predictor,
    source: ParquetSource,
    path: str | os.PathLike[str],
    *,
    keep: Sequence[str],
    progress: bool,
) -> None:
    """Write what `predict_frame` says of every row, in the order of rows."""
    # Here and not above, for it warns in a notebook that lacks widgets.
    from tqdm.auto import tqdm

    opened = _open(estimator, source)
    n_rows = 0
    label = type(estimator).__name__
    with (
        TableWriter.at(Path(path)) as writer,
        tqdm(total=opened.n_stored, desc=label, unit="row", disable=not progress) as bar,
    ):

        def answer(group: RowGroup, batch: RecordBatch) -> int:
            with located(group):
                answers = estimator.predict_frame(frame_of(batch.select(opened.features)))
            writer.write({name: batch.column(name) for name in keep}, answers)
            return int(batch.num_rows)

        for group in opened.groups:
            batches = opened.batches(group, [*opened.features, *keep], PASS_ROWS)
            # By map, which lets go of a batch before it asks for the next one.
            for n_answered in map(partial(answer, group), batches):
                n_rows += n_answered
                bar.update(n_answered)
        opened.require_rows(n_rows)


def _open(estimator: Predictor, source: ParquetSource) -> OpenSource:
    """The files, asked for the features of the fit and for no labels."""
    names = source.features or getattr(estimator, "feature_names_in_", None)
    if names is not None:
        source = replace(source, features=tuple(names), targets=None, weight=None)
    opened = OpenSource(source)
    estimator._checked(opened.no_rows(), reset=False, minimum=0)
    return opened
