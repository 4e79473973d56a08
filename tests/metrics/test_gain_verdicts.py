"""Verdicts on gains: paired t-intervals, Holm's correction, several folds, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sklearn_ple.metrics import gain_verdicts
from sklearn_ple.metrics.gain_verdicts import holm

T_2 = 4.302652729911275  # 97.5 % quantile of Student's t with 2 degrees of freedom, from a table


def pairs_of(gains: dict[tuple[str, str], list[float]], **columns: object) -> pd.DataFrame:
    """One row a gain, by scheme and task; further columns repeat for each of them."""
    parts = [
        pd.DataFrame({"scheme": scheme, "task": task, "gain": values} | columns)
        for (scheme, task), values in gains.items()
    ]
    return pd.concat(parts, ignore_index=True)


def drawn(seed: int, n_schemes: int = 3, n_tasks: int = 4, n_pairs: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 1.5, (n_schemes, n_tasks))
    return pairs_of(
        {
            (f"s{i}", f"t{k}"): list(centres[i, k] + rng.normal(size=n_pairs))
            for i in range(n_schemes)
            for k in range(n_tasks)
        }
    )


def test_the_interval_is_the_paired_t_interval_worked_by_hand() -> None:
    # Mean 11, deviations -1, 1, 0: variance 2 / 2 = 1, standard error 1 / sqrt(3).
    row = gain_verdicts(pairs_of({("PLE", "a"): [10.0, 12.0, 11.0]})).iloc[0]
    error = 1 / np.sqrt(3)
    assert row["gain"] == pytest.approx(11)
    assert row["std_error"] == pytest.approx(error)
    assert row["n_pairs"] == 3
    assert row["low"] == row["holm_low"] == pytest.approx(11 - T_2 * error)
    assert row["high"] == row["holm_high"] == pytest.approx(11 + T_2 * error)


@pytest.mark.parametrize("seed", range(3))
def test_p_values_and_intervals_are_those_of_a_one_sample_t_test(seed) -> None:
    pairs = drawn(seed)
    table = gain_verdicts(pairs, alpha=0.1).set_index(["scheme", "task"])
    for key, group in pairs.groupby(["scheme", "task"]):
        reference = stats.ttest_1samp(group["gain"], 0)
        assert table.loc[key, "p_value"] == pytest.approx(reference.pvalue)
        interval = reference.confidence_interval(0.9)
        assert tuple(table.loc[key, ["low", "high"]]) == pytest.approx(tuple(interval))


def test_holm_worked_by_hand() -> None:
    # In order .005, .01, .03, .04, times 4, 3, 2, 1: .02, .03, .06, and .04 raised to .06.
    adjusted, level = holm(np.array([0.01, 0.04, 0.03, 0.005]), 0.05)
    np.testing.assert_allclose(adjusted, [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(level, [0.05 / 3, 0.05 / 2, 0.05 / 2, 0.05 / 4])


@pytest.mark.parametrize("seed", range(5))
def test_holm_rejects_what_stepping_down_by_hand_rejects(seed) -> None:
    p = np.random.default_rng(seed).beta(0.3, 3, size=9)
    left, rejected = set(range(9)), set()
    while left:
        smallest = min(left, key=lambda i: p[i])
        if p[smallest] > 0.05 / len(left):
            break
        rejected.add(smallest)
        left.remove(smallest)
    adjusted, level = holm(p, 0.05)
    assert {i for i in range(9) if adjusted[i] <= 0.05} == rejected
    assert {i for i in range(9) if p[i] <= level[i]} == rejected
    assert adjusted.max() <= 1
    assert (adjusted >= p).all()


def test_with_all_rejected_the_last_level_is_the_whole_of_alpha() -> None:
    _, level = holm(np.array([1e-5, 1e-6]), 0.04)
    np.testing.assert_allclose(level, [0.04, 0.02])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("family", ["report", "scheme"])
def test_an_interval_at_holms_level_leaves_out_zero_just_where_there_is_a_verdict(
    seed, family
) -> None:
    table = gain_verdicts(drawn(seed), family=family)
    np.testing.assert_array_equal(table["verdict"] == "improved", table["holm_low"] > 0)
    np.testing.assert_array_equal(table["verdict"] == "hurt", table["holm_high"] < 0)
    assert (table["holm_low"] <= table["low"]).all()
    assert (table["high"] <= table["holm_high"]).all()


def test_turning_every_gain_around_turns_every_verdict_around() -> None:
    pairs = drawn(0)
    there, back = gain_verdicts(pairs), gain_verdicts(pairs.assign(gain=-pairs["gain"]))
    turned = {"improved": "hurt", "hurt": "improved", "no evidence": "no evidence"}
    assert list(back["verdict"]) == list(there["verdict"].map(turned))
    assert {"improved", "hurt"} <= set(there["verdict"])
    np.testing.assert_allclose(back["holm_low"], -there["holm_high"])


def test_a_unit_of_the_metric_changes_no_verdict() -> None:
    pairs = drawn(1)
    one, other = gain_verdicts(pairs), gain_verdicts(pairs.assign(gain=1e-4 * pairs["gain"]))
    assert list(one["verdict"]) == list(other["verdict"])
    np.testing.assert_allclose(one["p_holm"], other["p_holm"])


def test_more_schemes_make_a_verdict_harder_unless_each_is_its_own_family() -> None:
    shaky = [0.9, 1.0, 2.2]
    p = stats.ttest_1samp(shaky, 0).pvalue
    assert 0.05 / 2 < p / 2 < 0.05
    noise = {(f"s{i}", "a"): [-1.0, 2.0, -0.5] for i in range(3)}
    pairs = pairs_of({("PLE", "a"): shaky, **noise})
    alpha = 1.5 * p
    together = gain_verdicts(pairs, alpha=alpha).set_index("scheme")
    apart = gain_verdicts(pairs, alpha=alpha, family="scheme").set_index("scheme")
    assert together.loc["PLE", "verdict"] == "no evidence"
    assert together.loc["PLE", "p_holm"] == pytest.approx(4 * p)
    assert apart.loc["PLE", "verdict"] == "improved"
    assert apart.loc["PLE", "p_holm"] == pytest.approx(p)


def test_the_same_gain_every_time_is_certain_and_none_at_all_is_nothing() -> None:
    table = gain_verdicts(
        pairs_of({("s", "up"): [0.5] * 3, ("s", "down"): [-0.25] * 3, ("s", "same"): [0.0] * 3})
    )
    assert list(table["verdict"]) == ["improved", "hurt", "no evidence"]
    np.testing.assert_array_equal(table["p_value"], [0, 0, 1])
    np.testing.assert_array_equal(table["holm_low"], table["gain"])


def folds(n_folds: int, n_seeds: int, *, n_train: int, n_test: int) -> dict[str, object]:
    return {
        "fold": np.repeat(np.arange(n_folds), n_seeds),
        "n_train": n_train,
        "n_test": n_test,
    }


def test_folds_widen_the_interval_by_the_share_of_test_rows() -> None:
    # Nadeau and Bengio: s sqrt(1/3 + 40/160), where independent pairs would have s sqrt(1/3).
    pairs = pairs_of({("PLE", "a"): [10.0, 12.0, 11.0]}, **folds(3, 1, n_train=160, n_test=40))
    row = gain_verdicts(pairs).iloc[0]
    assert row["std_error"] == pytest.approx(np.sqrt(1 / 3 + 1 / 4))
    assert row["high"] == pytest.approx(11 + T_2 * np.sqrt(1 / 3 + 1 / 4))


def test_seeds_within_a_fold_count_as_one_pair_by_their_mean() -> None:
    gains = [9.0, 11.0, 12.0, 12.0, 5.0, 17.0]  # fold means 10, 12, 11
    sizes = {"n_train": 160, "n_test": 40}
    many = gain_verdicts(pairs_of({("PLE", "a"): gains}, **folds(3, 2, **sizes)))
    means = gain_verdicts(pairs_of({("PLE", "a"): [10.0, 12.0, 11.0]}, **folds(3, 1, **sizes)))
    pd.testing.assert_frame_equal(many, means)


def test_on_one_split_every_seed_is_a_pair() -> None:
    gains = {("PLE", "a"): [10.0, 12.0, 11.0]}
    on_one = gain_verdicts(pairs_of(gains, **folds(1, 3, n_train=160, n_test=40)))
    pd.testing.assert_frame_equal(on_one, gain_verdicts(pairs_of(gains)))


def test_an_undefined_gain_leaves_its_pair_out_for_that_task_alone() -> None:
    rest = {("s", "b"): [0.1, -0.2, 0.3, 0.1]}
    gappy = gain_verdicts(pairs_of({("s", "a"): [10.0, np.nan, 12.0, 11.0], **rest}))
    assert list(gappy["n_pairs"]) == [3, 4]
    assert gappy["low"].iloc[0] == pytest.approx(11 - T_2 / np.sqrt(3))


def test_a_task_left_with_one_pair_has_no_verdict_and_no_part_in_the_correction() -> None:
    table = gain_verdicts(pairs_of({("s", "a"): [np.nan, 7.0, np.nan], ("s", "b"): [1.0, 1.5, 2]}))
    assert list(table["verdict"]) == ["no evidence", "improved"]
    assert table.loc[0, ["low", "high", "p_value", "p_holm", "holm_low"]].isna().all()
    assert table["p_holm"].iloc[1] == table["p_value"].iloc[1]


def test_a_task_with_gains_in_one_of_several_folds_has_one_pair_however_many_seeds() -> None:
    gains = {("s", "a"): [np.nan] * 3 + [0.5, 0.6, 0.7], ("s", "b"): [1.0, 1.1, 1.2, 1.4, 1.5, 1.6]}
    table = gain_verdicts(pairs_of(gains, **folds(2, 3, n_train=160, n_test=40)))
    assert list(table["n_pairs"]) == [1, 2]
    assert table["gain"].tolist() == pytest.approx([0.6, 1.3])
    assert table.loc[0, ["std_error", "low", "p_value"]].isna().all()
    assert table.loc[0, "verdict"] == "no evidence"


def test_rows_keep_the_order_in_which_schemes_and_tasks_come() -> None:
    table = gain_verdicts(pairs_of({("z", "b"): [1, 2], ("z", "a"): [1, 3], ("c", "b"): [2, 1]}))
    assert list(zip(table["scheme"], table["task"], strict=True)) == [
        ("z", "b"),
        ("z", "a"),
        ("c", "b"),
    ]


@pytest.mark.parametrize(
    ("pairs", "options", "message"),
    [
        (pairs_of({("s", "a"): [1.0], ("s", "b"): [2.0]}), {}, "to judge by: 1. A single gain"),
        (pairs_of({("s", "a"): [np.nan, np.nan]}), {}, "to judge by: 0"),
        (pairs_of({("s", "a"): []}), {}, "to judge by: 0"),
        (
            pairs_of({("s", "a"): [1.0, np.nan]}, **folds(2, 1, n_train=8, n_test=2)),
            {},
            "several seeds on one split",
        ),
        (
            pairs_of({("s", "a"): [1.0, 2.0, np.nan, np.nan]}, **folds(2, 2, n_train=8, n_test=2)),
            {},
            "to judge by: 1",
        ),
        (pairs_of({("s", "a"): [1.0, 2.0]}, fold=[0, 1]), {}, "n_train"),
        (pd.DataFrame({"scheme": ["s"], "gain": [1.0]}), {}, "lacks the columns ['task']"),
        (pairs_of({("s", "a"): [1.0, 2.0]}), {"alpha": 0.0}, "alpha=0.0"),
        (pairs_of({("s", "a"): [1.0, 2.0]}), {"family": "task"}, "family='task'"),
    ],
)
def test_what_cannot_be_judged_is_refused(pairs, options, message) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        gain_verdicts(pairs, **options)


def test_under_no_effect_a_false_verdict_is_about_as_rare_as_asked_for() -> None:
    rng = np.random.default_rng(0)
    n_reports, n_tests, n_pairs = 400, 6, 5
    gains = rng.normal(size=(n_reports, n_tests, n_pairs))
    pairs = pd.DataFrame(
        {
            "scheme": np.repeat(np.arange(n_reports), n_tests * n_pairs),
            "task": np.tile(np.repeat(np.arange(n_tests), n_pairs), n_reports),
            "gain": gains.ravel(),
        }
    )
    table = gain_verdicts(pairs, alpha=0.2, family="scheme")
    wrong = (table["verdict"] != "no evidence").groupby(table["scheme"]).any().mean()
    assert 0.12 < wrong < 0.26  # three standard deviations around 0.19
