"""The score of a role: the mean over those tasks that have enough labels on the rows scored."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from architecture_walk import small
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_ple import SharedBottomClassifier, SharedBottomRegressor

N = 53
RNG = np.random.default_rng(11)
X = RNG.normal(size=(N, 3))
NUMBERS = pd.DataFrame({"price": X[:, 0], "hours": X[:, 1] ** 2, "visits": RNG.poisson(3.0, N)})
LABELS = pd.DataFrame({"sold": X[:, 0] > 0, "shade": RNG.choice(["blue", "green"], N)})


@pytest.fixture(scope="module")
def regressor() -> SharedBottomRegressor:
    return small(SharedBottomRegressor).fit(X, NUMBERS)


def only(row: int) -> np.ndarray:
    """Where all rows but one are."""
    return np.arange(N) != row


@pytest.mark.parametrize("n_labels", [0, 1])
def test_a_regression_with_fewer_than_two_labels_is_skipped(regressor, n_labels) -> None:
    gone = only(7) if n_labels else np.ones(N, dtype=bool)
    predicted = regressor.predict(X)
    r2 = [
        metrics.r2_score(NUMBERS[name], predicted[:, k])
        for k, name in ((0, "price"), (2, "visits"))
    ]
    score = regressor.score(X, NUMBERS.assign(hours=NUMBERS["hours"].mask(gone)))
    assert score == pytest.approx(np.mean(r2))


def test_rows_of_zero_weight_are_no_labels(regressor) -> None:
    weight = np.ones((N, 3))
    weight[only(7), 1] = 0
    expected = regressor.score(X, NUMBERS.assign(hours=NUMBERS["hours"].mask(only(7))))
    assert regressor.score(X, NUMBERS, sample_weight=weight) == pytest.approx(expected)


def test_two_labels_are_enough(regressor) -> None:
    two = NUMBERS.copy()
    two.loc[only(7) & only(11)] = np.nan
    expected = metrics.r2_score(NUMBERS.iloc[[7, 11]], regressor.predict(X[[7, 11]]))
    assert regressor.score(X, two) == pytest.approx(expected)


def test_one_row_has_no_r2(regressor) -> None:
    with pytest.warns(UndefinedMetricWarning, match="no task has labels in 2 or more rows"):
        assert np.isnan(regressor.score(X[:1], NUMBERS[:1]))


def test_a_classifier_scores_a_single_label_but_not_none() -> None:
    model = small(SharedBottomClassifier).fit(X, LABELS)
    hits = model.predict(X) == LABELS.to_numpy()
    one = LABELS.assign(shade=LABELS["shade"].mask(only(7)))
    assert model.score(X, one) == pytest.approx((hits[:, 0].mean() + hits[7, 1]) / 2)
    with pytest.warns(UndefinedMetricWarning, match="no task has labels in 1 or more rows"):
        assert np.isnan(model.score(X, LABELS.mask(np.ones((N, 2), dtype=bool))))
