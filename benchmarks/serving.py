"""How fast a fitted model answers: the estimator, a saved model's `Predictor`, and exported graphs.

    python benchmarks/serving.py [--rows 1 64 4096] [--repeats 200] [--blocks 5]

A model of the census sample (39 columns of every sort, two tasks) is fitted for two epochs. Ways to
ask it are timed in blocks that alternate, so that what else the machine does meets all alike; a
figure is the median over blocks of a block's median, with the least and the greatest block beside
it. One thread, the CPU.

"columns" means that rows are tensors or arrays already, one per column, as a server holds them;
other ways read a DataFrame, which is part of what they are timed for. "network" is the module alone
on tensors that are prepared: what no way can do without.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import torch

from sklearn_ple import PLEClassifierRegressor, load_census_income
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.serving import Predictor

Call = Callable[[], Any]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rows", type=int, nargs="+", default=[1, 64, 4096])
    arguments.add_argument("--repeats", type=int, default=200, help="calls of a block, of one row")
    arguments.add_argument("--blocks", type=int, default=5)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    X, Y = load_census_income(return_X_y=True)
    model = PLEClassifierRegressor(max_epochs=2, random_state=0).fit(X, Y)
    with tempfile.TemporaryDirectory() as folder:
        asking = Asking(model, Path(folder))
        for n_rows in given.rows:
            rows = X.sample(n_rows, random_state=0).reset_index(drop=True)
            repeats = max(3, given.repeats // max(1, n_rows // 16))
            print(f"\n{n_rows} row(s), {given.blocks} blocks of {repeats} calls")
            for name, blocks in time_ways(asking.ways(rows), repeats, given.blocks).items():
                print(line(name, blocks, n_rows))


class Asking:
    """One model in all its forms."""

    def __init__(self, model: MultiTaskEstimator, folder: Path) -> None:
        self.model = model
        model.save(folder / "model.zip")
        self.predictor = Predictor.load(folder / "model.zip")
        self.signature = model.to_torch_export(folder / "model.pt2")
        self.program = torch.export.load(folder / "model.pt2").module()
        model.to_onnx(folder / "model.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(folder / "model.onnx", options)

    def ways(self, rows: pd.DataFrame) -> dict[str, Call]:
        """All ways to ask for the probabilities of these rows, which give the same ones."""
        arrays = self.signature.arrays(rows)
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        prepared = {name: tensor.clone() for name, tensor in self.model._prepared(rows).items()}

        @torch.inference_mode()
        def run_program() -> Any:
            return self.program(tensors)

        @torch.inference_mode()
        def run_network() -> Any:
            return self.model.module_(**prepared)

        wanted = self.model.predict_proba(rows)
        for told in (
            self.session.run(None, arrays),
            [each.numpy() for each in run_program().values()],
            self.predictor.predict_proba(rows),
        ):
            for one, other in zip(told, wanted, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5)
        by_name: dict[str, Call] = {}
        if len(rows) == 1:
            row = {name: values[0] for name, values in rows.to_dict(orient="list").items()}
            by_name["Predictor.predict_proba (dict)"] = lambda: self.predictor.predict_proba(row)
        return by_name | {
            "network (prepared tensors)": run_network,
            "onnxruntime (columns)": lambda: self.session.run(None, arrays),
            "onnxruntime (DataFrame)": lambda: self.session.run(None, self.signature.arrays(rows)),
            "torch.export (columns)": run_program,
            "Predictor.predict_proba (DataFrame)": lambda: self.predictor.predict_proba(rows),
            "estimator.predict_proba (DataFrame)": lambda: self.model.predict_proba(rows),
            "estimator.predict (DataFrame)": lambda: self.model.predict(rows),
        }


def time_ways(ways: dict[str, Call], repeats: int, blocks: int) -> dict[str, list[float]]:
    """Seconds of a call, each way: the median of each block."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(blocks):
        for name, call in ways.items():
            seconds = []
            for _ in range(repeats):
                start = perf_counter()
                call()
                seconds.append(perf_counter() - start)
            found[name].append(median(seconds))
    return found


def line(name: str, blocks: list[float], n_rows: int) -> str:
    """One way's figures: milliseconds of a call and their spread, rows a second."""
    middle, low, high = (f(blocks) * 1e3 for f in (median, min, max))
    return (
        f"{name:38s}{middle:9.3f} ms ({low:.3f} to {high:.3f}){n_rows / middle * 1e3:14,.0f} rows/s"
    )


if __name__ == "__main__":
    main()
