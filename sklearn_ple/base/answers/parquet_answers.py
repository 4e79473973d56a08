"""Answers for rows in files, written to a file: a part of a row group at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_ple.sources import OpenSource, ParquetSource, RowGroup
from sklearn_ple.sources.common_types import as_types
from sklearn_ple.sources.frames import frame_of
from sklearn_ple.sources.group_reader import PASS_ROWS
from sklearn_ple.sources.located import located
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
    """Write what `predict_frame` says of every row, in the order of rows.

    Raises
    ------
    ValueError, TypeError
        If columns are not there, or not to be put together; the message names file and column.
    IsADirectoryError, FileNotFoundError
        If the path is a folder, or lies in none.
    """
    if isinstance(keep, str):
        raise ValueError(f"keep={keep!r} is one name; give a list of names.")
    # Here and not above, for it warns in a notebook that lacks widgets.
    from tqdm.auto import tqdm

    opened = _open(estimator, source)
    kept = opened.common_types(keep)
    n_rows = 0
    label = type(estimator).__name__
    with (
        TableWriter.at(Path(path)) as writer,
        tqdm(total=opened.n_stored, desc=label, unit="row", disable=not progress) as bar,
    ):

        def answer(group: RowGroup, batch: RecordBatch) -> int:
            with located(group):
                answers = estimator.predict_frame(frame_of(batch.select(opened.features)))
                columns = as_types(batch, kept)
            writer.write(columns, answers)
            return int(batch.num_rows)

        for group in opened.groups:
            batches = opened.batches(group, [*opened.features, *kept], PASS_ROWS)
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
