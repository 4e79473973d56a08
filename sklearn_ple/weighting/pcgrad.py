"""PCGrad: gradients that conflict are projected onto each other's normal plane."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_ple.nn import Noisy
from sklearn_ple.weighting.gradients import GradientWeighting


class PCGradWeighting(GradientWeighting, Noisy):
    """Projecting conflicting gradients: what one task would undo of another's step is taken away.

    T. Yu, S. Kumar, A. Gupta, S. Levine, K. Hausman, C. Finn, "Gradient Surgery for Multi-Task
    Learning", NeurIPS 2020 (arXiv 2001.06782), algorithm 1. Each task's gradient meets the others'
    in an order drawn at random, and where its product with g_j is negative it becomes

        g - (g . g_j) / ||g_j||² g_j

    The step is the sum of the results, thus the plain sum where no two tasks conflict. Rescaling a
    loss scales its own projected gradient and leaves the others' as they were.

    Examples
    --------
    >>> import torch
    >>> weighting = PCGradWeighting()
    >>> weighting.setup(["click", "watch"])
    >>> weighting.weigh(torch.tensor([[1.0, -0.5], [-0.5, 2.0]]))
    tensor([1.5000, 1.2500])
    """

    def weigh(self, gramian: Tensor) -> Tensor:
        n_tasks = len(gramian)
        orders = self._orders(n_tasks)
        total = torch.zeros_like(gramian[0])
        for task in range(n_tasks):
            own = torch.zeros_like(total)
            own[task] = 1.0
            for other in orders[task]:
                product = float(gramian[other] @ own)
                if other != task and product < 0:
                    own[other] -= product / float(gramian[other, other])
            total += own
        return total

    def _orders(self, n_tasks: int) -> list[list[int]]:
        """For each task, all of them in an order of its own."""
        draws = self.draw_uniform((n_tasks, n_tasks), self.weight_sum)
        return draws.argsort(dim=1).tolist()
