"""On a GPU a resumed fit draws the same noise and takes the same steps, but for the last bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from architecture_walk import small
from people import make_people
from power_cut import BUSY, resumed

from sklearn_ple import PLEEstimator
from sklearn_ple.training import CheckpointFolder

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
X, Y = make_people(157)


@pytest.mark.parametrize("weighting", ["static", "pcgrad", "famo"])
def test_resumed(weighting: str, tmp_path: Path) -> None:
    settings = {"device": "cuda", "weighting": weighting, "early_stopping": True}
    one = small(PLEEstimator, **BUSY | settings).fit(X, Y)
    two = resumed(PLEEstimator, tmp_path, X, Y, **settings)
    assert two.device_ == one.device_ == "cuda:0"
    for a, b in zip(one.module_.parameters(), two.module_.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(one.history_["score"], two.history_["score"], rtol=1e-3)
    for name, state in one.net_.streams.state_dict().items():
        assert torch.equal(state, two.net_.streams.state_dict()[name])


def test_it_is_not_resumed_on_another_kind_of_device(tmp_path: Path) -> None:
    settings = BUSY | {"checkpoint_dir": tmp_path}
    small(PLEEstimator, **settings, device="cuda").fit(X, Y)
    assert CheckpointFolder(tmp_path).files()
    with pytest.raises(ValueError, match=r"kind of device \(was cuda, is cpu\)"):
        small(PLEEstimator, **settings, device="cpu").fit(X, Y, resume=True)
