"""`target_summary_` counts the labels that `fit` was given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from people import make_people

from sklearn_ple import PLEClassifier, PLEClassifierRegressor, PLERegressor

X, Y = make_people(163)


def counted(y: pd.Series) -> dict[str, int]:
    return y.value_counts().sort_index().to_dict()


@pytest.mark.parametrize("early_stopping", [False, True])
def test_of_all_rows_those_held_out_to_stop_by_included(early_stopping) -> None:
    model = small(PLEClassifierRegressor, early_stopping=early_stopping).fit(X, Y)
    summary = model.target_summary_
    assert summary.index.tolist() == list(Y)
    assert summary["kind"].tolist() == ["binary", "regression", "multiclass"]
    assert summary["rows"].tolist() == [163] * 3
    assert summary["labels"].tolist() == Y.notna().sum().tolist()
    np.testing.assert_allclose(summary["missing"], Y.isna().mean())
    assert summary.loc["bought", "class_counts"] == counted(Y["bought"])
    assert summary.loc["spent", "class_counts"] is None
    assert summary.loc["shade", "class_counts"] == counted(Y["shade"])


def test_labels_without_weight_are_missing() -> None:
    weight = np.ones((163, 3))
    weight[:40, 1] = 0
    summary = small(PLEClassifierRegressor).fit(X, Y, weight).target_summary_
    assert summary.loc["spent", "labels"] == Y["spent"][40:].notna().sum()
    assert summary.loc["bought", "labels"] == Y["bought"].notna().sum()


def test_chunks_add_up() -> None:
    model = small(PLEClassifierRegressor)
    classes = [["no", "yes"], None, ["blue", "green", "red"]]
    for start in (0, 61, 122):
        model.partial_fit(X[start : start + 61], Y[start : start + 61], classes=classes)
    whole = small(PLEClassifierRegressor).fit(X, Y).target_summary_
    pd.testing.assert_frame_equal(model.target_summary_, whole)


def test_going_on_counts_what_it_goes_on_with() -> None:
    model = small(PLEClassifierRegressor, warm_start=True).fit(X, Y)
    assert model.fit(X[:70], Y[:70]).target_summary_["rows"].tolist() == [70] * 3


def test_a_single_target() -> None:
    spent = Y["spent"].dropna()
    summary = small(PLERegressor).fit(X.loc[spent.index], spent).target_summary_
    assert summary.loc["spent", "labels"] == len(spent)
    flags = small(PLEClassifier).fit(X, np.arange(163) % 3).target_summary_
    assert flags.loc["y0", "class_counts"] == {0: 55, 1: 54, 2: 54}
