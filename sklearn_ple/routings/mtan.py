"""MTAN: a trunk for all tasks, and masks by which each attends to what the trunk finds.

    x ── u ──── p ────────────── u ──── p                    the trunk, block by block
         │      │                │      │
         │   A ─⊙─ a·p ── f ── q ┤   A ─⊙─ a·p ── tower A ── ŷ_A
         ├── A: mask a           ├── A: mask a([u ; q])
         └── B: likewise         └── B: likewise             … ŷ_B

S. Liu, E. Johns, A. J. Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019
(doi 10.1109/CVPR.2019.00197, arXiv 1803.10704), made for images. Here layers on columns stand for
convolutions, there is no pooling, and nothing is normalised over a batch, so that a prediction
depends on its own row alone. Against hard sharing: a task picks, row by row, the units of the
trunk that it reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from sklearn_ple.nn import ExpertBank, Layer, Routing, layer_widths
from sklearn_ple.nn.layer import provisional, uniform_


class MaskBank(Layer):
    """A mask in (0, 1) for each task: sigmoid(V h(x)), h the task's own hidden layers.

    Parameters
    ----------
    n_tasks, in_width : int
    hidden_widths : sequence of int
        Hidden layers of each task's mask.
    out_width : int
        Units that a mask covers.
    own_inputs : bool
        Whether each task reads an input of its own.
    activation : str
        Of the hidden layers.
    """

    def __init__(
        self,
        n_tasks: int,
        *,
        in_width: int,
        hidden_widths: Sequence[int],
        out_width: int,
        own_inputs: bool,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        hidden_widths = layer_widths(hidden_widths)
        self.hidden = ExpertBank(
            n_tasks,
            in_width=in_width,
            widths=hidden_widths,
            sources=range(n_tasks) if own_inputs else None,
            activation=activation,
        )
        self.weight = nn.Parameter(torch.empty(n_tasks, out_width, hidden_widths[-1]))
        self.bias = nn.Parameter(torch.empty(n_tasks, out_width))
        self.reset_parameters(provisional())

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        uniform_(self.weight, 1 / math.sqrt(self.weight.shape[2]), generator)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_width) or (batch, task, in_width) to masks (batch, task, out_width)."""
        h = self.hidden(x).transpose(0, 1)
        logits = torch.baddbmm(self.bias[:, None], h, self.weight.transpose(1, 2))
        return torch.sigmoid(logits).transpose(0, 1)


class MTANRouting(Routing):
    """Blocks of a trunk, u^l = s^l(p^{l-1}) and p^l = r^l(u^l), of which task k reads a_k^l p^l.

    Masks are a_k^1 = mask_k^1(u^1) and then a_k^l = mask_k^l([u^l ; f^l(a_k^{l-1} p^{l-1})]). The
    layers s, r and f serve all tasks; the masks are each task's own.

    Parameters
    ----------
    in_width, n_tasks : int
    block_widths : sequence of int
        Width of each block, that is of both its layers.
    attention_widths : sequence of int
        Hidden layers of every mask.
    activation : str
        As in `ExpertBank`; of all layers but the masks' last.
    dropout : float
        Share of units dropped after the trunk's layers.
    """

    def __init__(
        self,
        *,
        in_width: int,
        n_tasks: int,
        block_widths: Sequence[int],
        attention_widths: Sequence[int],
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        block_widths = layer_widths(block_widths, "block_widths")
        attention_widths = layer_widths(attention_widths, "attention_widths")
        self.n_tasks = n_tasks
        self.out_width = block_widths[-1]

        def layer(narrow: int, wide: int, dropped: float) -> ExpertBank:
            return ExpertBank(
                1, in_width=narrow, widths=(wide,), activation=activation, dropout=dropped
            )

        self.first = nn.ModuleList(
            layer(narrow, wide, dropout) for narrow, wide in pairwise([in_width, *block_widths])
        )
        self.second = nn.ModuleList(layer(width, width, dropout) for width in block_widths)
        self.carry = nn.ModuleList(layer(*widths, 0.0) for widths in pairwise(block_widths))
        self.attention = nn.ModuleList(
            MaskBank(
                n_tasks,
                in_width=width if j == 0 else 2 * width,
                hidden_widths=attention_widths,
                out_width=width,
                own_inputs=j > 0,
                activation=activation,
            )
            for j, width in enumerate(block_widths)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self._attend(x)[0]

    def masks(self, x: Tensor) -> list[Tensor]:
        """Every block's masks for rows (batch, in_width), each (batch, task, width)."""
        return self._attend(x)[1]

    def _attend(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """What towers read, (batch, task, width), and the masks of every block.

        In between streams are task by task, as the masks' banks write and read them.
        """
        masks: list[Tensor] = []
        attended = x
        for j, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            u = first(x).squeeze(1)
            x = second(u).squeeze(1)
            seen = u if j == 0 else self._beside(u, self.carry[j - 1](attended.flatten(0, 1)))
            masks.append(self.attention[j](seen))
            attended = masks[-1].transpose(0, 1) * x
        return attended.transpose(0, 1), masks

    def _beside(self, u: Tensor, carried: Tensor) -> Tensor:
        """[u ; q_k] for every task, (batch, task, 2 width)."""
        q = carried.view(self.n_tasks, len(u), -1)
        return torch.cat([u.expand_as(q), q], dim=2).transpose(0, 1)
