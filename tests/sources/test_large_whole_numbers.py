"""Identifiers that are no floats stay apart, with gaps beside them or without, in every way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_rows import estimator, source

N = 120
BUFFERS = {"streamed": 40, "whole": 1_000}
IDS = [2**60 + i for i in range(1, 5)]
LARGE: dict[str, tuple[Any, list]] = {
    "beyond 2**53": (pa.int64(), IDS),
    "below -2**53": (pa.int64(), [-i for i in IDS]),
    "beyond 2**63": (pa.uint64(), [2**63 + 5, 2**63 + 6, 3]),
}


def _write(folder: Path, values: list, stored: Any, *, with_gaps: str | None = None) -> Path:
    """A column named id; some row groups of it, or all of them, have gaps."""
    ids = [values[i % len(values)] for i in range(N)]
    first = {"all": 0, "later": N // 2, None: N}[with_gaps]
    ids[first::7] = [None] * len(ids[first::7])
    rng = np.random.default_rng(0)
    table = {
        "id": pa.array(ids, stored),
        "age": rng.normal(size=N),
        "spent": [values.index(i) if i is not None else 1.5 for i in ids],
    }
    pq.write_table(pa.table(table), folder / "rows.parquet", row_group_size=30)
    return folder


@pytest.mark.parametrize("buffer_rows", BUFFERS.values(), ids=BUFFERS)
@pytest.mark.parametrize("with_gaps", [None, "later", "all"])
@pytest.mark.parametrize("name", LARGE)
def test_levels_are_exact(
    tmp_path: Path, name: str, with_gaps: str | None, buffer_rows: int
) -> None:
    stored, values = LARGE[name]
    rows = source(
        _write(tmp_path, values, stored, with_gaps=with_gaps),
        features=["id", "age"],
        targets="spent",
        buffer_rows=buffer_rows,
    )
    model = estimator(tasks=["regression"], categorical_features=["id"]).fit(rows)
    (ids,) = model._features.vocabularies
    assert ids.levels.tolist() == sorted(values)
    assert ids.has_missing == (with_gaps is not None)
    np.testing.assert_allclose(sum(ids.shares), 1)
    out = tmp_path / "answers"
    model.predict_to_parquet(rows, out, keep=["id"])
    answers = pq.read_table(out)
    assert answers["id"].to_pylist() == pq.read_table(tmp_path / "rows.parquet")["id"].to_pylist()


@pytest.mark.parametrize("buffer_rows", BUFFERS.values(), ids=BUFFERS)
def test_an_identifier_is_answered_as_one_whatever_lies_beside_it(
    tmp_path: Path, buffer_rows: int
) -> None:
    """The same rows get the same answer, from a row group with gaps and from one without."""
    rows = source(
        _write(tmp_path, IDS, pa.int64(), with_gaps="later"),
        features=["id"],
        targets="spent",
        buffer_rows=buffer_rows,
    )
    model = estimator(tasks=["regression"], categorical_features=["id"], max_epochs=5).fit(rows)
    model.predict_to_parquet(rows, tmp_path / "answers", keep=["id"])
    answers = pd.read_parquet(tmp_path / "answers", dtype_backend="pyarrow").dropna()
    assert (answers.groupby("id")["spent"].agg(np.ptp) < 1e-6).all()
    assert answers["spent"].round(5).nunique() == len(IDS)


def test_ids_on_both_sides_of_2_to_the_63(tmp_path: Path) -> None:
    """Integers without a type in common are levels nonetheless."""
    ids = [-7, 2**63 + 1, 2**63 + 2]
    for i, (stored, part) in enumerate([(pa.int64(), ids[:1]), (pa.uint64(), ids[1:])]):
        column = pa.array([part[j % len(part)] for j in range(40)], stored)
        table = pa.table({"id": column, "spent": np.arange(40.0)})
        pq.write_table(table, tmp_path / f"part-{i}.parquet")
    for buffer_rows in BUFFERS.values():
        rows = source(tmp_path, features=["id"], targets="spent", buffer_rows=buffer_rows)
        model = estimator(tasks=["regression"], categorical_features=["id"]).fit(rows)
        assert model._features.vocabularies[0].levels.tolist() == ids


@pytest.mark.parametrize("weight", [None, "w"], ids=["no weights", "some rows weigh nothing"])
@pytest.mark.parametrize("buffer_rows", BUFFERS.values(), ids=BUFFERS)
@pytest.mark.parametrize("name", LARGE)
def test_classes_are_exact(tmp_path: Path, name: str, buffer_rows: int, weight: str | None) -> None:
    stored, values = LARGE[name]
    labels = [values[i % len(values)] for i in range(N)]
    table = {"y": pa.array(labels, stored), "age": [values.index(y) for y in labels]}
    table["w"] = [float(i % 5 > 0) for i in range(N)]
    pq.write_table(pa.table(table), tmp_path / "rows.parquet", row_group_size=30)
    rows = source(tmp_path, features=["age"], targets="y", weight=weight, buffer_rows=buffer_rows)
    model = estimator(tasks=["multiclass"], lr=0.1, max_epochs=25, bottom_widths=(32,)).fit(rows)
    (task,) = model.tasks_
    assert task.classes_.tolist() == sorted(values)
    assert model.predict(pd.DataFrame({"age": table["age"]})).tolist() == labels
