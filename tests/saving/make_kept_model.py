"""Write `kept/format-1.zip` and what it predicts, which every later version has to load.

Run only to begin a new format: ``python tests/saving/make_kept_model.py``. An old file is never
written anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from people import make_people

from sklearn_ple import ESMMEstimator, Regression
from sklearn_ple.base import MultiTaskEstimator

KEPT = Path(__file__).parent / "kept"


def make_model() -> tuple[MultiTaskEstimator, pd.DataFrame]:
    """A small model with every sort of column, task and correction, and rows to ask."""
    X, y = make_people(120)
    y["old"] = np.where(y["bought"].isna(), np.nan, (X["age"].fillna(40) > 45) * 1.0)
    y.loc[y["bought"] == "no", "old"] = 0.0
    y["visits"] = X["visits"]
    model = ESMMEstimator(
        tasks={"spent": Regression(loss="huber"), "visits": "count", "shade": "multiclass"},
        categorical_features=["member"],
        chain=["bought", "old"],
        bottom_widths=(4,),
        tower_widths=(3,),
        embedding_dim=2,
        max_epochs=3,
        batch_size=32,
        weighting="uncertainty",
        random_state=0,
    ).fit(X, y)
    model.calibrate(X, y, thresholds={"bought": 0.4})
    return model, make_people(11, seed=1)[0]


def main() -> None:
    model, asked = make_model()
    KEPT.mkdir(exist_ok=True)
    model.save(KEPT / "format-1.zip")
    expected = model.predict_frame(asked).to_dict(orient="list")
    text = json.dumps(expected, indent=1)
    (KEPT / "format-1.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
