"""Track a fit in MLflow: parameters, every epoch, scores, and the model, loaded back to predict.

    pip install ".[onnx]" mlflow
    python examples/mlflow_tracking.py [--uri sqlite:///mlflow.db] [--rows 4000] [--epochs 5]

The model is logged as ONNX: it runs where this package, scikit-learn and torch are not installed.
Its metadata say how rows become what goes in.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import onnx
from skorch.callbacks import Callback

from sklearn_ple import PLEClassifier, load_census_income, multitask_train_test_split
from sklearn_ple.export import Signature


class EpochsToMlflow(Callback):
    """Logs every number that an epoch leaves in the history, under the same name."""

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Called by the net, which numbers its epochs from 1."""
        epoch = net.history[-1]
        numbers = {name: v for name, v in epoch.items() if isinstance(v, float) and np.isfinite(v)}
        mlflow.log_metrics(numbers, step=epoch["epoch"])


def main(arguments: list[str] | None = None) -> None:
    """Fit, log, load and compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--uri", default="sqlite:///mlflow.db", help="where MLflow keeps its runs")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=5)
    given = parser.parse_args(arguments)
    X, Y = load_census_income(return_X_y=True)
    X_train, X_test, Y_train, Y_test = multitask_train_test_split(
        X[: given.rows], Y[: given.rows], random_state=0
    )
    mlflow.set_tracking_uri(given.uri)
    mlflow.set_experiment("census")
    model = PLEClassifier(max_epochs=given.epochs, callbacks=[EpochsToMlflow()], random_state=0)
    with mlflow.start_run(run_name="PLE"):
        mlflow.log_params({k: v for k, v in model.get_params().items() if k != "callbacks"})
        model.fit(X_train, Y_train)
        explained = model.score_tasks(X_test, Y_test)
        mlflow.log_metrics({f"explained/{task}": value for task, value in explained.items()})
        with tempfile.TemporaryDirectory() as folder:
            model.to_onnx(Path(folder) / "model.onnx")
            logged = mlflow.onnx.log_model(
                onnx.load(Path(folder) / "model.onnx"),
                name="model",
                onnx_execution_providers=["CPUExecutionProvider"],
            )

    metadata = {p.key: p.value for p in mlflow.onnx.load_model(logged.model_uri).metadata_props}
    signature = Signature.from_json(metadata["sklearn_ple"])
    answers = mlflow.pyfunc.load_model(logged.model_uri).predict(signature.arrays(X_test))
    for output, wanted in zip(signature.outputs, model.predict_proba(X_test), strict=True):
        told = answers[output.output]
        print(f"{output.task}: {len(told)} rows, off by {np.abs(told - wanted).max():.1e} at most")


if __name__ == "__main__":
    main()
