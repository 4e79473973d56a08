"""Files of earlier versions load, and predict what they predicted: a promise, without end.

`kept/` has a file of each format there was, and what it said of `make_people(11, seed=1)`.
`make_kept_model.py` made them. A change that breaks this test needs code that still reads the old
format, never a new file in place of an old one.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from people import make_people
from saved import there_and_back

import sklearn_ple
from sklearn_ple.archive.manifest import FORMAT
from sklearn_ple.serving import Predictor

KEPT = sorted((Path(__file__).parent / "kept").glob("format-*.zip"))
ASKED = make_people(11, seed=1)[0]

pytestmark = pytest.mark.filterwarnings("ignore:The model was saved by sklearn_ple")
kept = pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)


def expected(path: Path) -> pd.DataFrame:
    return pd.DataFrame(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))


def test_there_is_one_of_every_format() -> None:
    assert [path.stem for path in KEPT] == [f"format-{i + 1}" for i in range(FORMAT)]
    assert all(path.stat().st_size < 60_000 for path in KEPT)


@kept
def test_loads_and_predicts_what_it_did(path: Path) -> None:
    """To six digits: another processor adds in another order."""
    for model in (sklearn_ple.load(path), Predictor.load(path)):
        pd.testing.assert_frame_equal(
            model.predict_frame(ASKED), expected(path), rtol=1e-6, atol=1e-6, check_dtype=False
        )


@kept
def test_goes_on_and_is_saved_again(path: Path, tmp_path: Path) -> None:
    model = sklearn_ple.load(path)
    X, y = make_people(60, seed=2)
    y["old"] = np.where(y["bought"] == "yes", 1.0, 0.0)
    y.loc[y["bought"].isna(), "old"] = np.nan
    model.partial_fit(X, y.assign(visits=X["visits"]))
    assert np.isfinite(model.history_["train_loss"]).all()
    pd.testing.assert_frame_equal(
        there_and_back(model, tmp_path).predict_frame(ASKED), model.predict_frame(ASKED)
    )
