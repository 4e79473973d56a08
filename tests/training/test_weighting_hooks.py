"""What a `LossWeighting` is told, when, and how often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import small_net
import torch
from torch import Tensor, nn

from sklearn_ple.training import MultiTaskNet
from sklearn_ple.weighting import LossWeighting

N_EPOCHS, N_STEPS = 3, 6  # 53 rows in batches of 9


class Listener(LossWeighting):
    """The plain sum; writes down every call."""

    def __init__(self, *, curious: bool = False) -> None:
        super().__init__()
        self.curious = curious
        self.calls: list[tuple[str, Any]] = []

    def setup(self, names: Sequence[str]) -> None:
        self.calls.append(("setup", list(names)))

    def on_epoch_begin(self, epoch: int) -> None:
        self.calls.append(("on_epoch_begin", epoch))

    def on_epoch_end(self, losses: Sequence[float]) -> None:
        self.calls.append(("on_epoch_end", list(losses)))

    def forward(self, losses: Tensor) -> Tensor:
        return losses.sum()

    def backward(
        self, losses: Tensor, penalty: Tensor | None, parameters: Sequence[nn.Parameter]
    ) -> Tensor:
        self.calls.append(("backward", (losses.detach(), penalty, list(parameters))))
        return super().backward(losses, penalty, parameters)

    def after_step(self, losses: Callable[[], Tensor]) -> None:
        self.calls.append(("after_step", losses() if self.curious else None))

    def current_weights(self) -> Tensor:
        self.calls.append(("current_weights", None))
        return torch.full((3,), 2.0)

    def of(self, name: str) -> list[Any]:
        return [what for called, what in self.calls if called == name]


def trained(listener: Listener, **options: Any) -> MultiTaskNet:
    net = small_net.net(**options)
    net.set_params(criterion=small_net.criterion(listener)).initialize()
    net.train(small_net.data(), None, epochs=N_EPOCHS, engine_callbacks=[])
    return net


def test_the_order_of_calls() -> None:
    listener = Listener()
    trained(listener)
    step = ["backward", "after_step"]
    epoch = ["on_epoch_begin", *step * N_STEPS, "current_weights", "on_epoch_end"]
    assert [name for name, _ in listener.calls] == ["setup", *epoch * N_EPOCHS]
    assert listener.of("setup") == [small_net.NAMES]


def test_epochs_are_counted_from_what_is_completed() -> None:
    listener = Listener()
    net = trained(listener)
    net.train(small_net.data(), None, epochs=2, engine_callbacks=[])
    assert listener.of("on_epoch_begin") == [0, 1, 2, 3, 4]


def test_an_epoch_ends_with_every_tasks_mean_loss() -> None:
    """Those of the history: each batch by its weight, before `task_weights`."""
    listener = Listener()
    net = trained(listener)
    recorded = [[row[f"loss/{name}"] for name in small_net.NAMES] for row in net.history]
    assert listener.of("on_epoch_end") == recorded


def test_the_history_holds_the_weights_times_the_task_weights() -> None:
    net = trained(Listener())
    for name, weight in zip(small_net.NAMES, small_net.TASK_WEIGHTS, strict=True):
        assert net.history[:, f"weight/{name}"] == [2.0 * weight] * N_EPOCHS


def test_backward_gets_weighted_losses_and_the_nets_own_parameters() -> None:
    class Trained(Listener):
        def setup(self, names: Sequence[str]) -> None:
            super().setup(names)
            self.own = nn.Parameter(torch.zeros(3))

    listener = Trained()
    net = trained(listener, batch_size=small_net.N, lr=1e-12)
    losses, penalty, parameters = listener.of("backward")[0]
    assert penalty is None
    assert {id(p) for p in parameters} == {id(p) for p in net.module_.parameters()}
    raw = net.infer(small_net.data().X)
    expected = net.criterion_.task_losses(raw, *small_net.data().y) * net.criterion_.task_weights
    torch.testing.assert_close(losses, expected.detach(), rtol=1e-8, atol=1e-12)


def test_after_a_step_the_losses_are_those_of_the_same_batch_with_the_new_weights() -> None:
    """With one batch an epoch, what the next step begins with."""
    listener = Listener(curious=True)
    trained(listener, batch_size=small_net.N)
    before = [losses for losses, *_ in listener.of("backward")]
    after = listener.of("after_step")
    for now, begins in zip(after[:-1], before[1:], strict=True):
        torch.testing.assert_close(now, begins, rtol=1e-10, atol=1e-12)
        assert not now.requires_grad
    assert after[0].sum() < before[0].sum()


def test_asking_for_them_changes_no_weight() -> None:
    asked, unasked = (small_net.parameters(trained(Listener(curious=c))) for c in (True, False))
    for one, other in zip(asked, unasked, strict=True):
        assert torch.equal(one, other)


def test_they_cost_a_forward_pass_only_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []
    infer = MultiTaskNet.infer

    def counted(self: MultiTaskNet, x: Any, **kwargs: Any) -> Tensor:
        passes.append(1)
        return infer(self, x, **kwargs)

    monkeypatch.setattr(MultiTaskNet, "infer", counted)
    trained(Listener())
    assert len(passes) == N_EPOCHS * N_STEPS
    passes.clear()
    trained(Listener(curious=True))
    assert len(passes) == 2 * N_EPOCHS * N_STEPS
