"""`AggregatedWeighting`: TorchJD's aggregators of gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sklearn_ple.weighting.gradients import GradientWeighting

# UPGrad's projector adds to the diagonal what float32 asks for; products here are float64.
# Nash bargaining asks for G w = 1 / w, which is FairGrad's equation at alpha = 1. TorchJD's own
# NashMTL finds it by a sequence of cone programs, with warnings and a state of a fixed size.
AGGREGATORS: dict[str, Callable[[Any, Any], Any]] = {
    "upgrad": lambda jd, linalg: jd.UPGrad(projector=linalg.QuadprogProjector(reg_eps=1e-8)),
    "cagrad": lambda jd, _: jd.CAGrad(c=0.5),
    "mgda": lambda jd, _: jd.MGDA(),
    "nash_mtl": lambda jd, _: jd.FairGrad(alpha=1.0),
    "imtl_g": lambda jd, _: jd.IMTLG(),
    "aligned_mtl": lambda jd, _: jd.AlignedMTL(),
    "fairgrad": lambda jd, _: jd.FairGrad(alpha=2.0),
}


class AggregatedWeighting(GradientWeighting):
    """Weights that an aggregator of TorchJD gives the tasks' gradients in what they share.

    P. Quinton, V. Rey, "Jacobian Descent for Multi-Objective Optimization", 2024
    (arXiv 2406.16232), and the library to it, TorchJD, which the extra "torchjd" brings.

    ============= ================================================================================
    "upgrad"      projects every gradient onto the cone in which no loss rises; Quinton & Rey 2024
    "cagrad"      best worst gain within reach (c = 0.5) of the mean; Liu et al., NeurIPS 2021
    "mgda"        shortest convex combination; Désidéri 2012; Sener & Koltun, NeurIPS 2018
    "nash_mtl"    Nash bargaining, G w = 1 / w; Navon et al., ICML 2022
    "imtl_g"      equal projections on all gradients; Liu et al., ICLR 2021
    "aligned_mtl" equal principal components; Senushkin et al., CVPR 2023
    "fairgrad"    alpha-fair gains, G w = w ** (-1 / alpha), alpha = 2; Ban & Ji, ICML 2024
    ============= ================================================================================

    where G holds the products of gradients. Rescaling one loss leaves the direction of "nash_mtl"
    and "imtl_g" as it was; "upgrad" scales its own projected gradient; all others lean towards or
    away from the task.

    Parameters
    ----------
    aggregator : str or torchjd.aggregation.WeightedAggregator
        A name from the table, or an aggregator whose weights follow from its matrix alone.

    Raises
    ------
    ImportError
        At fit, if TorchJD or a solver that the aggregator needs is not installed.
    ValueError
        If there is no such name.
    TypeError
        If the aggregator has no weights.

    Examples
    --------
    >>> import torch
    >>> weighting = AggregatedWeighting("mgda")
    >>> weighting.setup(["click", "watch"])
    >>> weighting.weigh(torch.tensor([[1.0, 0.0], [0.0, 3.0]], dtype=torch.float64))
    tensor([0.7500, 0.2500], dtype=torch.float64)
    """

    def __init__(self, aggregator: Any) -> None:
        super().__init__()
        if isinstance(aggregator, str) and aggregator not in AGGREGATORS:
            raise ValueError(f"aggregator={aggregator!r} is none of {sorted(AGGREGATORS)}.")
        self.aggregator = aggregator

    def setup(self, names: Any) -> None:
        super().setup(names)
        if isinstance(self.aggregator, str):
            made = _from_torchjd(self.aggregator)
        else:
            made = self.aggregator
        if not hasattr(made, "weighting"):
            raise TypeError(f"{made} has no `weighting`: it is no weighted sum of gradients.")
        self.of_matrix = made.weighting

    def weigh(self, gramian: Tensor) -> Tensor:
        weights: Tensor = self.of_matrix(_square_root(gramian))
        return weights

    def extra_repr(self) -> str:
        return f"aggregator={self.aggregator!r}"


def _square_root(gramian: Tensor) -> Tensor:
    """A matrix of the same products of rows, which stands for the gradients."""
    values, vectors = torch.linalg.eigh(gramian)
    return vectors * values.clamp(min=0).sqrt()


def _from_torchjd(name: str) -> Any:
    try:
        from torchjd import aggregation, linalg

        return AGGREGATORS[name](aggregation, linalg)
    except ImportError as error:
        raise ImportError(
            f'weighting="{name}" needs TorchJD and its solvers: '
            'pip install "torchjd[quadprog-projector,cagrad,fairgrad]>=0.18,<0.19"'
        ) from error
