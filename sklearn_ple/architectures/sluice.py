"""Sluice: bottoms whose layers are cut into subspaces, mixed across tasks and across depth.

Drawing, paper and routing: `sklearn_ple/routings/sluice.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval

from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import BOTTOMS, Space, choice, number, whole
from sklearn_ple.nn import Routing
from sklearn_ple.routings.sluice import SluiceRouting


class SluiceEstimator(MultiTaskEstimator):
    """Sluice network: a bottom for each task, mixed by parts of layers and by depth.

    Every layer is cut into subspaces. Learned weights, the same for every row, mix those of all
    tasks after each layer, and each task's tower reads a mixture of all layers.

    Parameters
    ----------
    bottom_widths : tuple of int, default=(256, 256)
        Layers of each task's bottom. A layer whose width is not that of the last is projected to
        it before layers are mixed.
    n_subspaces : int, default=2
        Parts of each layer, of equal size or nearly.
    self_share : float, default=0.9
        What a subspace takes from itself at the start of training, between 0 and 1; the rest comes
        from all others, of its own and other tasks, in equal parts.
    last_share : float, default=0.9
        What a tower takes from the last layer at the start of training, between 0 and 1; the rest
        comes from the layers below in equal parts.
    orthogonality : float, default=0.0
        Weight of the penalty on subspaces of a layer that overlap: for each two, the squared
        Frobenius norm of W^T V, whose rows are the weights of their units. It is added to the
        tasks' losses as it is and grows with the widths: with the default ones and two tasks it
        starts at about 500, so try 0.001 or less.

    References
    ----------
    S. Ruder, J. Bingel, I. Augenstein, A. Søgaard, "Latent Multi-Task Architecture Learning",
    AAAI 2019 (doi 10.1609/aaai.v33i01.33014822).

    Examples
    --------
    >>> from sklearn_ple import make_related_tasks
    >>> from sklearn_ple.architectures.sluice import SluiceEstimator
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> model = SluiceEstimator(max_epochs=2, orthogonality=1e-4, random_state=0).fit(X, Y)
    >>> model.predict(X).shape
    (200, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "bottom_widths": ["array-like"],
        "n_subspaces": [Interval(Integral, 1, None, closed="left")],
        "self_share": [Interval(Real, 0, 1, closed="both")],
        "last_share": [Interval(Real, 0, 1, closed="both")],
        "orthogonality": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        bottom_widths: Sequence[int] = (256, 256),
        n_subspaces: int = 2,
        self_share: float = 0.9,
        last_share: float = 0.9,
        orthogonality: float = 0.0,
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.bottom_widths = bottom_widths
        self.n_subspaces = n_subspaces
        self.self_share = self_share
        self.last_share = last_share
        self.orthogonality = orthogonality
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "bottom_widths": choice(*BOTTOMS),
            "n_subspaces": whole(1, 4),
            "self_share": number(0.5, 1.0),
            "last_share": number(0.5, 1.0),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return SluiceRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            bottom_widths=self.bottom_widths,
            n_subspaces=self.n_subspaces,
            self_share=self.self_share,
            last_share=self.last_share,
            orthogonality=self.orthogonality,
            activation=self.activation,
            dropout=dropout,
        )
