"""What is wrong with files is said before training, with the file and the column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from parquet_rows import FEATURES, estimator, make_rows, source, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, make_rows())


@pytest.fixture
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("later")


def _last(folder: Path, **columns) -> None:
    """Other columns in the last file; None for none."""
    path = folder / "part-2.parquet"
    frame = pd.read_parquet(path).assign(**columns)
    gone = [name for name, values in columns.items() if values is None]
    frame.drop(columns=gone).to_parquet(path, row_group_size=41, index=False)


def _fails(folder: Path, *words: str, error: type[Exception] = ValueError, **options) -> None:
    model = estimator()
    with pytest.raises(error) as caught:
        model.fit(source(folder, **options))
    for word in words:
        assert word in str(caught.value)
    assert not hasattr(model, "net_")


def test_a_column_that_one_file_lacks(folder: Path) -> None:
    _last(folder, income=None)
    _fails(folder, "part-2.parquet", "column 'income' is not there", "there are 'age', 'visits'")


def test_a_target_that_one_file_lacks(folder: Path) -> None:
    _last(folder, shade=None)
    _fails(folder, "part-2.parquet", "column 'shade' is not there")


def test_a_column_that_is_text_in_one_file(folder: Path) -> None:
    _last(folder, visits="many")
    _fails(
        folder, "part-2.parquet", "column 'visits' holds text", "but numbers in", "part-0.parquet"
    )


def test_a_column_that_may_be_no_feature(folder: Path) -> None:
    _last(folder, age=pd.Timestamp("2024-02-29"))
    _fails(folder, "part-2.parquet", "column 'age' has the type timestamp", error=TypeError)


def test_an_infinite_feature(folder: Path) -> None:
    frame = pd.read_parquet(folder / "part-2.parquet")
    _last(folder, income=np.where(np.arange(len(frame)) == 60, np.inf, frame["income"]))
    _fails(folder, "part-2.parquet, row group 1", "infinity", "column 'income'")


def test_an_infinite_label(folder: Path) -> None:
    _last(folder, spent=-np.inf)
    _fails(folder, "part-2.parquet, row group 0", "Target 'spent' holds infinity")


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_weight_that_is_none(folder: Path, bad: float) -> None:
    _last(folder, w=bad)
    _fails(folder, "part-2.parquet, row group 0", "column 'w', of weights", weight="w")


def test_a_file_that_is_no_parquet_file(folder: Path) -> None:
    (folder / "part-1.parquet").write_text("age,income\n")
    _fails(folder, "part-1.parquet", "no Parquet file that can be read")


def test_an_empty_file(folder: Path) -> None:
    (folder / "part-1.parquet").write_bytes(b"")
    _fails(folder, "part-1.parquet", "no Parquet file that can be read")


def test_a_file_whose_middle_is_broken(folder: Path) -> None:
    path = folder / "part-2.parquet"
    content = bytearray(path.read_bytes())
    content[4:2_000] = b"\0" * 1_996
    path.write_bytes(content)
    _fails(folder, "part-2.parquet, row group 0", "no Parquet file that can be read")


def test_files_without_rows(tmp_path: Path) -> None:
    make_rows().iloc[:0].to_parquet(tmp_path / "none.parquet")
    _fails(tmp_path, str(tmp_path), "has no rows")


@pytest.mark.parametrize("buffer_rows", [64, 1_000])
def test_a_filter_that_leaves_nothing(folder: Path, buffer_rows: int) -> None:
    conditions = [("visits", ">", 1_000)]
    words = "No row", "passes the filter (('visits', '>', 1000),)", "331 rows"
    _fails(folder, *words, filter=conditions, buffer_rows=buffer_rows)


@pytest.mark.parametrize("buffer_rows", [64, 1_000])
@pytest.mark.parametrize("conditions", [None, [("id", "<", 200)]], ids=["all rows", "filtered"])
def test_weights_that_are_all_zero(folder: Path, conditions: Any, buffer_rows: int) -> None:
    """Of the rows that are read, whole or streamed; a filter is named only where there is one."""
    frame = make_rows()
    write(folder, frame.assign(w=0.0 if conditions is None else frame["id"] >= 200))
    options = {"weight": "w", "filter": conditions, "buffer_rows": buffer_rows}
    words = "All weights of column 'w' are zero", str(folder), "no row is left that counts"
    _fails(
        folder, *words, *(["pass the filter (('id', '<', 200),)"] if conditions else []), **options
    )
    with pytest.raises(ValueError, match="All weights of column 'w'") as caught:
        estimator().fit(source(folder, buffer_rows=buffer_rows), X_val=source(folder, **options))
    assert ("filter" in str(caught.value)) == (conditions is not None)


def test_weights_of_each_target_that_are_all_zero(folder: Path) -> None:
    write(folder, make_rows().assign(w=0.0, v=0.0))
    _fails(
        folder,
        "All weights of columns 'w', 'v' are zero",
        targets=["spent", "shade"],
        weight=["w", "v"],
    )


def test_a_filter_that_leaves_no_row_to_stop_by(folder: Path) -> None:
    none = source(folder, filter=[("visits", ">", 1_000)], weight="w")
    with pytest.raises(ValueError, match="No row of .* passes the filter"):
        estimator().fit(source(folder), X_val=none)


def test_a_filter_by_a_column_that_is_not_there(folder: Path) -> None:
    _fails(folder, "part-0.parquet", "column 'year' is not there", filter=[("year", "==", 1)])


def test_a_task_without_labels(folder: Path) -> None:
    for name in ("part-0", "part-1", "part-2"):
        path = folder / f"{name}.parquet"
        pd.read_parquet(path).assign(spent=np.nan).to_parquet(path)
    _fails(folder, "Task 'spent' has no label")


def test_numbers_that_are_too_many_for_classes(tmp_path: Path) -> None:
    n = 17_000
    frame = pd.DataFrame({"age": np.arange(n), "bought": np.arange(n), "spent": np.arange(n) % 2})
    frame.to_parquet(tmp_path / "many.parquet", row_group_size=5_000)
    rows = source(tmp_path, features=["age"], targets=["bought", "spent"])
    with pytest.raises(ValueError, match="Task 'bought' is a multiclass, but its labels are more"):
        estimator(tasks=["multiclass", "binary"]).fit(rows)


def test_no_targets(folder: Path) -> None:
    _fails(folder, "X names no targets", "targets=", targets=None)


@pytest.mark.parametrize("given", [{"y": [1]}, {"sample_weight": [1.0]}])
def test_labels_and_weights_beside_a_source(folder: Path, given) -> None:
    with pytest.raises(ValueError, match="columns of its files"):
        estimator().fit(source(folder), **given)


def test_held_out_rows_of_another_sort(folder: Path) -> None:
    frame = make_rows()
    with pytest.raises(TypeError, match="X is a ParquetSource, so X_val must be one too"):
        estimator().fit(source(folder), X_val=frame[FEATURES], y_val=frame[["bought"]])
    with pytest.raises(TypeError, match="X_val is a ParquetSource, but X is not"):
        estimator().fit(frame[FEATURES], frame[["bought"]], X_val=source(folder))
    with pytest.raises(ValueError, match=r"X_val has the targets \['bought'\]"):
        estimator().fit(source(folder), X_val=source(folder, targets=["bought"]))


def _assert_stops_by_no_label(folder: Path, later: Path, **options: Any) -> None:
    targets = ["spent", "bought"]
    model = estimator(tasks=["regression", "binary"])
    with pytest.raises(ValueError, match=r"X_val has no label .* \['spent', 'bought'\].*stop by"):
        model.fit(source(folder, targets=targets), X_val=source(later, targets=targets, **options))
    assert not hasattr(model, "net_")


def test_held_out_rows_without_a_label(folder: Path, later: Path) -> None:
    write(later, make_rows(113).assign(spent=np.nan, bought=np.nan))
    _assert_stops_by_no_label(folder, later)


def test_held_out_rows_whose_labels_weigh_nothing(folder: Path, later: Path) -> None:
    """Each has a label of one target, and a weight for the other."""
    frame = make_rows(113)
    odd = frame["id"] % 2 == 1
    spent, bought = np.where(odd, np.nan, 3.5), np.where(odd, 1.0, np.nan)
    write(later, frame.assign(spent=spent, bought=bought, w=odd, v=~odd))
    _assert_stops_by_no_label(folder, later, weight=["w", "v"])


def test_one_label_is_enough_to_stop_by(folder: Path, later: Path) -> None:
    frame = make_rows(113)
    spent = np.where(frame["id"] == 71, 3.5, np.nan)
    write(later, frame.assign(spent=spent, bought=np.nan))
    targets = ["spent", "bought"]
    model = estimator(tasks=["regression", "binary"])
    model.fit(source(folder, targets=targets), X_val=source(later, targets=targets))
    assert (model.history_["valid_loss"] > 0).all()


def test_answers_in_memory_are_refused(folder: Path) -> None:
    model = estimator().fit(source(folder))
    for answer in (model.predict, model.predict_frame, model.predict_proba):
        with pytest.raises(TypeError, match="predict_to_parquet"):
            answer(source(folder))
