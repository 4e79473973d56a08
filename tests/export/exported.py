"""Real rows with gaps and strange levels, models of them, and ways to run what was exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from sklearn_ple import load_census_income
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.export import ServingGraph, Signature, write_onnx, write_torch_export

Answers = dict[str, NDArray]
Exported = tuple[Signature, Callable[[Mapping[str, NDArray]], Answers]]
BATCHES = (1, 7, 64)
KINDS = {
    "income": "binary",
    "never_married": "binary",
    "education": "multiclass",
    "last_seen": "regression",
    "employers": "count",
}


def census(n_train: int = 400, n_test: int = 64) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Features and targets to fit on, and other features, with gaps and levels fit did not see.

    `since` is a time in seconds since 1970, of which every second counts.
    """
    X, Y = load_census_income(return_X_y=True)
    keep = ["age", "class_worker", "sex", "state_prev_res", "weeks_worked"]
    rng = np.random.default_rng(0)
    drawn = rng.permutation(len(X))[: n_train + n_test]
    table, targets = X.iloc[drawn][keep].reset_index(drop=True), Y.iloc[drawn].copy()
    table["since"] = 1.6e9 + rng.integers(0, 90, len(table))
    targets["education"] = np.asarray(X.iloc[drawn]["education"].cat.codes % 3).astype(str)
    targets["last_seen"] = table["since"].to_numpy() + 100.0 * table["age"].to_numpy()
    targets["employers"] = X.iloc[drawn]["num_emp"].to_numpy()
    for name in ("age", "class_worker"):  # gaps that fit sees, too
        table[name] = table[name].where(rng.random(len(table)) > 0.1)
    train, test = table[:n_train].copy(), table[n_train:].reset_index(drop=True)
    for name in ("class_worker", "sex", "state_prev_res"):
        test[name] = test[name].astype(object)
        test.loc[rng.random(n_test) < 0.2, name] = "on the moon"
    for name in ("sex", "weeks_worked"):  # gaps that fit does not
        test[name] = test[name].where(rng.random(n_test) > 0.2, None)
    return train, targets[:n_train].reset_index(drop=True), test


def expected(model: MultiTaskEstimator, X: Any) -> Answers:
    """Probabilities, or means, by the name of the target."""
    frame = model.predict_frame(X)
    return {
        task.name_: frame[task.name_].to_numpy()
        if task.classes_ is None
        else frame[[f"{task.name_}={label}" for label in task.classes_]].to_numpy()
        for task in model.tasks_
    }


def in_eager_torch(model: MultiTaskEstimator) -> Exported:
    """The graph itself, before any export."""
    graph = model._serving_graph()
    return graph.signature, lambda inputs: _arrays(graph(_tensors(inputs)))


def in_traced_torch(graph: ServingGraph, path: Path) -> Exported:
    """As traced; saving and loading takes longer, and a test of its own is enough."""
    program = graph.program.module()
    return graph.signature, lambda inputs: _arrays(program(_tensors(inputs)))


def in_torch_export(graph: ServingGraph, path: Path) -> Exported:
    """As saved and loaded again."""
    signature = write_torch_export(graph, path / "model.pt2")
    program = torch.export.load(path / "model.pt2").module()
    return signature, lambda inputs: _arrays(program(_tensors(inputs)))


def in_onnxruntime(graph: ServingGraph, path: Path, **options: Any) -> Exported:
    """As an ONNX file."""
    pytest.importorskip("onnxscript", reason="to_onnx needs onnx and onnxscript")
    runtime = pytest.importorskip("onnxruntime", reason="runs what to_onnx writes")
    signature = write_onnx(graph, path / "model.onnx", **options)
    session = runtime.InferenceSession(path / "model.onnx", providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return signature, lambda inputs: dict(zip(names, session.run(None, dict(inputs)), strict=True))


def assert_both_agree(model: MultiTaskEstimator, X: pd.DataFrame, path: Path) -> None:
    """What torch.export traced and ONNX, made of it, answer as the model does."""
    graph = model._serving_graph()
    for run in (in_traced_torch, in_onnxruntime):
        assert_agrees(run(graph, path), model, X)


def assert_agrees(exported: Exported, model: MultiTaskEstimator, X: pd.DataFrame) -> None:
    """One row, some and many are answered as the model answers them, to 1e-5."""
    signature, run = exported
    wanted = expected(model, X)
    for n in BATCHES:
        answers = run(signature.arrays(X[:n]))
        assert list(answers) == [each.output for each in signature.outputs]
        for output in signature.outputs:
            told, meant = answers[output.output], wanted[output.task][:n]
            assert told.shape == meant.shape
            assert told.dtype == np.float64
            np.testing.assert_allclose(told, meant, rtol=1e-5, atol=1e-5)


def _tensors(inputs: Mapping[str, NDArray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in inputs.items()}


def _arrays(outputs: Mapping[str, torch.Tensor]) -> Answers:
    return {name: tensor.numpy() for name, tensor in outputs.items()}
