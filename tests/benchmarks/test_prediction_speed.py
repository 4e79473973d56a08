"""The comparison of predictions runs on small inputs and says what it found."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def prediction() -> ModuleType:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
        import prediction

        return prediction


@pytest.mark.parametrize("name", ["census", "array"])
def test_every_input_gives_a_line_for_each_size_and_one_for_memory(name: str, prediction) -> None:
    given = prediction.INPUTS[name]()
    first = given.Y.columns[-1]
    few = prediction.Input(
        name, given.rows(150), given.Y[[first]][:150], {first: given.kinds[first]}
    )
    lines = prediction.measure(few, [1, 170], rounds=1)
    assert [line.split("|")[2].strip() for line in lines] == ["1", "170", "170"]
    assert all(line.count("|") == 8 for line in lines)
    assert all(float(line.split("|")[6]) > 0 for line in lines[:2])


def test_rows_are_repeated_as_often_as_needed(prediction) -> None:
    frame = pd.DataFrame({"x": [1, 2, 3]})
    given = prediction.Input("three", frame, frame, {})
    assert given.rows(7)["x"].tolist() == [1, 2, 3, 1, 2, 3, 1]
    assert given.rows(2)["x"].tolist() == [1, 2]
