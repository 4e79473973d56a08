"""Every kind of copy gives the same table, and no wrong one passes."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from sklearn_ple.datasets import census_files, census_table, fetch_census_income

Splits = dict[census_table.Subset, pd.DataFrame]
Writer = Callable[[pd.DataFrame], bytes]

# The archive's first two lines, as quoted in many public places.
FIRST_LINES = (
    "73, Not in universe, 0, 0, High school graduate, 0, Not in universe, Widowed, "
    "Not in universe or children, Not in universe, White, All other, Female, Not in universe, "
    "Not in universe, Not in labor force, 0, 0, 0, Nonfiler, Not in universe, Not in universe, "
    "Other Rel 18+ ever marr not in subfamily, Other relative of householder, 1700.09, ?, ?, ?, "
    "Not in universe under 1 year old, ?, 0, Not in universe, United-States, United-States, "
    "United-States, Native- Born in the United States, 0, Not in universe, 2, 0, 95, - 50000.\n"
    "58, Self-employed-not incorporated, 4, 34, Some college but no degree, 0, Not in universe, "
    "Divorced, Construction, Precision production craft & repair, White, All other, Male, "
    "Not in universe, Not in universe, Children or Armed Forces, 0, 0, 0, Head of household, "
    "South, Arkansas, Householder, Householder, 1053.55, MSA to MSA, Same county, Same county, "
    "No, Yes, 1, Not in universe, United-States, United-States, United-States, "
    "Native- Born in the United States, 0, Not in universe, 2, 52, 94, - 50000.\n"
)


def tar_of(splits: Splits, raw_text: Writer) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for subset, table in splits.items():
            entry = tarfile.TarInfo(census_files.RAW_NAMES[subset])
            entry.size = len(content := raw_text(table))
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def zip_of(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Index", "a file of no interest")
        archive.writestr(name, content)
    return buffer.getvalue()


def write_copy(layout: str, folder: Path, splits: Splits, raw_text: Writer) -> None:
    """Put both splits into the folder in one of the layouts."""
    folder.mkdir(parents=True, exist_ok=True)
    tar = tar_of(splits, raw_text)
    if layout == "tar":
        (folder / "census.tar.gz").write_bytes(tar)
    if layout == "tar in zip":
        (folder / "census+income+kdd.zip").write_bytes(zip_of("census.tar.gz", tar))
    for subset, table in splits.items():
        raw, name = raw_text(table), census_files.RAW_NAMES[subset]
        if layout == "bare":
            (folder / name).write_bytes(raw)
        if layout == "gzip":
            (folder / f"{name}.gz").write_bytes(gzip.compress(raw))
        if layout == "parquet":
            pytest.importorskip("pyarrow")
            table.to_parquet(folder / f"{subset}.parquet")


def assert_is_split(table: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert_frame_equal(table, expected, check_dtype=False)


def test_raw_lines_are_read_in_the_order_of_the_columns() -> None:
    table = census_table.parse_raw(io.BytesIO(FIRST_LINES.encode()))
    first, second = table.iloc[0], table.iloc[1]
    assert (first.age, first.education, first.marital_stat) == (
        73,
        "High school graduate",
        "Widowed",
    )
    assert (first.instance_weight, first.mig_chg_msa, first.income_50k) == (
        1700.09,
        "?",
        "- 50000.",
    )
    assert (second.det_ind_code, second.det_occ_code, second.state_prev_res) == (4, 34, "Arkansas")
    assert (second.num_emp, second.weeks_worked, second.year) == (1, 52, 94)


def test_levels_that_look_missing_are_kept() -> None:
    text = FIRST_LINES.replace("All other", "NA")
    table = census_table.parse_raw(io.BytesIO(text.encode()))
    assert table["hisp_origin"].tolist() == ["NA", "NA"]
    assert not table.isna().any(axis=None)


def test_first_full_rows_are_the_quoted_lines(full_census: Path) -> None:
    table = census_table.read_parquet(full_census / "train.parquet")
    assert_is_split(census_table.parse_raw(io.BytesIO(FIRST_LINES.encode())), table.head(2))


@pytest.mark.parametrize("layout", ["bare", "gzip", "tar", "tar in zip", "parquet"])
def test_every_layout_gives_the_same_table(
    layout: str, splits: Splits, raw_text: Writer, tmp_path: Path
) -> None:
    write_copy(layout, tmp_path, splits, raw_text)
    for subset, expected in splits.items():
        assert_is_split(census_files.read_split(subset, tmp_path, False), expected)


@pytest.mark.parametrize("below", ["census_income_kdd", "."])
def test_environment_names_a_folder(
    below: str, splits: Splits, raw_text: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_copy("gzip", tmp_path / "data" / below, splits, raw_text)
    monkeypatch.setenv("SKLEARN_PLE_DATA", str(tmp_path / "data"))
    assert_is_split(census_files.read_split("test", None, False), splits["test"])


def test_data_home_comes_before_the_environment(
    splits: Splits, raw_text: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_copy("bare", tmp_path / "home", splits, raw_text)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "census-income.data").write_text("no table at all\n")
    monkeypatch.setenv("SKLEARN_PLE_DATA", str(tmp_path / "other"))
    assert_is_split(census_files.read_split("train", tmp_path / "home", False), splits["train"])


def test_without_a_copy_the_folders_searched_are_named(splits: Splits, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="download_if_missing is False") as caught:
        fetch_census_income(data_home=tmp_path / "empty", download_if_missing=False)
    assert str(tmp_path / "empty") in str(caught.value)


def test_download_is_kept_and_found_again(
    splits: Splits, raw_text: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_copy("tar in zip", tmp_path / "server", splits, raw_text)
    source = tmp_path / "server" / "census+income+kdd.zip"
    monkeypatch.setitem(census_files.URLS, "train", (source.as_uri(),))
    assert_is_split(census_files.read_split("train", None, True), splits["train"])
    source.unlink()
    assert_is_split(census_files.read_split("train", None, False), splits["train"])
    assert_is_split(census_files.read_split("test", None, False), splits["test"])


def test_second_address_serves_when_the_first_lacks_the_file(
    splits: Splits, raw_text: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_copy("gzip", tmp_path / "server", splits, raw_text)
    empty = tmp_path / "server" / "census+income+kdd.zip"
    empty.write_bytes(zip_of("README", b""))
    second = tmp_path / "server" / "census-income.test.gz"
    monkeypatch.setitem(census_files.URLS, "test", (empty.as_uri(), second.as_uri()))
    assert_is_split(census_files.read_split("test", tmp_path / "home", True), splits["test"])


def test_failed_download_names_every_address(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [(tmp_path / name).as_uri() for name in ("nothing.zip", "nowhere.gz")]
    monkeypatch.setitem(census_files.URLS, "train", tuple(addresses))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(OSError, match="could not be fetched") as caught:
        census_files.read_split("train", tmp_path, True)
    assert all(address in str(caught.value) for address in addresses)


@pytest.mark.parametrize("change", ["value", "order", "row"])
def test_changed_table_is_refused_by_name(
    change: str, splits: Splits, raw_text: Writer, tmp_path: Path
) -> None:
    table = splits["test"].copy()
    if change == "value":
        table["weeks_worked"] = table["weeks_worked"].where(table.index != 11, 51)
    table = {"value": table, "order": table[::-1], "row": table[:-1]}[change]
    write_copy("bare", tmp_path, {"test": table}, raw_text)
    with pytest.raises(OSError, match=r"census-income\.test does not hold the test split"):
        census_files.read_split("test", tmp_path, False)


@pytest.mark.parametrize(
    "name",
    ["census-income.data", "census-income.data.gz", "census.tar.gz", "census+income+kdd.zip"],
)
def test_damaged_file_is_named(name: str, splits: Splits, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b\x08\x00 broken")
    with pytest.raises(OSError, match=re.escape(str(tmp_path / name))):
        census_files.read_split("train", tmp_path, False)


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, no_other_copy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.parquet").touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"train\.parquet needs pyarrow.*pip install pyarrow"):
        fetch_census_income(data_home=tmp_path)


def test_checksum_is_that_of_the_documented_text(splits: Splits) -> None:
    table = splits["train"]
    lines = [
        f"{value:.2f}" if name == "instance_weight" else f"{value}"
        for name in table
        for value in table[name]
    ]
    expected = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    assert census_table.checksum(table) == expected
