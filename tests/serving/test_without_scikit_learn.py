"""Serving imports neither scikit-learn nor skorch, and says the same without them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from architecture_walk import small
from people import make_people

from sklearn_ple import Count, ESMMEstimator, PLEEstimator, Regression

X, Y = make_people(157)

FORBIDDEN = ["sklearn", "skorch", "optuna", "joblib", "matplotlib", "tqdm"]
SCRIPT = f"""
import json, sys

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {FORBIDDEN}:
            raise ImportError(f"{{name}} must not be imported")

sys.meta_path.insert(0, Forbid())
import torch
torch.set_num_threads(1)
from sklearn_ple.serving import Predictor

predictor = Predictor.load(sys.argv[1])
columns = json.loads(sys.argv[2])
frame = predictor.predict_frame(columns)
rows = [
    predictor.predict_frame({{name: values[i] for name, values in columns.items()}})
    for i in range(3)
]
loaded = sorted({{name.partition(".")[0] for name in sys.modules}} & set({FORBIDDEN}))
print(json.dumps([frame.to_dict("list"), [row.to_dict("list") for row in rows], loaded]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["isotonic", "chain"])
def test_in_a_process_that_forbids_them(kind: str, tmp_path: Path) -> None:
    if kind == "chain":
        y = Y.assign(old=np.where(Y["bought"] == "yes", X["age"] > 45, False), n=X["visits"])
        tasks = {"spent": Regression(loss="huber"), "n": Count()}
        model = small(ESMMEstimator, tasks=tasks, chain=["bought", "old"], max_epochs=2)
        model.fit(X[Y["bought"].notna()], y[Y["bought"].notna()])
    else:
        model = small(PLEEstimator, max_epochs=2, numeric_encoding="quantile").fit(X, Y)
        model.calibrate(X, Y, method={"bought": "isotonic", "shade": "isotonic"}, thresholds=0.3)
    model.save(tmp_path / "model.zip")
    asked = X[:9].astype(object).where(X[:9].notna(), None)
    columns = json.dumps(asked.to_dict("list"))
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "model.zip"), columns],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    frame, rows, loaded = json.loads(run.stdout)
    assert loaded == []
    expected = model.predict_frame(X[:9])
    assert frame == expected.to_dict("list")
    assert rows == [expected[i : i + 1].to_dict("list") for i in range(3)]
