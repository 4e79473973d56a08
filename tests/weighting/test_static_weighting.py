"""The plain sum of what task weights have already scaled."""

from __future__ import annotations

import torch

from sklearn_ple.weighting import StaticWeighting

NAMES = ["click", "watch", "price"]


def test_sums_and_passes_every_gradient_on_unchanged() -> None:
    weighting = StaticWeighting()
    weighting.setup(NAMES)
    losses = torch.tensor([0.25, 0.0, 3.0], requires_grad=True)
    total = weighting(losses)
    total.backward()
    assert total.item() == 3.25
    assert losses.grad is not None
    assert losses.grad.tolist() == [1.0, 1.0, 1.0]


def test_weights_stay_one() -> None:
    weighting = StaticWeighting()
    weighting.setup(NAMES)
    for epoch in (0, 1, 50):
        weighting.on_epoch_begin(epoch)
        assert weighting.current_weights().tolist() == [1.0, 1.0, 1.0]


def test_has_nothing_to_train() -> None:
    assert list(StaticWeighting().parameters()) == []
