"""Answers in a file are those in memory, row for row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
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
