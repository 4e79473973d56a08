"""`MultiTaskModule`: encoder, routing, towers and coupling in a row."""

from __future__ import annotations

from torch import Tensor, nn

from sklearn_ple.nn.coupling import Coupling, Uncoupled
from sklearn_ple.nn.feature_encoder import FeatureEncoder
from sklearn_ple.nn.gate import GateReading
from sklearn_ple.nn.routing import Routing
from sklearn_ple.nn.tower import TowerBank


class MultiTaskModule(nn.Module):
    """The whole network: from prepared features to the raw outputs of all tasks.

    Parameters
    ----------
    encoder : FeatureEncoder
    routing : Routing
    towers : TowerBank
    coupling : Coupling, default=Uncoupled()
    """

    def __init__(
        self,
        encoder: FeatureEncoder,
        routing: Routing,
        towers: TowerBank,
        coupling: Coupling | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.routing = routing
        self.towers = towers
        self.coupling = coupling if coupling is not None else Uncoupled()

    def forward(self, **features: Tensor) -> Tensor:
        """Prepared features, each (batch, …), to raw outputs (batch, n_raw)."""
        return self.coupling(self.towers(self.routing(self.encoder(**features))))

    def penalty(self, raw: Tensor) -> Tensor | None:
        """What the architecture adds to the tasks' losses, given its outputs for a batch.

        The one place for auxiliary losses: of parameters from the routing, of outputs from the
        coupling. They are not weighted with the tasks.
        """
        parts = [self.routing.penalty(), self.coupling.penalty(raw)]
        given = [part for part in parts if part is not None]
        return sum(given[1:], start=given[0]) if given else None

    def gate_readings(self, **features: Tensor) -> list[GateReading]:
        """Every gate's weights for a batch of rows."""
        return self.routing.gate_readings(self.encoder(**features))
