"""A model pickled on a machine with a GPU, opened on one without.

torch writes with every tensor where it was. Here it writes that of a GPU, so the bytes are those of
such a machine, as far as this one can make them; a plain tensor among them can't be opened here.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from architecture_walk import ARCHITECTURES, over, small
from people import make_people
from skorch.callbacks import Callback
from skorch.exceptions import DeviceWarning

from sklearn_ple import ExponentialWeighting, PLEEstimator

X, Y = make_people(157)

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="opens models without a GPU")


class GeneratorOnGpu:
    """Says that it is on a GPU; its state is not, and has 16 bytes."""

    device = torch.device("cuda:0")

    def get_state(self) -> torch.Tensor:
        return torch.arange(16, dtype=torch.uint8)


STATE_SIZES = {0, 16, torch.Generator().get_state().nbytes}


@pytest.fixture
def dumps(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], bytes]:
    """Pickle as a machine does on whose GPU all tensors are but states of generators, and none."""
    registry = list(torch.serialization._package_registry)
    monkeypatch.setattr(torch.serialization, "_package_registry", registry)
    on_gpu = [False]

    def where(storage: Any) -> str | None:
        return "cuda:0" if on_gpu[0] and storage.nbytes() not in STATE_SIZES else None

    torch.serialization.register_package(0, where, lambda storage, location: None)

    def dump(thing: Any) -> bytes:
        on_gpu[0] = True
        try:
            return pickle.dumps(thing)
        finally:
            on_gpu[0] = False

    return dump


def move(model: Any) -> Any:
    """All that a model says of its device."""
    model.device_ = model.net_.device = "cuda:0"
    model.net_.streams.noise = GeneratorOnGpu()
    return model


def test_a_plain_tensor_is_not_opened(dumps) -> None:
    with pytest.raises(RuntimeError, match="CUDA"):
        pickle.loads(dumps(torch.ones(3)))


@over(ARCHITECTURES)
@pytest.mark.parametrize(
    "settings",
    [{}, {"optimizer": "sgd"}, {"weighting": ExponentialWeighting(ratios=[1.0, 0.9, 0.8])}],
    ids=["plain", "sgd", "weighting"],
)
def test_works_on_the_cpu(cls, settings: dict[str, Any], dumps) -> None:
    model = small(cls, dropout=0.2, callbacks=[Callback()], **settings).fit(X, Y)
    expected = model.predict(X)
    with pytest.warns(DeviceWarning):
        opened = pickle.loads(dumps(move(model)))
    assert opened.device_ == opened.net_.device == "cpu"
    np.testing.assert_array_equal(opened.predict(X), expected)
    assert {parameter.device.type for parameter in opened.module_.parameters()} == {"cpu"}
    opened.partial_fit(X, Y)
    assert np.isfinite(opened.history_["train_loss"]).all()
    assert opened.set_params(device="auto").fit(X, Y).device_ == "cpu"


def test_the_parameter_stays_as_it_was_given(dumps) -> None:
    model = small(PLEEstimator).fit(X, Y).set_params(device="cuda")
    with pytest.warns(DeviceWarning):
        opened = pickle.loads(dumps(move(model)))
    assert opened.device == "cuda"
    with pytest.raises(ValueError, match="device='cuda' is not here"):
        opened.fit(X, Y)
