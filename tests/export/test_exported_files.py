"""What lies in an exported file and beside it, names and text among it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import small
from exported import KINDS, assert_agrees, census, in_onnxruntime, in_torch_export

from sklearn_ple import SharedBottomEstimator
from sklearn_ple.architectures.adatt import AdaTTEstimator
from sklearn_ple.architectures.asymmetric_sharing import AsymmetricSharingEstimator
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.export import InputColumn, Signature


def fitted(X: Any, Y: Any, **changes: Any) -> MultiTaskEstimator:
    return small(SharedBottomEstimator, max_epochs=2, **changes).fit(X, Y)


@pytest.mark.slow
def test_text_goes_straight_in(tmp_path: Path) -> None:
    X, Y, test = census()
    X["year"], test["year"] = pd.Categorical(X["since"] % 3), test["since"] % 4
    X["odd"] = pd.Categorical(np.where(X["sex"] == X["sex"].iloc[0], "", "<missing>"))
    test["odd"] = pd.Categorical(["", "<missing>"] * 32)
    model = fitted(X, Y, tasks=KINDS, categorical_features=["year"])
    signature, _ = exported = in_onnxruntime(model._serving_graph(), tmp_path, categories="text")
    kinds = {each.column: each.kind for each in signature.inputs}
    assert (kinds["sex"], kinds["year"], kinds["age"]) == ("text", "code", "number")
    assert {each.column: each.missing_text for each in signature.inputs}["sex"] == ""
    assert_agrees(exported, model, test)


UNSEEN = [
    # levels at fit, what stands for missing, unseen levels
    (["b", "a"], "", ["", "?", "on the moon"]),
    (["", "a", "??"], "<missing>", ["<missing>", "<missing>?", "?"]),
    (["a", "?", "??"], "", ["", "???", "on the moon"]),
]


@pytest.mark.parametrize(("levels", "token", "unseen"), UNSEEN)
def test_only_missing_values_read_as_such(levels: list[str], token: str, unseen: list[str]) -> None:
    column = InputColumn("sex", "sex", "code", levels)
    signature = Signature([column], []).with_text()
    given = [None, *unseen, *levels, np.nan]
    texts = signature.arrays(pd.DataFrame({"sex": given}))["sex"].tolist()
    assert signature.inputs[0].missing_text == token
    assert [text == token for text in texts] == [pd.isna(each) for each in given]
    assert texts[4:-1] == levels
    assert not set(texts[1:4]) & set(levels)
    assert texts[2:4] == unseen[1:]


@pytest.mark.slow
@pytest.mark.parametrize("unseen", ["", "on the moon"])
def test_an_unseen_text_is_answered_as_unseen(unseen: str, tmp_path: Path) -> None:
    X, Y, _ = census()
    model = fitted(X[["class_worker", "age"]], Y["income"])
    exported = in_onnxruntime(model._serving_graph(), tmp_path, categories="text")
    odd = pd.DataFrame({"class_worker": [unseen, None] * 32, "age": np.arange(64.0)})
    assert_agrees(exported, model, odd)


@pytest.mark.slow
@pytest.mark.parametrize("cls", [AdaTTEstimator, AsymmetricSharingEstimator])
def test_exporting_warns_of_nothing(
    cls: type[MultiTaskEstimator], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    X, Y, _ = census()
    model = small(cls, max_epochs=1).fit(X[["age", "since"]], Y[["income", "last_seen"]])
    in_onnxruntime(model._serving_graph(), tmp_path)
    warned = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert warned == []


@pytest.mark.slow
def test_names_that_no_graph_has_and_where_they_are_written_down(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="to_onnx needs it")
    X, Y, test = census()
    names = {"age": "how old?", "sex": "how old!", "since": "2nd", "weeks_worked": "if"}
    names |= {"class_worker": "self", "state_prev_res": "embedding"}
    X, test = X.rename(columns=names), test.rename(columns=names)
    Y = Y.rename(columns={"income": "embedding", "education": "val_1", "last_seen": "how old?"})
    model = fitted(X, Y, tasks=dict(zip(Y, KINDS.values(), strict=True)))
    graph = model._serving_graph()
    for run in (in_torch_export, in_onnxruntime):
        signature, _ = exported = run(graph, tmp_path)
        inputs = {each.column: each.input for each in signature.inputs}
        assert (inputs["how old?"], inputs["how old!"]) == ("how_old_", "how_old__2")
        assert (inputs["2nd"], inputs["self"], inputs["if"]) == ("_2nd", "self_", "if_")
        assert signature.outputs[0].output == "embedding_2"
        assert_agrees(exported, model, test)
    metadata = {p.key: p.value for p in onnx.load(tmp_path / "model.onnx").metadata_props}
    inside = {"signature.json": ""}
    torch.export.load(tmp_path / "model.pt2", extra_files=inside)
    for text in (metadata["sklearn_ple"], inside["signature.json"]):
        assert Signature.from_json(text) == signature
    for name in ("model.onnx.json", "model.pt2.json"):
        assert Signature.read(tmp_path / name) == signature


def test_the_signature_lists_levels_and_classes() -> None:
    X, Y, _ = census()
    signature = fitted(X, Y, tasks=KINDS)._serving_graph().signature
    by_column = {each.column: each for each in signature.inputs}
    assert by_column["sex"].levels == sorted(X["sex"].unique())
    assert by_column["age"].levels is None
    assert [each.classes for each in signature.outputs] == [
        [0, 1],
        [0, 1],
        ["0", "1", "2"],
        None,
        None,
    ]
    assert [each.kind for each in signature.outputs] == list(KINDS.values())
    assert Signature.from_json(signature.to_json()) == signature


NO_SIGNATURES = {
    "empty": b"",
    "a list": b"[1]",
    "an object": b"{}",
    "half of one": b'{"format": null',
    "bytes": b"\xff\xfe\x00",
    "the manifest of a saved model": b'{"format": 1, "parts": {}}',
    "only inputs": b'{"format": 1, "inputs": []}',
    "inputs without names": b'{"format": 1, "inputs": [{}], "outputs": [], "named": true}',
    "inputs that are words": b'{"format": 1, "inputs": ["age"], "outputs": [], "named": true}',
    "other inputs": b'{"format": 1, "inputs": [{"size": 3}], "outputs": [], "named": true}',
    "a number of outputs": b'{"format": 1, "inputs": [], "outputs": 3, "named": true}',
}


@pytest.mark.parametrize("family", NO_SIGNATURES)
def test_what_is_no_signature_is_refused(family: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(NO_SIGNATURES[family])
    with pytest.raises(ValueError, match=r"other.json is no signature of an exported model: it "):
        Signature.read(path)


def test_a_signature_of_a_later_version_is_refused() -> None:
    with pytest.raises(ValueError, match="has format 99; .* reads 1"):
        Signature.from_json(json.dumps({"format": 99}))
