"""MTAN: a trunk for all tasks, and masks by which each attends to what the trunk finds.

Drawing, paper and routing: `sklearn_ple/routings/mtan.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import Space, choice
from sklearn_ple.nn import Routing
from sklearn_ple.routings.mtan import MTANRouting


class MTANEstimator(MultiTaskEstimator):
    """Multi-task attention network: a shared trunk, masked for each task and each row.

    Parameters
    ----------
    block_widths : tuple of int, default=(256, 128)
        Blocks of the trunk: each is two layers of this width.
    attention_widths : tuple of int, default=(64,)
        Hidden layers of every task's mask in every block.

    References
    ----------
    S. Liu, E. Johns, A. J. Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019
    (doi 10.1109/CVPR.2019.00197, arXiv 1803.10704).

    Examples
    --------
    >>> from sklearn_ple import make_related_tasks
    >>> from sklearn_ple.architectures.mtan import MTANEstimator
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> model = MTANEstimator(max_epochs=2, random_state=0).fit(X, Y)
    >>> model.predict(X).shape
    (200, 2)
    >>> [masks.shape for masks in model.attention_masks(X)]
    [(200, 2, 256), (200, 2, 128)]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "block_widths": ["array-like"],
        "attention_widths": ["array-like"],
    }

    def __init__(
        self,
        *,
        block_widths: Sequence[int] = (256, 128),
        attention_widths: Sequence[int] = (64,),
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.block_widths = block_widths
        self.attention_widths = attention_widths
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "block_widths": choice("128", "256", "128,64", "256,128"),
            "attention_widths": choice("32", "64", "128"),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return MTANRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            block_widths=self.block_widths,
            attention_widths=self.attention_widths,
            activation=self.activation,
            dropout=dropout,
        )

    @torch.inference_mode()
    def attention_masks(self, X: Any) -> list[NDArray[np.floating]]:
        """How much each task reads of every unit of the trunk, row by row.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        list of ndarray of shape (n_samples, n_tasks, width)
            One for each block, tasks in the order of `target_names_in_`; between 0 and 1.
        """
        features = {name: t.to(self.device_) for name, t in self._prepared(X).items()}
        routing = self.module_.routing
        assert isinstance(routing, MTANRouting)
        masks = routing.masks(self.module_.encoder(**features))
        return [mask.cpu().numpy() for mask in masks]
