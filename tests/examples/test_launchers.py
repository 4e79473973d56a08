"""The recipes for launchers run: their processes end with one model, the same by whichever."""

from __future__ import annotations

import shutil
from pathlib import Path

import launching
import pytest

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHORT = ["--rows", "900", "--epochs", "2"]


@pytest.fixture(scope="module")
def under_torchrun(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    out = tmp_path_factory.mktemp("torchrun") / "model.zip"
    options = [*SHORT, "--out", str(out)]
    printed = launching.run_under_torchrun(2, EXAMPLES / "on_torchrun.py", *options)
    assert out.is_file()
    return scores(printed)


def scores(printed: str) -> list[str]:
    """The lines with a score."""
    return [line for line in printed.splitlines() if line.endswith("of deviance explained")]


def test_torchrun(under_torchrun: list[str]) -> None:
    assert [line.split(":")[0] for line in under_torchrun] == ["income", "never_married"]


def test_ray_train(under_torchrun: list[str]) -> None:
    pytest.importorskip("ray.train", reason='needs Ray: pip install "ray[train]"')
    printed = launching.run(str(EXAMPLES / "on_ray.py"), *SHORT, "--workers", "2")
    assert scores(printed) == under_torchrun


def test_spark(under_torchrun: list[str]) -> None:
    pytest.importorskip("pyspark", reason="needs Spark: pip install pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    printed = launching.run(str(EXAMPLES / "on_spark.py"), *SHORT, "--processes", "2")
    assert scores(printed) == under_torchrun
