"""`class_weight`: what it multiplies, and what it does to probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from architecture_walk import MIXED, eager, over, small

from sklearn_ple import PLEClassifier, SingleTaskEstimator


def rare_labels() -> tuple[np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(331, 3))
    rare = np.where(x[:, 0] + rng.normal(0, 0.8, 331) > 1.3, "yes", "no")
    third = np.where(x[:, 1] + rng.normal(0, 0.8, 331) > 1.3, 2, (x[:, 2] > 0).astype(int))
    return x, pd.DataFrame({"rare": rare, "third": third})


def test_balanced_class_weights_are_inverse_frequencies() -> None:
    x, y = rare_labels()
    by_hand = {
        name: {
            label: len(y) / (y[name].nunique() * n) for label, n in y[name].value_counts().items()
        }
        for name in y
    }
    balanced = small(PLEClassifier, class_weight="balanced").fit(x, y)
    given = small(PLEClassifier, class_weight=by_hand).fit(x, y)
    one = small(PLEClassifier, class_weight={"rare": "balanced"}).fit(x, y)
    np.testing.assert_allclose(balanced.predict_proba(x)[0], given.predict_proba(x)[0], rtol=1e-5)
    half = small(PLEClassifier, class_weight={"rare": by_hand["rare"]}).fit(x, y)
    np.testing.assert_allclose(one.predict_proba(x)[0], half.predict_proba(x)[0], rtol=1e-5)
    assert not np.allclose(balanced.predict_proba(x)[1], one.predict_proba(x)[1], rtol=1e-3)


def test_class_weights_of_a_single_target_need_no_name() -> None:
    x, y = rare_labels()
    flat = small(PLEClassifier, class_weight={"yes": 5.0}).fit(x, y["rare"])
    named = small(PLEClassifier, class_weight={"rare": {"yes": 5.0, "no": 1.0}}).fit(x, y["rare"])
    np.testing.assert_array_equal(flat.predict_proba(x), named.predict_proba(x))


@over(MIXED)
def test_class_weights_raise_recall_and_shift_probabilities(cls) -> None:
    x, y = rare_labels()
    y["signal"] = x[:, 0]
    settings = {"tasks": {"third": "multiclass"}, "max_epochs": 8}
    plain = eager(cls, **settings).fit(x, y)
    weighted = eager(cls, class_weight={"rare": "balanced"}, **settings).fit(x, y)
    share = (y["rare"] == "yes").mean()
    before, after = (model.predict_frame(x)["rare=yes"] for model in (plain, weighted))
    assert before.mean() == pytest.approx(share, abs=0.06)
    assert after.mean() > before.mean() + 0.05
    yes = y["rare"] == "yes"
    assert (after[yes] > 0.5).mean() > (before[yes] > 0.5).mean()


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"yes": 2.0}, "several targets: give a dict by target name"),
        ({"price": {"yes": 2.0}}, r"class_weight names \['price'\]; the targets are"),
        ({"rare": {"maybe": 2.0}}, r"class_weight of task 'rare' names \['maybe'\]"),
        ({"rare": {"yes": -3.0}}, "class_weight of task 'rare' must be finite, not negative"),
        ({"rare": {"yes": float("inf")}}, "class_weight of task 'rare' must be finite"),
        ({"rare": {"yes": float("nan")}}, "class_weight of task 'rare' must be finite"),
        ({"rare": {"yes": 0, "no": 0}}, "not all zero"),
    ],
    ids=[
        *("flat for several", "unknown target", "unknown label"),
        *("negative", "infinite", "not a number", "all zero"),
    ],
)
def test_class_weights_that_do_not_fit(class_weight: Any, message: str) -> None:
    x, y = rare_labels()
    with pytest.raises(ValueError, match=message):
        small(PLEClassifier, class_weight=class_weight).fit(x, y)


@pytest.mark.parametrize("n_targets", [1, 2])
def test_no_class_weight_for_a_task_is_none(n_targets: int) -> None:
    x, y = rare_labels()
    y = y.iloc[:, :n_targets]
    plain = small(PLEClassifier).fit(x, y)
    given = small(PLEClassifier, class_weight=dict.fromkeys(y.columns)).fit(x, y)
    pd.testing.assert_frame_equal(given.predict_frame(x), plain.predict_frame(x))


def test_class_weights_do_not_touch_regressions() -> None:
    """Of two targets that share nothing."""
    x, y = rare_labels()
    y = y[["rare"]].assign(signal=x[:, 0])
    settings = {"numeric_encoding": "standard", "dropout": 0.0}
    plain = small(SingleTaskEstimator, **settings).fit(x, y).predict_frame(x)
    weighted = small(SingleTaskEstimator, class_weight="balanced", **settings).fit(x, y)
    np.testing.assert_allclose(weighted.predict_frame(x)["signal"], plain["signal"], rtol=1e-5)
    assert not np.allclose(weighted.predict_frame(x)["rare=yes"], plain["rare=yes"], rtol=1e-3)


def test_towers_start_at_the_weighted_log_odds() -> None:
    """After one step of no size, for classes of equal weight, of any, and of none."""
    x, y = rare_labels()
    settings = {"lr": 1e-12, "max_epochs": 1}

    def start(class_weight: Any) -> pd.DataFrame:
        model = small(PLEClassifier, class_weight=class_weight, **settings).fit(x, y)
        return model.predict_frame(x).drop(columns=["rare", "third"]).mean()

    balanced = start("balanced")
    assert balanced[["rare=no", "rare=yes"]].to_numpy() == pytest.approx(1 / 2, abs=0.06)
    thirds = ["third=0", "third=1", "third=2"]
    assert balanced[thirds].to_numpy() == pytest.approx(1 / 3, abs=0.06)
    yes = (y["rare"] == "yes").sum()
    weighted = start({"rare": {"yes": 9.0}, "third": {0: 0.0, 1: 0.0}})
    assert weighted["rare=yes"] == pytest.approx(9 * yes / (8 * yes + len(y)), abs=0.06)
    assert weighted["third=2"] > 0.99
