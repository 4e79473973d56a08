"""SNR in float64 against NumPy, row by row and connection by connection.

Ma et al., AAAI 2019: v_i = sum_j z_ij W_ij u_j (Trans) or sum_j z_ij u_j (Aver), with the
hard-concrete z of Louizos et al., ICLR 2018.
"""

from __future__ import annotations

import numpy as np
import paper_forward as paper
import pytest
import torch
from loading import load_experts, load_towers

from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, TowerBank
from sklearn_ple.routings.snr import SNRRouting

BATCH, FEATURES, N_EXPERTS = 7, 5, 4
N_RAW = (1, 4, 2)
BETA, GAMMA, ZETA = 0.7, -0.2, 1.15


def _gates(log_alpha: np.ndarray, uniform: np.ndarray | None) -> np.ndarray:
    if uniform is None:
        s = 1 / (1 + np.exp(-log_alpha))
    else:
        s = 1 / (1 + np.exp(-(np.log(uniform) - np.log(1 - uniform) + log_alpha) / BETA))
    return np.minimum(1, np.maximum(0, s * (ZETA - GAMMA) + GAMMA))


def _replay(routing: SNRRouting, uniforms: list[np.ndarray]) -> None:
    """Let every level's gates draw these numbers."""
    for gates, uniform in zip(routing.gates, uniforms, strict=True):
        gates.draw_uniform = lambda shape, like, u=uniform: torch.from_numpy(u)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("connection", ["trans", "aver"])
@pytest.mark.parametrize(
    "widths",
    [[(11, 6)], [(11,), (6,)], [(11, 6), (9, 3)], [(11,), (6, 9), (3,)]],
    ids=lambda widths: f"{len(widths)} levels of {len(widths[0])}",
)
def test_forward(widths: list[tuple[int, ...]], connection: str, training: bool) -> None:
    rng = np.random.default_rng(0)
    n_levels, n_tasks = len(widths), len(N_RAW)
    x = rng.normal(size=(BATCH, FEATURES))
    ins = [FEATURES, *(each[-1] for each in widths[:-1])]
    readers = [N_EXPERTS] * (n_levels - 1) + [n_tasks]
    experts = [
        [paper.draw_layers(rng, d, each) for _ in range(N_EXPERTS)]
        for d, each in zip(ins, widths, strict=True)
    ]
    log_alpha = [rng.normal(scale=2, size=(n, N_EXPERTS)) for n in readers]
    uniform = [rng.uniform(0.02, 0.98, size=(n, N_EXPERTS)) for n in readers]
    matrices = [
        rng.normal(size=(n, N_EXPERTS, each[-1], each[-1])) / np.sqrt(each[-1])
        for n, each in zip(readers, widths, strict=True)
    ]
    towers = [paper.draw_tower(rng, widths[-1][-1], (8,), n) for n in N_RAW]

    expected = []
    for row in x:
        inputs = [row] * N_EXPERTS
        for j in range(n_levels):
            u = [paper.run_layers(e, v, "tanh") for e, v in zip(experts[j], inputs, strict=True)]
            z = _gates(log_alpha[j], uniform[j] if training else None)
            inputs = []
            for i in range(readers[j]):
                v = np.zeros(widths[j][-1])
                for e in range(N_EXPERTS):
                    v += z[i, e] * (matrices[j][i, e] @ u[e] if connection == "trans" else u[e])
                inputs.append(v)
        expected.append(paper.run_towers(towers, inputs, "tanh"))

    routing = SNRRouting(
        in_width=FEATURES,
        n_tasks=n_tasks,
        n_levels=n_levels,
        n_experts=N_EXPERTS,
        expert_widths=widths,
        connection=connection,
        rate=4.0,
        beta=BETA,
        gamma=GAMMA,
        zeta=ZETA,
        activation="tanh",
    ).double()
    with torch.no_grad():
        for j in range(n_levels):
            load_experts(routing.experts[j], experts[j])
            routing.gates[j].scaled.copy_(torch.from_numpy(log_alpha[j] / 4))
            if connection == "trans":
                stored = torch.from_numpy(matrices[j]).permute(0, 2, 1, 3)
                routing.transformations[j].weight.copy_(stored)
    _replay(routing, uniform)
    bank = TowerBank(N_RAW, in_width=routing.out_width, widths=(8,), activation="tanh")
    module = MultiTaskModule(FeatureEncoder(n_numbers=FEATURES), routing, bank).double()
    load_towers(bank, towers)
    module.train(training)
    with torch.no_grad():
        raw = module(numbers=torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(raw, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("connection", ["trans", "aver"])
def test_one_expert_a_unit_wide_by_hand(connection: str) -> None:
    """Two experts 2x and 3x of x = 1; z = 0 at log_alpha -9, z = 1 at 9, else 0.5 at 0.

    Task A reads 0 * 2 + 0.5 * 3 = 1.5, task B 1 * 2 + 0 * 3 = 2, and with a matrix of -4 on
    every connection -6 and -8.
    """
    routing = SNRRouting(
        in_width=1,
        n_tasks=2,
        n_levels=1,
        n_experts=2,
        expert_widths=(1,),
        connection=connection,
        activation="identity",
    )
    with torch.no_grad():
        routing.experts[0].weights[0].copy_(torch.tensor([[[2.0]], [[3.0]]]))
        routing.experts[0].biases[0].zero_()
        routing.gates[0].scaled.copy_(torch.tensor([[-9.0, 0.0], [9.0, -9.0]]))
        for each in routing.transformations:
            each.weight.fill_(-4)
    out = routing.eval()(torch.ones(1, 1)).flatten().tolist()
    assert out == pytest.approx([-6, -8] if connection == "trans" else [1.5, 2])
