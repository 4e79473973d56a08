"""What holds of rows in files, be they read whole or streamed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parquet_rows import FEATURES, TARGETS, estimator, make_rows, source, write

from sklearn_ple import ParquetSource

ROWS = make_rows()
BUFFERS = {"streamed": 30, "whole": 1_000}


@pytest.mark.parametrize("weight", ["w", ["w"]], ids=["a name", "a list of one"])
@pytest.mark.parametrize("buffer_rows", BUFFERS.values(), ids=BUFFERS)
def test_one_weight_for_several_targets(tmp_path: Path, weight: Any, buffer_rows: int) -> None:
    write(tmp_path, ROWS)
    got = estimator().fit(source(tmp_path, weight=weight, buffer_rows=buffer_rows))
    expected = estimator().fit(ROWS[FEATURES], ROWS[TARGETS], ROWS["w"])
    for one, other in zip(got.tasks_, expected.tasks_, strict=True):
        np.testing.assert_allclose(one.baseline_, other.baseline_)
    spent = (model.predict_frame(ROWS[FEATURES])["spent"] for model in (got, expected))
    np.testing.assert_allclose(*spent, rtol=1e-3)


@pytest.mark.parametrize("buffer_rows", BUFFERS.values(), ids=BUFFERS)
def test_a_fit_on_all_columns_goes_on(tmp_path: Path, buffer_rows: int) -> None:
    """Those of the first fit, though the files have got more since."""
    write(tmp_path, ROWS[["age", "colour", "spent"]])
    rows = ParquetSource(tmp_path, targets=["spent"], buffer_rows=buffer_rows)
    again = estimator(tasks=["regression"]).partial_fit(rows)
    warm = estimator(tasks=["regression"], warm_start=True).fit(rows)
    write(tmp_path, ROWS[["id", "age", "colour", "spent"]])
    for model in (again.partial_fit(rows), warm.fit(rows)):
        assert model.feature_names_in_.tolist() == ["age", "colour"]
    memory = estimator(tasks=["regression"], warm_start=True)
    for _ in range(2):
        memory.fit(ROWS[["age", "colour"]], ROWS[["spent"]])
    expected = memory.predict_frame(ROWS[["age", "colour"]])
    got = warm.predict_frame(ROWS[["age", "colour"]])
    np.testing.assert_allclose(got["spent"], expected["spent"], rtol=1e-3)


def test_levels_are_all_learned_where_rows_are_read_whole(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    rows = source(tmp_path, max_categories=2, buffer_rows=BUFFERS["whole"])
    colours, _ = estimator().fit(rows)._features.vocabularies
    assert len(colours.levels) == 5
    assert not colours.has_rare
