"""A net that was pickled goes on exactly where it stood."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
import small_net
import torch

from sklearn_ple.training import MultiTaskNet

COPIES: dict[str, Callable[[MultiTaskNet], MultiTaskNet]] = {
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "deepcopy": copy.deepcopy,
}


def _trained() -> MultiTaskNet:
    net = small_net.net(optimizer=torch.optim.AdamW, lr=0.01)
    net.train(small_net.data(), None, epochs=2, engine_callbacks=[])
    return net


@pytest.mark.parametrize("how", COPIES)
def test_goes_on_to_the_same_weights(how: str) -> None:
    """Optimiser state, order of rows and history come along."""
    original = _trained()
    nets = [COPIES[how](original), original]
    for net in nets:
        net.train(small_net.data(), None, epochs=2, engine_callbacks=[])
        assert net.history[:, "epoch"] == [1, 2, 3, 4]
    for one, other in zip(*map(small_net.parameters, nets), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("how", COPIES)
def test_holds_one_network_that_its_optimiser_steps(how: str) -> None:
    net = COPIES[how](_trained())
    assert net.module is net.module_
    assert net.criterion is net.criterion_
    stepped = {id(p) for group in net.optimizer_.param_groups for p in group["params"]}
    assert stepped == {id(p) for p in net.module_.parameters()}


@pytest.mark.parametrize("how", COPIES)
def test_shares_nothing_with_the_original(how: str) -> None:
    original = _trained()
    before = small_net.parameters(original)
    COPIES[how](original).train(small_net.data(), None, epochs=1, engine_callbacks=[])
    for one, other in zip(before, small_net.parameters(original), strict=True):
        assert torch.equal(one, other)
