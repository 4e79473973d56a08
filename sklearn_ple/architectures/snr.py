"""SNR: levels of experts, each connected to each of the next level by a gate that may close.

Drawing, paper and routing: `sklearn_ple/routings/snr.py`.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.search_space import EXPERTS_OF_A_LEVEL, Space, choice, number, whole
from sklearn_ple.nn import Routing
from sklearn_ple.nn.levels import Widths
from sklearn_ple.routings.snr import Connection, SNRRouting


class SNREstimator(MultiTaskEstimator):
    """Sub-network routing: levels of experts, connected by gates that may close for good.

    Gates are hard-concrete: each step of training draws them anew, one for all rows, and
    predictions use them without noise. `model.module_.routing.connections()` shows them, a matrix
    of readers and experts a level; `expert_utilization` shows them as shares of one.

    Parameters
    ----------
    n_levels : int, default=2
        Levels of experts between features and towers.
    n_experts : int, default=4
        Experts of every level; the paper's sub-networks.
    expert_widths : tuple of int or list of tuples, default=(64,)
        Layers inside one expert; a list of such tuples gives one per level.
    connection : {"trans", "aver"}, default="trans"
        What lies on a connection beside its gate: a matrix (SNR-Trans) or nothing (SNR-Aver).
    l0 : float, default=0.001
        Weight in the loss of the expected number of open gates. Losses are in units of what the
        best constant predictor loses; more closes more gates.
    gate_start : float, default=3.5
        Where the logit (log alpha) of every gate starts; at 3.5 gates are nearly always open, at
        0 half open, and noise is largest.
    gate_rate : float, default=20.0
        How many times as fast as weights these logits learn (with an optimizer of Adam's kind).
    beta : float, default=0.9
        Temperature of the gates' noise; Louizos et al. take 2/3, other code for SNR 0.9. The
        lower, the more often a gate is drawn at 0 or 1.
    gamma : float, default=-0.1
        Lower end of the interval that gates are stretched to before they are clipped at 0.
    zeta : float, default=1.1
        Upper end of the interval that gates are stretched to before they are clipped at 1.

    References
    ----------
    J. Ma, Z. Zhao, J. Chen, A. Li, L. Hong, E. Chi, "SNR: Sub-Network Routing for Flexible
    Parameter Sharing in Multi-Task Learning", AAAI 2019 (doi 10.1609/aaai.v33i01.3301216).
    C. Louizos, M. Welling, D. P. Kingma, "Learning Sparse Neural Networks through L0
    Regularization", ICLR 2018 (arXiv 1712.01312).

    Examples
    --------
    >>> from sklearn_ple import SNREstimator, make_related_tasks
    >>> X, Y = make_related_tasks(200, 6, random_state=0)
    >>> model = SNREstimator(n_experts=3, max_epochs=2, random_state=0).fit(X, Y)
    >>> model.predict(X).shape
    (200, 2)
    >>> [tuple(z.shape) for z in model.module_.routing.connections()]
    [(3, 3), (2, 3)]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_levels": [Interval(Integral, 1, None, closed="left")],
        "n_experts": [Interval(Integral, 1, None, closed="left")],
        "expert_widths": ["array-like", list],
        "connection": [StrOptions({"trans", "aver"})],
        "l0": [Interval(Real, 0, None, closed="left")],
        "gate_start": [Interval(Real, None, None, closed="neither")],
        "gate_rate": [Interval(Real, 0, None, closed="neither")],
        "beta": [Interval(Real, 0, None, closed="neither")],
        "gamma": [Interval(Real, None, 0, closed="neither")],
        "zeta": [Interval(Real, 1, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        n_levels: int = 2,
        n_experts: int = 4,
        expert_widths: Widths = (64,),
        connection: Connection = "trans",
        l0: float = 1e-3,
        gate_start: float = 3.5,
        gate_rate: float = 20.0,
        beta: float = 0.9,
        gamma: float = -0.1,
        zeta: float = 1.1,
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.n_levels = n_levels
        self.n_experts = n_experts
        self.expert_widths = expert_widths
        self.connection = connection
        self.l0 = l0
        self.gate_start = gate_start
        self.gate_rate = gate_rate
        self.beta = beta
        self.gamma = gamma
        self.zeta = zeta
        super().__init__(**shared)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {
            "n_levels": whole(1, 3),
            "n_experts": whole(2, 8),
            "expert_widths": choice(*EXPERTS_OF_A_LEVEL),
            "connection": choice("trans", "aver"),
            "l0": number(1e-5, 1e-2, log=True),
        }

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return SNRRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            n_levels=self.n_levels,
            n_experts=self.n_experts,
            expert_widths=self.expert_widths,
            connection=self.connection,
            l0=self.l0,
            start=self.gate_start,
            rate=self.gate_rate,
            beta=self.beta,
            gamma=self.gamma,
            zeta=self.zeta,
            activation=self.activation,
            dropout=dropout,
        )
