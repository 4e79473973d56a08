"""Answers in a file are those in memory, row for row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parquet_rows import FEATURES, TARGETS, N, estimator, make_rows, write

from sklearn_ple import ParquetSource

ROWS = make_rows()


@pytest.fixture(scope="module")
def model():
    return estimator().fit(ROWS[FEATURES], ROWS[TARGETS])


@pytest.mark.parametrize(
    "options",
    [{}, {"features": FEATURES}, {"targets": TARGETS, "weight": "w"}],
    ids=["nothing named", "features", "as for fit"],
)
def test_it_is_the_frame_of_answers(model, tmp_path: Path, options) -> None:
    write(tmp_path, ROWS)
    path = tmp_path / "out" / "answers.parquet"
    path.parent.mkdir()
    model.predict_to_parquet(
        ParquetSource(tmp_path, **options), path, keep=["id", "town", "colour"]
    )
    got = pd.read_parquet(path)
    assert got["id"].tolist() == list(range(N))
    assert got["town"].fillna("").tolist() == ROWS["town"].fillna("").tolist()
    assert got["colour"].astype(str).tolist() == ROWS["colour"].astype(str).tolist()
    expected = model.predict_frame(ROWS[FEATURES])
    pd.testing.assert_frame_equal(got[expected.columns], expected, check_dtype=False, rtol=1e-6)


def test_labels_need_not_be_there(model, tmp_path: Path) -> None:
    write(tmp_path, ROWS.drop(columns=TARGETS))
    out = tmp_path / "answers.out"
    model.predict_to_parquet(ParquetSource(tmp_path), out)
    assert len(pd.read_parquet(out)) == N


def test_only_rows_that_pass_the_filter(model, tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    out = tmp_path / "answers.out"
    model.predict_to_parquet(ParquetSource(tmp_path, filter=[("id", "<", 57)]), out, keep=["id"])
    assert pd.read_parquet(out)["id"].tolist() == list(range(57))


def test_a_calibrated_model_answers_calibrated(tmp_path: Path) -> None:
    model = estimator().fit(ROWS[FEATURES], ROWS[TARGETS])
    plain = model.predict_frame(ROWS[FEATURES])
    model.calibrate(ROWS[FEATURES], ROWS[TARGETS], method="sigmoid")
    write(tmp_path, ROWS)
    out = tmp_path / "answers.out"
    model.predict_to_parquet(ParquetSource(tmp_path), out)
    got = pd.read_parquet(out)["bought=1.0"]
    np.testing.assert_allclose(got, model.predict_frame(ROWS[FEATURES])["bought=1.0"], rtol=1e-6)
    assert not np.allclose(got, plain["bought=1.0"])


def test_a_file_is_whole_or_not_there(model, tmp_path: Path) -> None:
    """An answer that was there stays, and nothing is left beside it."""
    write(tmp_path, ROWS)
    part = pd.read_parquet(tmp_path / "part-2.parquet")
    part["income"] = np.where(np.arange(len(part)) > 100, np.inf, part["income"])
    part.to_parquet(tmp_path / "part-2.parquet", row_group_size=41)
    out = tmp_path / "out" / "answers.parquet"
    out.parent.mkdir()
    out.write_text("as it was")
    with pytest.raises(ValueError, match=r"part-2.parquet, row group 2.*infinity"):
        model.predict_to_parquet(ParquetSource(str(tmp_path / "*.parquet")), out)
    assert out.read_text() == "as it was"
    assert list(out.parent.iterdir()) == [out]


def test_what_it_can_not_answer(model, tmp_path: Path) -> None:
    write(tmp_path, ROWS.drop(columns="visits"))
    out = tmp_path / "answers.out"
    with pytest.raises(ValueError, match=r"part-0.parquet: column 'visits' is not there"):
        model.predict_to_parquet(ParquetSource(tmp_path), out)
    with pytest.raises(TypeError, match="is no ParquetSource but a DataFrame"):
        model.predict_to_parquet(ROWS[FEATURES], out)
    write(tmp_path, ROWS)
    with pytest.raises(ValueError, match=r"keep names \['spent'\]"):
        model.predict_to_parquet(ParquetSource(tmp_path), out, keep=["spent"])
    with pytest.raises(ValueError, match="No row of"):
        model.predict_to_parquet(ParquetSource(tmp_path, filter=[("id", "<", 0)]), out)
    with pytest.raises(ValueError, match="feature names"):
        model.predict_to_parquet(ParquetSource(tmp_path, features=FEATURES[::-1]), out)
    assert not out.exists()


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        ("folder", IsADirectoryError, "folder is a folder; name a file"),
        ("nowhere/answers.out", FileNotFoundError, "no folder .*nowhere to write 'answers.out' in"),
        ("part-0.parquet/answers.out", FileNotFoundError, "no folder .*part-0.parquet to write"),
    ],
    ids=["a folder", "in no folder", "in a file"],
)
def test_where_no_file_can_be_written_is_said_before_any_answer(
    model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, error: type, words: str
) -> None:
    write(tmp_path, ROWS)
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(model, "predict_frame", lambda X: pytest.fail("rows were answered"))
    with pytest.raises(error, match=words):
        model.predict_to_parquet(ParquetSource(tmp_path), tmp_path / out)
    assert sorted(tmp_path.rglob("*")) == before


_TEXT = pa.dictionary(pa.int8(), pa.string())
KEPT: dict[str, tuple] = {
    "int64, double": (pa.int64(), pa.float64(), [7], [0.5], pa.float64()),
    "double, int32": (pa.float64(), pa.int32(), [0.5], [7], pa.float64()),
    "int32, int64": (pa.int32(), pa.int64(), [7], [2**60 + 1], pa.int64()),
    "nothing, int64": (pa.null(), pa.int64(), [None], [7], pa.int64()),
    "int64, nothing": (pa.int64(), pa.null(), [7], [None], pa.int64()),
    "nothing, text": (pa.null(), pa.string(), [None], ["a"], pa.string()),
    "bool, int64": (pa.bool_(), pa.int64(), [True], [7], pa.int64()),
    "text, large text": (pa.string(), pa.large_string(), ["a"], ["b"], pa.large_string()),
    "text, dictionary": (pa.string(), _TEXT, ["a"], ["b"], pa.dictionary(pa.int32(), pa.string())),
    "days, days": (pa.date32(), pa.date32(), [pd.Timestamp(0)], [None], pa.date32()),
    "seconds, microseconds": (
        pa.timestamp("ms"),
        pa.timestamp("us"),
        [pd.Timestamp(0)],
        [pd.Timestamp(10)],
        pa.timestamp("us"),
    ),
    "lists": (pa.list_(pa.int64()), pa.list_(pa.int64()), [[1, 2]], [None], pa.list_(pa.int64())),
}


def _files(folder: Path, first: pa.Array, second: pa.Array) -> Path:
    """Two files of two rows with a column `k` each; None for none."""
    for i, column in enumerate((first, second)):
        table = pa.Table.from_pandas(ROWS[FEATURES].iloc[:2], preserve_index=False)
        table = table if column is None else table.append_column("k", column)
        pq.write_table(table, folder / f"part-{i}.parquet")
    return folder


@pytest.mark.parametrize("name", KEPT)
def test_columns_that_files_store_in_different_types(model, tmp_path: Path, name: str) -> None:
    one, other, first, second, expected = KEPT[name]
    columns = []
    for stored, values in ((one, first), (other, second)):
        plain = pa.array(values * 2, stored.value_type if stored == _TEXT else stored)
        columns.append(plain.dictionary_encode().cast(stored) if stored == _TEXT else plain)
    folder, out = _files(tmp_path, *columns), tmp_path / "answers.out"
    model.predict_to_parquet(ParquetSource(folder), out, keep=["k"])
    got = pq.read_table(out)["k"]
    assert got.type == expected
    values = [value for part in columns for value in part.to_pylist()]
    assert got.to_pylist() == [int(v) if expected == pa.int64() and v else v for v in values]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (None, None, r"part-0.parquet: column 'k' is not there"),
        (pa.array([1, 2]), None, r"part-1.parquet: column 'k' is not there"),
        (pa.array([1, 2]), pa.array(["a", "b"]), r"part-1.parquet: column 'k' is int64 and string"),
        (
            pa.array([1, 2]),
            pa.array([pd.Timestamp(0)] * 2),
            r"part-1.parquet: column 'k' is int64 and timestamp.*no type in common",
        ),
        (
            pa.array([1, 2**60 + 1]),
            pa.array([0.5, 1.5]),
            r"part-0.parquet, row group 0: column 'k' is double in all files together",
        ),
    ],
    ids=["nowhere", "in one file", "numbers, text", "numbers, dates", "too large for fractions"],
)
def test_columns_that_can_not_be_kept(
    model, tmp_path: Path, first: pa.Array, second: pa.Array, words: str
) -> None:
    folder, out = _files(tmp_path, first, second), tmp_path / "answers.out"
    with pytest.raises((ValueError, TypeError), match=words):
        model.predict_to_parquet(ParquetSource(folder), out, keep=["k"])
    assert not out.exists()


def test_a_name_alone_is_no_list_of_names(model, tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    with pytest.raises(ValueError, match="keep='id' is one name; give a list of names"):
        model.predict_to_parquet(ParquetSource(tmp_path), tmp_path / "answers.out", keep="id")
