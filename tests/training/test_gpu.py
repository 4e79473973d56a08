"""On a GPU: the predictions of the CPU, and models that open where there is no GPU."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sklearn_ple.architectures import PLEClassifierRegressor

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
N = 400
OPEN_ON_CPU = """
import pickle, sys, torch
assert not torch.cuda.is_available()
model = pickle.load(open(sys.argv[1], "rb"))
assert model.device_ == "cpu", model.device_
X = pickle.load(open(sys.argv[2], "rb"))
pickle.dump(model.predict_proba(X)[0], open(sys.argv[3], "wb"))
"""


def _data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 5))
    X[::7, 3] = np.nan
    y = np.column_stack([(X[:, 0] > 0).astype(float), 100 + 10 * X[:, 1] + rng.normal(size=N)])
    y[::3, 0] = np.nan
    return X, y


def _fit(device: str, **options: Any) -> PLEClassifierRegressor:
    settings = {
        "expert_widths": (24,),
        "tower_widths": (8,),
        "dropout": 0.0,
        "batch_size": 64,
        "max_epochs": 3,
        "random_state": 0,
    }
    return PLEClassifierRegressor(device=device, **settings | options).fit(*_data())


def test_trains_to_the_predictions_of_the_cpu() -> None:
    X, _ = _data()
    on_cpu, on_gpu = _fit("cpu"), _fit("cuda")
    assert on_gpu.device_ == "cuda:0"
    np.testing.assert_allclose(on_gpu.predict_proba(X)[0], on_cpu.predict_proba(X)[0], atol=1e-3)


def test_the_same_weights_predict_the_same() -> None:
    X, _ = _data()
    model = _fit("cuda", dropout=0.2)
    before = model.predict_frame(X)
    on_cpu = pickle.loads(pickle.dumps(model))
    on_cpu.net_.module_.to("cpu")
    on_cpu.net_.device = on_cpu.device_ = "cpu"
    np.testing.assert_allclose(
        on_cpu.predict_frame(X).to_numpy(), before.to_numpy(), rtol=1e-4, atol=1e-4
    )


def test_the_same_seed_gives_the_same_predictions() -> None:
    X, _ = _data()
    one, other = _fit("cuda", dropout=0.3), _fit("cuda", dropout=0.3)
    np.testing.assert_allclose(one.predict_proba(X)[0], other.predict_proba(X)[0], atol=1e-6)


def test_global_generators_are_left_alone() -> None:
    before = torch.get_rng_state(), torch.cuda.get_rng_state()
    _fit("cuda", dropout=0.3)
    assert torch.equal(before[0], torch.get_rng_state())
    assert torch.equal(before[1], torch.cuda.get_rng_state())


def test_bf16_comes_close() -> None:
    X, _ = _data()
    plain, mixed = _fit("cuda"), _fit("cuda", precision="bf16-mixed")
    np.testing.assert_allclose(mixed.predict_proba(X)[0], plain.predict_proba(X)[0], atol=0.05)


def test_goes_on_after_a_round_trip() -> None:
    """Dropout's generator must be found on the GPU again."""
    X, y = _data()
    model = pickle.loads(pickle.dumps(_fit("cuda", dropout=0.3, warm_start=True)))
    assert np.isfinite(model.fit(X, y).predict(X)).all()


def test_opens_where_there_is_no_gpu(tmp_path: Path) -> None:
    X, _ = _data()
    model = _fit("cuda")
    paths = [tmp_path / name for name in ("model", "rows", "predictions")]
    paths[0].write_bytes(pickle.dumps(model))
    paths[1].write_bytes(pickle.dumps(X))
    subprocess.run(
        [sys.executable, "-c", OPEN_ON_CPU, *map(str, paths)],
        check=True,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
    )
    predictions = pickle.loads(paths[2].read_bytes())
    np.testing.assert_allclose(predictions, model.predict_proba(X)[0], atol=1e-4)
