"""A model saved on a machine with a GPU, loaded on one without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from architecture_walk import small
from saved import NEW, X, Y, there_and_back

from sklearn_ple import PLEEstimator


class GeneratorOnGpu:
    """Says that it is on a GPU; the state of a generator there has 16 bytes."""

    device = torch.device("cuda:0")

    def get_state(self) -> torch.Tensor:
        return torch.arange(16, dtype=torch.uint8)


@pytest.mark.skipif(torch.cuda.is_available(), reason="loads models without a GPU")
def test_is_on_the_cpu_where_there_is_none(tmp_path: Path) -> None:
    model = small(PLEEstimator, dropout=0.2, max_epochs=2).fit(X, Y)
    expected = model.predict(NEW)
    model.device_ = model.net_.device = "cuda:0"
    model.net_.streams.noise = GeneratorOnGpu()
    loaded = there_and_back(model.set_params(device="cuda"), tmp_path)
    assert loaded.device_ == loaded.net_.device == "cpu"
    assert loaded.device == "cuda"
    np.testing.assert_array_equal(loaded.predict(NEW), expected)
    loaded.set_params(device="auto").partial_fit(X, Y)
    assert np.isfinite(loaded.history_["train_loss"]).all()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_is_on_the_gpu_where_there_is_one(tmp_path: Path) -> None:
    model = small(PLEEstimator, dropout=0.2, max_epochs=2, device="cuda").fit(X, Y)
    loaded = there_and_back(model, tmp_path)
    assert loaded.device_ == model.device_ == "cuda:0"
    np.testing.assert_allclose(loaded.predict_proba(NEW)[0], model.predict_proba(NEW)[0], rtol=1e-5)
    for each in (model, loaded):
        each.partial_fit(X, Y)
    spent = [each.predict_frame(NEW)["spent"] for each in (model, loaded)]
    np.testing.assert_allclose(*spent, rtol=1e-4)  # sums on a GPU have no fixed order
