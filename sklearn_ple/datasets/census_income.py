"""Census-Income (KDD): two yes-or-no questions about the same persons."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from os import PathLike
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch

from sklearn_ple.datasets.census_files import read_split
from sklearn_ple.datasets.census_table import (
    CATEGORICAL,
    FEATURES,
    NUMERIC,
    TARGETS,
    WEIGHT,
    Subset,
    targets,
)

_SAMPLE = "census_income_sample.npz"


@overload
def load_census_income(*, return_X_y: Literal[True], as_frame: bool = ...) -> tuple[Any, Any]: ...
@overload
def load_census_income(*, return_X_y: Literal[False] = ..., as_frame: bool = ...) -> Bunch: ...
def load_census_income(
    *, return_X_y: bool = False, as_frame: bool = True
) -> Bunch | tuple[Any, Any]:
    """Load 20,000 training rows of Census-Income (KDD), shipped with the package.

    The rows are drawn from the 199,523 training rows so that each of the four combinations of
    the two labels keeps its share; they are in their original order. Scores on them are not
    comparable with published ones: use :func:`fetch_census_income` for those.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        Give pandas objects. If False, ``data`` is a float64 array that holds, for a categorical
        feature, the position of the row's level in ``categories``.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame or ndarray of shape (20000, 39)
            7 numeric features (int64) and 32 of dtype ``category``, in the archive's order.
        target : DataFrame or ndarray of shape (20000, 2)
            Columns ``income`` (over 50,000 dollars) and ``never_married``, 0 or 1.
        frame : DataFrame of shape (20000, 41) or None
            ``data`` and ``target`` side by side; None unless ``as_frame``.
        instance_weight : Series or ndarray of shape (20000,)
            How many persons a row stands for. Not a feature.
        feature_names, target_names : list of str
            Names of the columns.
        categorical_features : ndarray of bool, shape (39,)
            True where a feature is categorical.
        categories : dict of str to list
            The levels of each categorical feature, the same in every split.
        DESCR : str
            What the data are, and their source.
        filename : str
            The shipped file's name inside the package.

    (data, target) : tuple if ``return_X_y``
        The first two of those.

    References
    ----------
    Lane and Kohavi, "Census-Income (KDD)", UCI Machine Learning Repository, 2000.

    Examples
    --------
    >>> from sklearn_ple.datasets import load_census_income
    >>> X, Y = load_census_income(return_X_y=True)
    >>> X.shape
    (20000, 39)
    >>> Y.mean().round(3).to_dict()
    {'income': 0.062, 'never_married': 0.433}
    """
    stored = _stored_sample()
    values = dict(zip(NUMERIC, stored["numbers"].T.astype(np.int64), strict=True))
    codes = dict(zip(CATEGORICAL, stored["codes"].T.astype(np.int64), strict=True))
    data = pd.DataFrame(
        {
            name: values[name]
            if name in values
            else pd.Categorical.from_codes(codes[name], dtype=dtype)
            for name, dtype in _dtypes().items()
        }
    )
    labels = pd.DataFrame(stored["labels"].astype(np.int64), columns=TARGETS)
    weight = pd.Series(stored["cents"] / 100, name=WEIGHT)
    bunch = _bunch(data, labels, weight, as_frame)
    bunch.update(filename=_SAMPLE, data_module="sklearn_ple.datasets.data")
    return (bunch.data, bunch.target) if return_X_y else bunch


@overload
def fetch_census_income(
    *,
    data_home: str | PathLike[str] | None = ...,
    subset: Literal["train", "test", "all"] = ...,
    download_if_missing: bool = ...,
    return_X_y: Literal[True],
    as_frame: bool = ...,
) -> tuple[Any, Any]: ...
@overload
def fetch_census_income(
    *,
    data_home: str | PathLike[str] | None = ...,
    subset: Literal["train", "test", "all"] = ...,
    download_if_missing: bool = ...,
    return_X_y: Literal[False] = ...,
    as_frame: bool = ...,
) -> Bunch: ...
def fetch_census_income(
    *,
    data_home: str | PathLike[str] | None = None,
    subset: Literal["train", "test", "all"] = "train",
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = True,
) -> Bunch | tuple[Any, Any]:
    """Load all of Census-Income (KDD), downloading it if no copy is at hand.

    The folders ``data_home/census_income`` and ``data_home`` are searched first, then the one
    named by the environment variable ``SKLEARN_PLE_DATA`` (its subfolder ``census_income_kdd``,
    then itself), then, without a ``data_home``, scikit-learn's own. In each, a parquet copy
    (``train.parquet``, ``test.parquet``; needs pyarrow) comes before the UCI archive's files
    (``census-income.data`` and ``census-income.test``, bare, gzipped, or in ``census.tar.gz`` or
    ``census+income+kdd.zip``). Whatever is found is verified by the checksum of the table
    itself, one and the same for every format.

    Parameters
    ----------
    data_home : path-like, default=None
        Where to look first, and where to save a download.
    subset : {"train", "test", "all"}, default="train"
        The archive's split, rows in their order; "all" has the training rows first.
    download_if_missing : bool, default=True
        If False, raise an error rather than download.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        As in :func:`load_census_income`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        As :func:`load_census_income` without ``filename``; 199,523 rows of "train", 99,762 of
        "test", 299,285 of "all". Levels are the same in all of them.
    (data, target) : tuple if ``return_X_y``
        The first two of those.

    Raises
    ------
    ValueError
        If ``subset`` is none of the three.
    OSError
        If the data are neither found nor downloaded, or their checksum differs.
    ImportError
        If the copy at hand is parquet and pyarrow is not installed.

    References
    ----------
    Lane and Kohavi, "Census-Income (KDD)", UCI Machine Learning Repository, 2000.

    Examples
    --------
    >>> from sklearn_ple.datasets import fetch_census_income
    >>> X, Y = fetch_census_income(subset="test", return_X_y=True)  # doctest: +SKIP
    """
    splits: dict[str, list[Subset]] = {
        "train": ["train"],
        "test": ["test"],
        "all": ["train", "test"],
    }
    if subset not in splits:
        raise ValueError(f"subset must be 'train', 'test' or 'all', but is {subset!r}.")
    tables = [read_split(split, data_home, download_if_missing) for split in splits[subset]]
    table = pd.concat(tables, ignore_index=True)
    data = table[FEATURES].astype(_dtypes())
    bunch = _bunch(data, targets(table), table[WEIGHT], as_frame)
    return (bunch.data, bunch.target) if return_X_y else bunch


@cache
def _stored_sample() -> dict[str, NDArray[Any]]:
    """The arrays of the shipped file; `benchmarks/make_census_sample.py` says what they are."""
    path = resources.files("sklearn_ple.datasets").joinpath("data", _SAMPLE)
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return dict(stored)


def _dtypes() -> dict[str, Any]:
    """The dtype of every feature, in their order; the shipped file knows the levels."""
    levels = json.loads(str(_stored_sample()["levels"]))
    return {
        name: pd.CategoricalDtype(levels[name]) if name in levels else np.dtype("int64")
        for name in FEATURES
    }


def _bunch(data: pd.DataFrame, target: pd.DataFrame, weight: pd.Series, as_frame: bool) -> Bunch:
    categories = {name: list(data[name].cat.categories) for name in CATEGORICAL}
    descr = resources.files("sklearn_ple.datasets").joinpath("data", "census_income.rst")
    bunch = Bunch(
        data=data,
        target=target,
        frame=pd.concat([data, target], axis=1) if as_frame else None,
        instance_weight=weight,
        feature_names=list(FEATURES),
        target_names=list(TARGETS),
        categorical_features=np.array([name in categories for name in FEATURES]),
        categories=categories,
        DESCR=descr.read_text(encoding="utf-8"),
    )
    if not as_frame:
        numbers = [data[c].cat.codes if c in categories else data[c] for c in FEATURES]
        bunch.data = np.column_stack(numbers).astype(np.float64)
        bunch.target, bunch.instance_weight = target.to_numpy(), weight.to_numpy()
    return bunch
