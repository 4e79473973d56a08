"""What the loaders of Census-Income promise, on the sample and on the full data."""

from __future__ import annotations

import gzip
import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_series_equal

from sklearn_ple.datasets import fetch_census_income, load_census_income

REPOSITORY = Path(__file__).resolve().parents[2]

NOMINAL_CODES = {"det_ind_code", "det_occ_code", "own_or_self", "vet_benefits", "year"}
NUMERIC = {
    "age",
    "wage_per_hour",
    "capital_gains",
    "capital_losses",
    "stock_dividends",
    "num_emp",
    "weeks_worked",
}


def test_sample_keeps_the_shares_of_both_labels() -> None:
    target = load_census_income().target
    full_shares = {"income": 12_382 / 199_523, "never_married": 86_485 / 199_523}
    assert target.mean().to_dict() == pytest.approx(full_shares, abs=1 / len(target))


def test_seven_features_are_numbers_and_the_others_categories() -> None:
    data = load_census_income().data
    categories = {name for name in data if isinstance(data[name].dtype, pd.CategoricalDtype)}
    assert set(data) - categories == NUMERIC
    assert categories > NOMINAL_CODES
    assert len(categories) == 32


def test_nothing_that_spells_out_a_label_or_weighs_a_row_is_a_feature() -> None:
    bunch = load_census_income()
    assert not {"marital_stat", "income_50k", "instance_weight"} & set(bunch.data)
    assert bunch.instance_weight.name == "instance_weight"
    assert bunch.instance_weight.between(30, 20_000).all()


def test_unknown_and_not_in_universe_are_levels() -> None:
    data = load_census_income().data
    assert not data.isna().any(axis=None)
    assert (data["mig_chg_msa"] == "?").mean() == pytest.approx(0.5, abs=0.05)
    assert (data["hisp_origin"] == "NA").any()
    assert (data["union_member"] == "Not in universe").mean() == pytest.approx(0.9, abs=0.05)


def test_frame_is_data_beside_target() -> None:
    bunch = load_census_income()
    assert bunch.frame[bunch.feature_names].equals(bunch.data)
    assert bunch.frame[bunch.target_names].equals(bunch.target)
    assert list(bunch.frame) == bunch.feature_names + bunch.target_names


def test_arrays_hold_positions_of_levels() -> None:
    frames, arrays = load_census_income(), load_census_income(as_frame=False)
    assert arrays.frame is None
    assert arrays.data.dtype == np.float64
    for column, name in enumerate(arrays.feature_names):
        values = arrays.data[:, column]
        if arrays.categorical_features[column]:
            values = np.array(arrays.categories[name], dtype=object)[values.astype(int)]
        assert values.tolist() == frames.data[name].tolist()
    np.testing.assert_array_equal(arrays.target, frames.target.to_numpy())
    np.testing.assert_array_equal(arrays.instance_weight, frames.instance_weight.to_numpy())


@pytest.mark.parametrize("as_frame", [True, False])
def test_pair_is_data_and_target(as_frame: bool) -> None:
    X, Y = load_census_income(return_X_y=True, as_frame=as_frame)
    bunch = load_census_income(as_frame=as_frame)
    np.testing.assert_array_equal(np.asarray(X), np.asarray(bunch.data))
    np.testing.assert_array_equal(np.asarray(Y), np.asarray(bunch.target))


def test_change_to_one_load_does_not_reach_the_next() -> None:
    first = load_census_income()
    age, label = first.data.loc[5, "age"], first.target.loc[5, "income"]
    first.data.loc[5, "age"], first.target.loc[5, "income"] = age + 1, 1 - label
    second = load_census_income()
    assert (second.data.loc[5, "age"], second.target.loc[5, "income"]) == (age, label)


def test_shipped_file_is_small_and_holds_no_pickle() -> None:
    bunch = load_census_income()
    path = resources.files("sklearn_ple.datasets").joinpath("data", bunch.filename)
    assert len(path.read_bytes()) < 1_000_000
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        assert json.loads(str(stored["levels"])) == bunch.categories
    assert "Lane" in bunch.DESCR
    assert "Kohavi" in bunch.DESCR


def test_sample_loads_without_pyarrow() -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from sklearn_ple.datasets.census_income import load_census_income\n"
        "print(load_census_income().data.shape)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "(20000, 39)"


def test_unknown_subset_is_an_error() -> None:
    with pytest.raises(ValueError, match="'train', 'test' or 'all', but is 'valid'"):
        fetch_census_income(subset="valid")


@pytest.fixture(scope="module")
def everything(full_census: Path) -> pd.DataFrame:
    bunch = fetch_census_income(data_home=full_census, subset="all", download_if_missing=False)
    frame: pd.DataFrame = bunch.frame.assign(instance_weight=bunch.instance_weight)
    return frame


def test_all_is_train_and_then_test(everything: pd.DataFrame) -> None:
    train, test = everything[:199_523], everything[199_523:]
    assert len(test) == 99_762
    assert (train["income"].sum(), train["never_married"].sum()) == (12_382, 86_485)
    assert (test["income"].sum(), test["never_married"].sum()) == (6_186, 43_143)
    assert (train.loc[0, "age"], train.loc[0, "instance_weight"]) == (73, 1700.09)


def test_levels_are_the_same_in_sample_and_full_data(everything: pd.DataFrame) -> None:
    sample = load_census_income().frame
    assert_series_equal(everything[list(sample)].dtypes, sample.dtypes)
    assert not everything.isna().any(axis=None)


def test_script_remakes_the_shipped_sample(full_census: Path) -> None:
    script = runpy.run_path(str(REPOSITORY / "benchmarks" / "make_census_sample.py"))
    train, test = (pd.read_parquet(full_census / f"{name}.parquet") for name in ("train", "test"))
    made = script["make_sample"](train, test)
    with np.load(script["OUTPUT"], allow_pickle=False) as shipped:
        assert set(shipped) == set(made)
        for name in made:
            np.testing.assert_array_equal(shipped[name], made[name])


def test_sample_is_training_rows_in_their_order(everything: pd.DataFrame) -> None:
    bunch = load_census_income()
    sample = bunch.frame.assign(instance_weight=bunch.instance_weight)
    hashes = iter(pd.util.hash_pandas_object(everything[:199_523], index=False).tolist())
    wanted = pd.util.hash_pandas_object(sample, index=False).tolist()
    assert all(row in hashes for row in wanted)  # each search goes on where the last one ended


def test_raw_file_of_the_full_test_split_gives_what_the_parquet_gives(
    full_census: Path,
    everything: pd.DataFrame,
    raw_text: Callable[[pd.DataFrame], bytes],
    tmp_path: Path,
) -> None:
    raw = raw_text(pd.read_parquet(full_census / "test.parquet").iloc[:, :42])
    (tmp_path / "census-income.test.gz").write_bytes(gzip.compress(raw, 1))
    X, Y = fetch_census_income(data_home=tmp_path, subset="test", return_X_y=True)
    expected = everything[199_523:].reset_index(drop=True)
    assert X.equals(expected[list(X)])
    assert Y.equals(expected[list(Y)])
