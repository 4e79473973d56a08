"""The moving average of the weights against one computed by hand, step by step."""

from __future__ import annotations

import pytest
import small_net
import torch
from small_net import Recorder

from sklearn_ple.training import MultiTaskNet, WeightAveraging

N_EPOCHS = 3


def _train(averaging: WeightAveraging) -> tuple[MultiTaskNet, Recorder]:
    net = small_net.net(callbacks=[("recorder", Recorder())])
    net.train(
        small_net.data(),
        None,
        epochs=N_EPOCHS,
        engine_callbacks=[("averaging", averaging)],
    )
    return net, dict(net.callbacks_)["recorder"]


@pytest.mark.parametrize("decay", [0.0, 0.15, 0.5, 0.99])
def test_by_hand(decay: float) -> None:
    """d grows from 1/10 over 2/11, 3/12, … up to the decay asked for."""
    net, recorder = _train(WeightAveraging(decay))
    average = [p.clone() for p in recorder.start]
    for step, weights in enumerate(recorder.steps):
        d = min(decay, (1 + step) / (10 + step))
        average = [d * a + (1 - d) * w for a, w in zip(average, weights, strict=True)]
    for got, expected in zip(small_net.parameters(net), average, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-13)


def test_without_decay_the_last_weights_stay() -> None:
    net, recorder = _train(WeightAveraging(0.0))
    for got, last in zip(small_net.parameters(net), recorder.steps[-1], strict=True):
        torch.testing.assert_close(got, last, rtol=1e-14, atol=0)


def test_averaging_does_not_disturb_training() -> None:
    """Step by step, the weights that are trained are those of a run without it."""
    _, with_average = _train(WeightAveraging(0.9))
    net = small_net.net(callbacks=[("recorder", Recorder())])
    net.train(small_net.data(), None, epochs=N_EPOCHS, engine_callbacks=[])
    plain = dict(net.callbacks_)["recorder"]
    for one, other in zip(with_average.steps, plain.steps, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


class _Peeking(WeightAveraging):
    """Applies the average in the middle of training, as scoring does."""

    def _fail_inside(self, net: MultiTaskNet, seen: list[torch.Tensor]) -> None:
        with self.applied():
            seen += small_net.parameters(net)
            raise RuntimeError("on purpose")

    def on_epoch_end(self, net: MultiTaskNet, **kwargs: object) -> None:
        before = small_net.parameters(net)
        inside: list[torch.Tensor] = []
        with pytest.raises(RuntimeError, match="on purpose"):
            self._fail_inside(net, inside)
        after = small_net.parameters(net)
        assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        assert not any(torch.equal(a, b) for a, b in zip(before, inside, strict=True))


def test_applied_is_undone_even_after_an_error() -> None:
    net, _ = _train(_Peeking(0.9))
    plain, _ = _train(WeightAveraging(0.9))
    for one, other in zip(small_net.parameters(net), small_net.parameters(plain), strict=True):
        assert torch.equal(one, other)
