"""The MLflow recipe runs: every epoch is logged, and the model that was logged predicts alike."""

from __future__ import annotations

import re
import runpy
import warnings
from pathlib import Path

import pytest

RECIPE = Path(__file__).resolve().parents[2] / "examples" / "mlflow_tracking.py"


@pytest.mark.slow
def test_it_logs_epochs_and_a_model_that_predicts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="the recipe needs mlflow, which is not installed")
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what MLflow warns of is its own
        runpy.run_path(str(RECIPE))["main"](["--uri", uri, "--rows", "700", "--epochs", "3"])
        (run,) = mlflow.search_runs(experiment_names=["census"], output_format="list")
        losses = mlflow.MlflowClient(uri).get_metric_history(run.info.run_id, "loss/income")
    assert [each.step for each in losses] == [1, 2, 3]
    assert run.data.params["max_epochs"] == "3"
    assert {"explained/income", "explained/never_married"} <= set(run.data.metrics)
    errors = re.findall(r"off by (\S+) at most", capsys.readouterr().out)
    assert len(errors) == 2
    assert max(map(float, errors)) < 1e-5
