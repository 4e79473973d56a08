"""Made-up customers: features of every sort and targets of three kinds, partly unlabelled."""

from __future__ import annotations

import numpy as np
import pandas as pd

CITIES = ["Bergen", "Cork", "Graz", "Lyon", "Porto"]
PLANS = ["basic", "plus", "team"]
SHADES = ["blue", "green", "red"]
TARGETS = ["bought", "spent", "shade"]


def make_people(n: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features (n, 5) and targets (n, 3).

    Features: `age` with gaps, whole `visits`, `city` of dtype category, `plan` of text, a boolean
    `member`. Targets: `bought` (yes or no), `spent` (a number), `shade` (three classes); each one
    follows from the features and lacks a share of its labels.
    """
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 12, n)
    visits = rng.poisson(6, n)
    city, plan, shade = rng.integers(0, 5, n), rng.integers(0, 3, n), rng.integers(0, 3, n)
    member = rng.random(n) < 0.4
    bought = (age - 40) / 12 + (city - 2) + rng.normal(0, 0.5, n) > 0
    spent = 100 + 9 * visits + 20 * member + rng.normal(0, 5, n)
    shade = np.where(rng.random(n) < 0.15, shade, plan)
    X = pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.1, np.nan, age),
            "visits": visits,
            "city": pd.Categorical.from_codes(city, CITIES),
            "plan": np.array(PLANS)[plan],
            "member": member,
        }
    )
    y = pd.DataFrame(
        {
            "bought": np.where(bought, "yes", "no"),
            "spent": spent,
            "shade": np.array(SHADES)[shade],
        }
    )
    for name, share in zip(TARGETS, (0.1, 0.2, 0.3), strict=True):
        y.loc[rng.random(n) < share, name] = None
    return X, y
