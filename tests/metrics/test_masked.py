"""`masked_score`: a metric of the labelled rows, and of nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as skm
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_ple.metrics import masked_score
from sklearn_ple.metrics.metric import METRICS

N = 83
rng = np.random.default_rng(7)
WEIGHT = rng.uniform(0.2, 3, N)
BINARY = rng.integers(0, 2, N).astype(float)
P_BINARY = np.clip(0.3 * BINARY + 0.7 * rng.uniform(size=N), 0.01, 0.99)
COLOURS = rng.choice(["blue", "green", "red"], N).astype(object)
P_COLOURS = rng.dirichlet(np.ones(3), N)
NUMBER = rng.normal(size=N)
P_NUMBER = NUMBER + rng.normal(size=N)
COUNT = rng.poisson(2.5, N).astype(float)
P_COUNT = rng.uniform(0.5, 5, N)

CASES = {
    "roc_auc": (BINARY, P_BINARY),
    "average_precision": (BINARY, P_BINARY),
    "pr_auc": (BINARY, P_BINARY),
    "log_loss": (BINARY, P_BINARY),
    "brier": (BINARY, P_BINARY),
    "d2_log_loss": (BINARY, P_BINARY),
    "ece": (BINARY, P_BINARY),
    "ece_quantile": (BINARY, P_BINARY),
    "calibration_ratio": (BINARY, P_BINARY),
    "abs_log_calibration_ratio": (BINARY, P_BINARY),
    "accuracy": (COLOURS, COLOURS[::-1]),
    "balanced_accuracy": (COLOURS, COLOURS[::-1]),
    "r2": (NUMBER, P_NUMBER),
    "mse": (NUMBER, P_NUMBER),
    "rmse": (NUMBER, P_NUMBER),
    "mae": (NUMBER, P_NUMBER),
    "poisson_deviance": (COUNT, P_COUNT),
    "d2_poisson": (COUNT, P_COUNT),
}
MULTICLASS = [
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
    "d2_log_loss",
    "ece",
    "ece_quantile",
    "abs_log_calibration_ratio",
]


def by_hand(metric: str, y: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
    """Each metric from its definition."""

    def mean(values: np.ndarray) -> float:
        return float((w * values).sum() / w.sum())

    def auc(y: np.ndarray, p: np.ndarray) -> float:
        pairs = w[y == 1][:, None] * w[y == 0]
        above = p[y == 1][:, None] - p[y == 0]
        return float((pairs * ((above > 0) + 0.5 * (above == 0))).sum() / pairs.sum())

    def precision(y: np.ndarray, p: np.ndarray) -> float:
        own = [(w * y)[p >= cut].sum() / w[p >= cut].sum() for cut in p[y == 1]]
        return float((w[y == 1] * own).sum() / w[y == 1].sum())

    def entropy(y: np.ndarray, p: np.ndarray) -> float:
        return -mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def poisson(y: np.ndarray, m: np.ndarray) -> float:
        return 2 * mean(np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / m), 0) - y + m)

    def calibration(bins: list[int]) -> float:
        gaps = 0.0
        for b in set(bins):
            own = [i for i in range(len(y)) if bins[i] == b]
            gaps += abs(sum(w[i] * y[i] for i in own) - sum(w[i] * p[i] for i in own))
        return gaps / sum(w)

    def rank(q: float) -> float:
        return (w[p < q].sum() + w[p == q].sum() / 2) / w.sum()

    share = mean(y) if y.dtype != object else np.nan
    formulas = {
        "roc_auc": lambda: auc(y, p),
        "average_precision": lambda: precision(y, p),
        "pr_auc": lambda: precision(y, p),
        "ece": lambda: calibration([sum(q > k / 15 for k in range(1, 15)) for q in p]),
        "ece_quantile": lambda: calibration([int(15 * rank(q)) for q in p]),
        "calibration_ratio": lambda: (w * p).sum() / (w * y).sum(),
        "abs_log_calibration_ratio": lambda: abs(np.log((w * p).sum() / (w * y).sum())),
        "log_loss": lambda: entropy(y, p),
        "brier": lambda: mean((y - p) ** 2),
        "d2_log_loss": lambda: 1 - entropy(y, p) / entropy(y, np.full(len(y), share)),
        "accuracy": lambda: mean(y == p),
        "balanced_accuracy": lambda: np.mean(
            [(w * (p == c))[y == c].sum() / w[y == c].sum() for c in np.unique(y)]
        ),
        "r2": lambda: 1 - mean((y - p) ** 2) / mean((y - share) ** 2),
        "mse": lambda: mean((y - p) ** 2),
        "rmse": lambda: np.sqrt(mean((y - p) ** 2)),
        "mae": lambda: mean(np.abs(y - p)),
        "poisson_deviance": lambda: poisson(y, p),
        "d2_poisson": lambda: 1 - poisson(y, p) / poisson(y, np.full(len(y), share)),
    }
    return float(formulas[metric]())


def test_every_metric_has_a_case() -> None:
    within_groups = {name for name, metric in METRICS.items() if metric.needs_groups}
    assert set(CASES) | within_groups == set(METRICS)


@pytest.mark.parametrize("metric", CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_the_definition(metric: str, weighted: bool) -> None:
    y, p = CASES[metric]
    weight = WEIGHT if weighted else np.ones(N)
    score = masked_score(metric, y, p, sample_weight=WEIGHT if weighted else None)
    assert score == pytest.approx(by_hand(metric, y, p, weight))


def test_a_class_in_rows_of_zero_weight_only_is_absent() -> None:
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(masked_score("roc_auc", BINARY, P_BINARY, sample_weight=BINARY))
    with pytest.warns(UndefinedMetricWarning, match="no labelled row"):
        assert np.isnan(masked_score("mse", NUMBER, P_NUMBER, sample_weight=np.zeros(N)))


def unlabelled(y: np.ndarray, rows: np.ndarray) -> np.ndarray:
    gone = y.copy()
    gone[rows] = np.nan
    return gone


@pytest.mark.parametrize("metric", CASES)
def test_what_is_predicted_outside_the_sample_space_changes_nothing(metric: str) -> None:
    y, p = CASES[metric]
    rows = np.arange(N) % 4 == 1
    elsewhere = p.copy()
    elsewhere[rows] = p[rows][::-1]
    expected = by_hand(metric, y[~rows], p[~rows], WEIGHT[~rows])
    for predicted in (p, elsewhere):
        score = masked_score(metric, unlabelled(y, rows), predicted, sample_weight=WEIGHT)
        assert score == pytest.approx(expected)


@pytest.mark.parametrize("metric", CASES)
def test_a_row_of_zero_weight_is_a_row_without_a_label(metric: str) -> None:
    y, p = CASES[metric]
    rows = np.arange(N) % 5 == 2
    zero = np.where(rows, 0, WEIGHT)
    without = masked_score(metric, unlabelled(y, rows), p, sample_weight=WEIGHT)
    assert masked_score(metric, y, p, sample_weight=zero) == pytest.approx(without)


@pytest.mark.parametrize(
    "metric", ["log_loss", "brier", "d2_log_loss", "roc_auc", "ece", "calibration_ratio"]
)
@pytest.mark.parametrize("labels", [(-1, 1), ("no", "yes"), (False, True), (3, 7.0)])
def test_labels_of_any_type_score_alike(metric: str, labels: tuple) -> None:
    y = np.array([labels[int(v)] for v in BINARY], dtype=object)
    y[::6] = None
    expected = masked_score(metric, np.where(np.arange(N) % 6, BINARY, np.nan), P_BINARY)
    assert masked_score(metric, y, P_BINARY) == pytest.approx(expected)
    columns = np.column_stack([1 - P_BINARY, P_BINARY])
    assert masked_score(metric, y, columns, classes=labels) == pytest.approx(expected)


@pytest.mark.parametrize(
    "classes", [[False, True], [0, 1], [0.0, 1.0]], ids=["bool", "int", "float"]
)
@pytest.mark.parametrize("dtype", [bool, np.uint8, int, float, object])
def test_a_bool_and_the_numbers_0_and_1_are_the_same_labels(classes: list, dtype: type) -> None:
    expected = masked_score("log_loss", BINARY, P_BINARY)
    columns = np.column_stack([1 - P_BINARY, P_BINARY])
    labels = BINARY.astype(dtype)
    assert masked_score("log_loss", labels, columns, classes=classes) == pytest.approx(expected)
    turned = masked_score("log_loss", labels, columns[:, ::-1], classes=classes[::-1])
    assert turned == pytest.approx(expected)


@pytest.mark.parametrize("metric", MULTICLASS)
def test_columns_of_probabilities_follow_classes(metric: str) -> None:
    expected = masked_score(metric, COLOURS, P_COLOURS)
    order = ["red", "blue", "green"]
    shuffled = P_COLOURS[:, [2, 0, 1]]
    assert masked_score(metric, COLOURS, shuffled, classes=order) == pytest.approx(expected)


def test_multiclass_metrics_average_over_one_class_against_the_rest() -> None:
    averages = ("roc_auc", "average_precision", "ece", "ece_quantile", "abs_log_calibration_ratio")
    for metric in averages:
        each = [
            by_hand(metric, (c == COLOURS).astype(float), P_COLOURS[:, k], WEIGHT)
            for k, c in enumerate(["blue", "green", "red"])
        ]
        score = masked_score(metric, COLOURS, P_COLOURS, sample_weight=WEIGHT)
        assert score == pytest.approx(np.mean(each))


def test_a_class_absent_from_the_rows_still_counts_in_the_log_loss() -> None:
    y = np.where(COLOURS == "red", None, COLOURS)
    rows, picked = COLOURS != "red", {"blue": 0, "green": 1}
    chosen = [P_COLOURS[i, picked[COLOURS[i]]] for i in np.flatnonzero(rows)]
    score = masked_score("log_loss", y, P_COLOURS, classes=["blue", "green", "red"])
    assert score == pytest.approx(-np.mean(np.log(chosen)))


@pytest.mark.parametrize("metric", CASES)
def test_no_labelled_row_is_nan_and_a_warning(metric: str) -> None:
    with pytest.warns(UndefinedMetricWarning, match="no labelled row"):
        assert np.isnan(masked_score(metric, np.full(N, np.nan), CASES[metric][1]))


@pytest.mark.parametrize(
    "metric",
    [
        "roc_auc",
        "average_precision",
        "pr_auc",
        "d2_log_loss",
        "calibration_ratio",
        "abs_log_calibration_ratio",
    ],
)
def test_one_class_only_is_nan_and_a_warning(metric: str) -> None:
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(masked_score(metric, np.where(BINARY == 1, np.nan, 0), P_BINARY))


@pytest.mark.parametrize("metric", ["r2", "d2_poisson"])
@pytest.mark.parametrize("n", [1, 5])
def test_equal_numbers_are_nan_and_a_warning(metric: str, n: int) -> None:
    with pytest.warns(UndefinedMetricWarning, match="all labels are equal"):
        assert np.isnan(masked_score(metric, np.full(n, 2.5), np.full(n, 2.5)))


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
def test_one_of_three_classes_absent_is_nan_and_a_warning(metric: str) -> None:
    y = np.where(COLOURS == "red", None, COLOURS)
    with pytest.warns(UndefinedMetricWarning, match="2 of 3"):
        assert np.isnan(masked_score(metric, y, P_COLOURS, classes=["blue", "green", "red"]))


def test_a_function_gets_the_labels_themselves() -> None:
    y = COLOURS.copy()
    y[::3] = None
    score = masked_score(lambda t, p: skm.f1_score(t, p, average="macro"), y, COLOURS[::-1])
    rows = np.array([label is not None for label in y])
    expected = skm.f1_score(
        COLOURS[rows].astype(str), COLOURS[::-1][rows].astype(str), average="macro"
    )
    assert score == pytest.approx(expected)


@pytest.mark.parametrize(
    "make",
    [
        pd.Series,
        lambda y: pd.Series(y, dtype="Int64"),
        lambda y: pd.Series(y).map({0: "no", 1: "yes"}).astype("category"),
        list,
        lambda y: pd.DataFrame({"click": y}),
    ],
    ids=["Series", "nullable", "categorical", "list", "one column"],
)
def test_y_may_come_in_any_container(make) -> None:
    y = unlabelled(BINARY, np.arange(N) % 3 == 0)
    expected = masked_score("log_loss", y, P_BINARY)
    assert masked_score("log_loss", make(y), P_BINARY) == pytest.approx(expected)


def test_inputs_are_left_as_they_were() -> None:
    y, p, w = unlabelled(BINARY, np.arange(N) < 9), P_BINARY.copy(), WEIGHT.copy()
    for each in (y, p, w):
        each.setflags(write=False)
    masked_score("brier", y, p, sample_weight=w)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("log_los", BINARY, P_BINARY), "Unknown metric 'log_los'"),
        (("neg_log_loss", BINARY, P_BINARY), "Unknown metric"),
        (("d2", BINARY, P_BINARY), "d2_poisson"),
        (("mse", NUMBER, P_NUMBER[:-1]), "inconsistent numbers of samples"),
        (("mse", np.column_stack([NUMBER, NUMBER]), P_NUMBER), "one task"),
        (("log_loss", np.where(BINARY == 1, 5.0, np.nan), P_BINARY), "classes="),
    ],
)
def test_mistakes_are_named(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        masked_score(*arguments)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["blue", "green"], "of 3 classes, but classes has 2"),
        (["blue", "red", "red"], "classes has 3, 2 of them different"),
    ],
)
def test_each_column_has_a_class_of_its_own(classes: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        masked_score("log_loss", COLOURS, P_COLOURS, classes=classes)


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_weights_must_be_numbers_from_zero_up(bad: float) -> None:
    weight = np.where(np.arange(N) == 4, bad, 1.0)
    with pytest.raises(ValueError, match="negative or NaN"):
        masked_score("mse", NUMBER, P_NUMBER, sample_weight=weight)


def test_a_label_beyond_the_classes_is_an_error_not_a_score() -> None:
    with pytest.raises(ValueError, match="'red' is not one of the classes"):
        masked_score("log_loss", COLOURS, P_BINARY, classes=["blue", "green"])
