"""`GradientWeighting`: weights that are found by looking at every task's own gradient."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from sklearn_ple.weighting.stepwise import StepwiseWeighting


class GradientWeighting(StepwiseWeighting):
    """Base of weightings that follow from the products of the tasks' gradients.

    Each step takes one backward pass for every task in the batch: for 2, 4 and 8 tasks an epoch of
    PLE takes about 1.8, 3.3 and 6.7 times as long on a CPU. What more than one loss reaches
    is shared: there the gradient is a weighted sum of the tasks' gradients. What one loss reaches,
    such as a tower, gets that loss's plain gradient, and the architecture's penalty is added as it
    is. Tasks without a loss in the batch, or without a gradient in what is shared, are left out, as
    are frozen parameters.

    Experts and towers lie stacked in one parameter, so what a loss reaches is told entry by entry
    from the gradients: an entry is shared as soon as two losses have moved it in the course of
    training. In a net of several levels of experts that is everything below the last level, other
    tasks' experts included.

    A scheme is a subclass that says in `weigh` which weights follow from products of gradients,
    scaled to a mean square length of one. Its weights are divided by those that it gives
    gradients of length one at right angles, so that tasks which neither conflict nor differ
    have weights of one, as in the plain sum and as everything that is not shared.

    Reported are the weights in what is shared; `train_loss` is the plain sum.
    """

    one_backward: ClassVar[bool] = False
    moved: Tensor
    add_up: Callable[[Tensor], Tensor] | None = None  # over processes, where several share a fit

    @abstractmethod
    def weigh(self, gramian: Tensor) -> Tensor:
        """Weights (task,) from products (task, task) of gradients, in float64 on the CPU."""

    def setup(self, names: Sequence[str]) -> None:
        super().setup(names)
        moved = torch.zeros(len(names), 0, dtype=torch.bool)
        self.register_buffer("moved", moved, persistent=False)
        self.units: dict[int, float] = {}

    def forward(self, losses: Tensor) -> Tensor:
        return losses.sum()

    def backward(
        self, losses: Tensor, penalty: Tensor | None, parameters: Sequence[nn.Parameter]
    ) -> Tensor:
        parameters = [parameter for parameter in parameters if parameter.requires_grad]
        total = losses.sum() if penalty is None else losses.sum() + penalty
        present = losses.detach() != 0
        tasks = present.nonzero()[:, 0].tolist()
        if len(tasks) < 2:
            self._report(torch.ones_like(losses), present)
            total.backward()
            return total
        jacobian = _jacobian(losses, tasks, parameters, keep_graph=penalty is not None)
        gradient = self._combine(jacobian, tasks, present)
        parts = gradient.split([parameter.numel() for parameter in parameters])
        for parameter, part in zip(parameters, parts, strict=True):
            new = part.view_as(parameter)
            parameter.grad = new if parameter.grad is None else parameter.grad + new
        if penalty is not None and penalty.requires_grad:
            penalty.backward()
        return total

    def get_extra_state(self) -> dict[str, Any]:
        """For `state_dict`: what earlier steps left."""
        return {"moved": self.moved, "units": self.units}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Set what earlier steps left again, from `get_extra_state`."""
        self.moved = state["moved"].to(self.moved.device)
        self.units = dict(state["units"])

    @torch.no_grad()
    def _combine(self, jacobian: Tensor, tasks: list[int], present: Tensor) -> Tensor:
        """Gradients (present task, entry) to one (entry,): weighted where shared, else summed.

        Where processes share a fit, the weights follow from the gradients by all rows, and are
        those of this process's part, so that the parts still add up.
        """
        whole = jacobian if self.add_up is None else self.add_up(jacobian.clone())
        shared = self._shared(whole, tasks)
        products = (whole * shared) @ whole.t()
        weights = self._weights(products.cpu().double()).to(jacobian)
        of_all = torch.ones_like(present, dtype=weights.dtype)
        of_all[tasks] = weights
        self._report(of_all, present)
        return jacobian.sum(0) + shared * ((weights - 1) @ jacobian)

    def _shared(self, jacobian: Tensor, tasks: list[int]) -> Tensor:
        """Whether more than one loss has moved an entry so far (entry,)."""
        n_entries = jacobian.shape[1]
        if self.moved.shape[1] != n_entries:
            self.moved = self.moved.new_zeros(len(self.moved), n_entries)
        self.moved[tasks] |= jacobian != 0
        return self.moved.sum(0) > 1

    def _weights(self, products: Tensor) -> Tensor:
        """One weight for each row of the products; 1 where there is nothing to weigh."""
        weights = torch.ones(len(products), dtype=products.dtype)
        length = products.diagonal()
        active = (length > 0).nonzero()[:, 0]
        if len(active) < 2 or not products.isfinite().all():  # who calls reports what is no number
            return weights
        gramian = products[active][:, active] / length[active].mean()
        return weights.index_copy(0, active, self.weigh(gramian) / self._unit(len(active)))

    def _unit(self, n_tasks: int) -> float:
        """The weight of each of so many gradients of length one at right angles."""
        if n_tasks not in self.units:
            self.units[n_tasks] = float(self.weigh(torch.eye(n_tasks).double()).mean())
        return self.units[n_tasks]


def _jacobian(
    losses: Tensor, tasks: list[int], parameters: Sequence[nn.Parameter], *, keep_graph: bool
) -> Tensor:
    """The gradient of each of some tasks' losses (task, entry)."""
    rows = []
    for task in tasks:
        parts = torch.autograd.grad(
            losses[task],
            parameters,
            retain_graph=keep_graph or task != tasks[-1],
            allow_unused=True,
            materialize_grads=True,
        )
        rows.append(torch.cat([part.flatten() for part in parts]))
    return torch.stack(rows)
