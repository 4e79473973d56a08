"""SNR: what gates of one, of zero and in between make of it, and what they cost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from connected import chained, flat_widths, random_sizes
from drawn import BATCH, IN_WIDTH, N_TASKS, draw, n_parameters, rows, towers
from torch import Tensor, nn

from sklearn_ple.architectures import SharedBottomRouting, SingleTaskRouting
from sklearn_ple.nn import lend_generator
from sklearn_ple.routings.snr import SNRRouting

SEEDS = range(8)
CONNECTIONS = pytest.mark.parametrize("connection", ["trans", "aver"])
OPEN, SHUT = 40.0, -40.0


def _routing(seed: int, **options: object) -> SNRRouting:
    """Drawn, with gates that lie between zero and one, or at either end."""
    routing = draw(SNRRouting, seed=seed, **random_sizes(seed) | {"rate": 7.0} | options)
    generator = torch.Generator().manual_seed(seed + 100)
    for gates in routing.gates:
        if gates.scaled is not None:
            _set(gates, 2 * torch.randn(gates.connected.shape, generator=generator))
    return routing.eval()


@torch.no_grad()
def _set(gates: nn.Module, log_alpha: Tensor | float) -> None:
    gates.scaled.copy_(torch.as_tensor(log_alpha) / gates.rate)


def _transforms(routing: SNRRouting, level: int, reader: int, expert: int) -> np.ndarray:
    return routing.transformations[level].weight[reader, :, expert].detach().numpy()


def _dense(routing: SNRRouting, connection: str, x: Tensor) -> np.ndarray:
    """The net without any gate: sums over all experts, reader by reader."""
    for j, bank in enumerate(routing.experts):
        u = bank(x).detach().numpy()
        n_readers, n_experts = routing.gates[j].connected.shape
        read = [
            sum(
                u[:, e] @ _transforms(routing, j, i, e).T if connection == "trans" else u[:, e]
                for e in range(n_experts)
            )
            for i in range(n_readers)
        ]
        x = torch.from_numpy(np.stack(read, axis=1))
    return x.numpy()


@CONNECTIONS
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_with_all_gates_open_it_is_its_dense_twin(
    seed: int, training: bool, connection: str
) -> None:
    """In training, too: far from zero, noise no longer matters."""
    routing = _routing(seed, connection=connection).train(training)
    generator = torch.Generator().manual_seed(0)
    lend_generator(routing, generator)
    for gates in routing.gates:
        _set(gates, OPEN)
    expected = _dense(routing, connection, rows())
    np.testing.assert_allclose(routing(rows()).detach().numpy(), expected, rtol=1e-11, atol=1e-12)


@CONNECTIONS
@pytest.mark.parametrize("seed", SEEDS)
def test_a_task_whose_gates_are_shut_is_cut_off_and_no_other(seed: int, connection: str) -> None:
    routing = _routing(seed, connection=connection)
    others = [k for k in range(random_sizes(seed)["n_tasks"]) if k != 1]
    logits = routing.gates[-1].logits.detach().clone()
    logits[1], logits[others] = SHUT, OPEN
    _set(routing.gates[-1], logits)
    out = routing(rows())
    assert not out[:, 1].any()
    assert out[:, others].any(0).any(1).all()
    parameters = list(routing.parameters())
    for gradient in torch.autograd.grad(out[:, 1].sum(), parameters, allow_unused=True):
        assert gradient is None or not gradient.any()


@CONNECTIONS
def test_shutting_a_task_off_leaves_the_others_outputs(connection: str) -> None:
    routing = _routing(2, connection=connection)
    before = routing(rows())
    logits = routing.gates[-1].logits.detach().clone()
    logits[1] = SHUT
    _set(routing.gates[-1], logits)
    kept = [k for k in range(len(logits)) if k != 1]
    assert torch.equal(routing(rows())[:, kept], before[:, kept])


@CONNECTIONS
def test_a_shut_connection_carries_nothing(connection: str) -> None:
    """What an expert says that no reader hears does not matter, and it learns nothing."""
    routing = _routing(1, connection=connection)
    logits = routing.gates[0].logits.detach().clone()
    logits[:, 0] = SHUT
    _set(routing.gates[0], logits)
    out = routing(rows())
    (gradient,) = torch.autograd.grad(out.square().sum(), [routing.experts[0].weights[0]])
    moved = gradient.flatten(1).abs().amax(1) > 0
    assert moved.tolist() == [False] + [True] * (len(moved) - 1)
    with torch.no_grad():
        routing.experts[0].biases[-1][0] += 3
    assert torch.equal(routing(rows()), out)


@pytest.mark.parametrize("training", [False, True])
@CONNECTIONS
@pytest.mark.parametrize("seed", SEEDS)
def test_gates_have_no_eyes_for_the_row(seed: int, connection: str, training: bool) -> None:
    """A batch meets one draw: with the same noise, rows are computed alike in any batch."""
    routing, x = _routing(seed, connection=connection).train(training), rows()

    def run(batch: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(9)
        lend_generator(routing, generator)
        return routing(batch)

    alone = torch.cat([run(row[None]) for row in x])
    torch.testing.assert_close(run(x), alone, rtol=1e-11, atol=1e-12)
    for a, b in zip(routing.gate_readings(x), routing.gate_readings(50 * x + 1), strict=True):
        assert torch.equal(a.weights, b.weights)
        assert torch.equal(a.weights, a.weights[:1].expand_as(a.weights))


@CONNECTIONS
def test_predictions_are_settled_and_steps_are_drawn_from_the_lent_generator(
    connection: str,
) -> None:
    routing, x = _routing(2, connection=connection), rows()
    assert torch.equal(routing(x), routing(x))
    routing.train()
    state = torch.get_rng_state()
    runs = []
    for seed in (3, 3, 4):
        generator = torch.Generator().manual_seed(seed)
        lend_generator(routing, generator)
        runs.append([routing(x), routing(x)])
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(runs[0][0], runs[1][0])
    assert torch.equal(runs[0][1], runs[1][1])
    assert not torch.equal(runs[0][0], runs[0][1])
    assert not torch.equal(runs[0][0], runs[2][0])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_penalty_counts_the_gates_expected_to_be_open(seed: int) -> None:
    options = {"l0": 0.3, "beta": 0.8, "gamma": -0.2, "zeta": 1.3}
    routing = _routing(seed, **options)
    log_alpha = np.concatenate([g.logits.detach().numpy().ravel() for g in routing.gates])
    expected = 0.3 * np.sum(1 / (1 + np.exp(0.8 * np.log(0.2 / 1.3) - log_alpha)))
    assert routing.penalty().item() == pytest.approx(expected, rel=1e-12)
    routing.train()
    assert routing.penalty().item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_penalty_grows_with_every_log_alpha(seed: int) -> None:
    routing = _routing(seed, l0=0.3)
    before = routing.penalty().item()
    gates = [g.scaled for g in routing.gates]
    for gradient in torch.autograd.grad(routing.penalty(), gates):
        assert (gradient > 0).all()
    for scaled in gates:
        for i in np.ndindex(*scaled.shape):
            with torch.no_grad():
                scaled[i] += 0.1
                assert routing.penalty().item() > before
                scaled[i] -= 0.1
    n_gates = sum(scaled.numel() for scaled in gates)
    for scaled, share in ((SHUT, 0), (OPEN, 1)):
        for each in routing.gates:
            _set(each, scaled)
        assert routing.penalty().item() == pytest.approx(0.3 * share * n_gates, abs=1e-12)


def test_nothing_is_added_to_the_loss_without_l0_or_without_gates() -> None:
    assert _routing(1, l0=0.0).penalty() is None
    assert _routing(1, l0=0.3, n_experts=1).penalty() is None


@CONNECTIONS
@pytest.mark.parametrize("seed", SEEDS)
def test_number_of_parameters(seed: int, connection: str) -> None:
    """Experts as anywhere; a gate and, in SNR-Trans, a square matrix on every connection."""
    sizes = random_sizes(seed)
    n, k, widths = sizes["n_experts"], sizes["n_tasks"], sizes["expert_widths"]
    expected, width = 0, IN_WIDTH
    for j, (first, last) in enumerate(widths):
        connections = n * (k if j == len(widths) - 1 else n)
        expected += n * ((width + 1) * first + (first + 1) * last)
        expected += connections * (1 + (last**2 if connection == "trans" else 0))
        width = last
    assert n_parameters(_routing(seed, connection=connection)) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_aver_of_a_single_expert_is_a_shared_bottom(seed: int) -> None:
    routing = _routing(seed, connection="aver", n_experts=1)
    flat = flat_widths(seed)
    shared = draw(
        SharedBottomRouting, seed=99, n_tasks=random_sizes(seed)["n_tasks"], bottom_widths=flat
    )
    shared.bottom.load_state_dict(chained(routing))
    assert n_parameters(routing) == n_parameters(shared)
    torch.testing.assert_close(routing(rows()), shared(rows()), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_aver_with_gates_of_the_identity_is_single_task(seed: int) -> None:
    sizes = random_sizes(seed)
    routing = _routing(seed, connection="aver", n_experts=sizes["n_tasks"])
    for gates in routing.gates:
        _set(gates, torch.where(torch.eye(sizes["n_tasks"]) == 1, OPEN, SHUT))
    flat = flat_widths(seed)
    single = draw(SingleTaskRouting, seed=99, n_tasks=sizes["n_tasks"], bottom_widths=flat)
    single.bottoms.load_state_dict(chained(routing))
    torch.testing.assert_close(routing(rows()), single(rows()), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_trans_with_matrices_of_the_identity_is_aver(seed: int) -> None:
    trans, aver = _routing(seed, connection="trans"), _routing(seed, connection="aver")
    trans.load_state_dict(aver.state_dict(), strict=False)
    with torch.no_grad():
        for each in trans.transformations:
            n_readers, width, n_experts, _ = each.weight.shape
            eye = torch.eye(width)[:, None].expand(n_readers, width, n_experts, width)
            each.weight.copy_(eye)
    torch.testing.assert_close(trans(rows()), aver(rows()), rtol=1e-12, atol=1e-13)


@CONNECTIONS
@pytest.mark.parametrize("n_experts", [1, 4])
@pytest.mark.parametrize("n_tasks", [1, 3])
@pytest.mark.parametrize("n_levels", [1, 2, 3])
def test_every_parameter_lives(
    n_levels: int, n_tasks: int, n_experts: int, connection: str
) -> None:
    routing = draw(
        SNRRouting,
        n_tasks=n_tasks,
        n_levels=n_levels,
        n_experts=n_experts,
        expert_widths=[(11, 8), (7,), (6,)][:n_levels],
        connection=connection,
        start=0.0,
    ).eval()
    raw = towers(routing, tuple(range(1, n_tasks + 1)))(routing(rows(n=31)))
    target = torch.randn(raw.shape, dtype=raw.dtype, generator=torch.Generator().manual_seed(4))
    (raw - target).square().mean().backward()
    for name, parameter in routing.named_parameters():
        assert (parameter.grad != 0).all(), name


def test_what_can_be_looked_at() -> None:
    routing = draw(SNRRouting, n_levels=3, n_experts=4, expert_widths=(6,)).eval()
    matrices = routing.connections()
    assert [m.shape for m in matrices] == [(4, 4), (4, 4), (N_TASKS, 4)]
    readings = routing.gate_readings(rows())
    seen = [(r.level, r.gate, r.number) for r in readings]
    inner = [(level, None, i) for level in (1, 2) for i in range(4)]
    assert seen == [*inner, *((3, k, None) for k in range(N_TASKS))]
    for reading, row in zip(readings, torch.cat(matrices), strict=True):
        torch.testing.assert_close(reading.weights, (row / row.sum()).expand(BATCH, -1))
