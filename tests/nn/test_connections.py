"""Connections: what a step draws, what predictions settle on, and what both leave alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from sklearn_ple.nn import lend_generator
from sklearn_ple.nn.connections import Connections, GumbelSigmoid, HardConcrete
from sklearn_ple.nn.layer import without_decay

READERS, EXPERTS = 3, 5
HARD = {"beta": 0.8, "gamma": -0.2, "zeta": 1.3}
KINDS: dict[str, Callable[..., Connections]] = {
    "hard concrete": lambda *sizes, **kw: HardConcrete(*sizes, **HARD | kw),
    "Gumbel": lambda *sizes, **kw: GumbelSigmoid(*sizes, **{"temperature": 0.7} | kw),
}
OVER_KINDS = pytest.mark.parametrize("kind", KINDS)


def _make(kind: str, *, start: float = 0.4, rate: float = 3.0, seed: int = 0) -> Connections:
    """In float64, drawing from a generator of its own."""
    made = KINDS[kind](READERS, EXPERTS, start=start, rate=rate).double()
    made.keep = torch.Generator().manual_seed(seed)
    lend_generator(made, made.keep)
    return made


def _set(connections: Connections, logits: np.ndarray | Tensor) -> None:
    with torch.no_grad():
        connections.scaled.copy_(torch.as_tensor(logits) / connections.rate)


def _logits(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=2, size=(READERS, EXPERTS))


def _sigmoid(a: np.ndarray | float) -> np.ndarray | float:
    return 1 / (1 + np.exp(-a))


def _with_noise(connections: Connections, uniform: np.ndarray) -> Connections:
    connections.draw_uniform = lambda shape, like: torch.from_numpy(uniform).view(shape)
    return connections


def _many(made: Connections) -> np.ndarray:
    lend_generator(made, torch.Generator().manual_seed(3))
    with torch.no_grad():
        return made().numpy()


@pytest.mark.parametrize("beta", [0.3, 2 / 3, 0.9])
@pytest.mark.parametrize("log_alpha", [-2.0, 0.0, 1.5])
@pytest.mark.parametrize(("gamma", "zeta"), [(-0.1, 1.1), (-0.3, 1.2)])
def test_hard_concrete_ends_have_their_probabilities(
    log_alpha: float, beta: float, gamma: float, zeta: float
) -> None:
    """P(z > 0) is what the L0 penalty counts; P(z < 1) by the same inversion at the other end."""
    made = HardConcrete(200, 300, start=log_alpha, rate=2.0, beta=beta, gamma=gamma, zeta=zeta)
    z = _many(made)
    above = _sigmoid(log_alpha - beta * np.log(-gamma / zeta))
    full = 1 - _sigmoid(beta * np.log((1 - gamma) / (zeta - 1)) - log_alpha)
    assert ((z >= 0) & (z <= 1)).all()
    assert (z > 0).mean() == pytest.approx(above, abs=0.01)
    assert (z == 1).mean() == pytest.approx(full, abs=0.01)
    assert made.expected_open().item() == pytest.approx(above * z.size, rel=1e-5)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("logit", [-1.5, 0.0, 3.5])
def test_binary_connections_are_made_with_the_odds_of_their_logit(
    logit: float, temperature: float
) -> None:
    made = GumbelSigmoid(200, 300, start=logit, rate=2.0, temperature=temperature)
    drawn = _many(made)
    assert set(np.unique(drawn)) <= {0.0, 1.0}
    assert drawn.mean() == pytest.approx(_sigmoid(logit), abs=0.01)
    assert made.odds().mean().item() == pytest.approx(_sigmoid(logit), rel=1e-5)


def test_hard_concrete_step_by_step() -> None:
    """Louizos et al., in NumPy, for given uniform draws."""
    uniform = np.random.default_rng(2).uniform(0.01, 0.99, size=(READERS, EXPERTS))
    made = _with_noise(_make("hard concrete"), uniform)
    _set(made, _logits())
    s = _sigmoid((np.log(uniform) - np.log(1 - uniform) + _logits()) / HARD["beta"])
    stretched = s * (HARD["zeta"] - HARD["gamma"]) + HARD["gamma"]
    expected = np.clip(stretched, 0, 1)
    assert len({0.0, 1.0} & set(expected.ravel())) == 2
    np.testing.assert_allclose(made().detach().numpy(), expected, rtol=1e-12, atol=1e-12)


def test_straight_through_step_by_step() -> None:
    """Forward a threshold; backward the sigmoid at the same noise, by hand."""
    uniform = np.random.default_rng(2).uniform(0.01, 0.99, size=(READERS, EXPERTS))
    made = _with_noise(_make("Gumbel"), uniform)
    _set(made, _logits())
    noisy = np.log(uniform) - np.log(1 - uniform) + _logits()
    out = made()
    np.testing.assert_array_equal(out.detach().numpy(), noisy > 0)
    factors = np.random.default_rng(4).normal(size=out.shape)
    out.backward(torch.from_numpy(factors))
    s = _sigmoid(noisy / 0.7)
    expected = factors * s * (1 - s) / 0.7 * made.rate
    np.testing.assert_allclose(made.scaled.grad.numpy(), expected, rtol=1e-10)


def test_what_predictions_settle_on() -> None:
    hard, binary = _make("hard concrete").eval(), _make("Gumbel").eval()
    _set(hard, _logits())
    _set(binary, _logits())
    stretched = _sigmoid(_logits()) * (HARD["zeta"] - HARD["gamma"]) + HARD["gamma"]
    np.testing.assert_allclose(hard().detach().numpy(), np.clip(stretched, 0, 1), rtol=1e-12)
    np.testing.assert_array_equal(binary().numpy(), _logits() > 0)


@OVER_KINDS
def test_a_step_draws_anew_and_predictions_draw_nothing(kind: str) -> None:
    made = _make(kind)
    assert not torch.equal(made(), made())
    made.eval()
    before = made.keep.get_state()
    assert torch.equal(made(), made())
    assert torch.equal(made(), made.at_prediction())
    assert torch.equal(made.keep.get_state(), before)


@OVER_KINDS
def test_noise_comes_from_the_lent_generator_alone(kind: str) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = _make(kind, seed=5)()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    assert torch.equal(_make(kind, seed=5)(), first)
    assert not torch.equal(_make(kind, seed=6)(), first)


@OVER_KINDS
@pytest.mark.parametrize("rate", [0.5, 1.0, 20.0])
def test_logits_start_where_told_and_learn_at_their_rate(kind: str, rate: float) -> None:
    """Adam's first step is one learning rate, whatever the gradient's size."""
    made = _make(kind, start=0.4, rate=rate)
    torch.testing.assert_close(made.logits, torch.full_like(made.logits, 0.4))
    optimizer = torch.optim.Adam(made.parameters(), lr=0.01, eps=1e-16)
    made.logits.sum().backward()
    optimizer.step()
    torch.testing.assert_close(made.logits, torch.full_like(made.logits, 0.4 - 0.01 * rate))


@OVER_KINDS
@pytest.mark.parametrize("training", [False, True])
def test_a_single_expert_is_always_connected(kind: str, training: bool) -> None:
    made = KINDS[kind](READERS, 1, start=-9.0, rate=1.0).train(training)
    assert list(made.parameters()) == []
    assert torch.equal(made(), torch.ones(READERS, 1))


@OVER_KINDS
def test_weight_decay_spares_logits(kind: str) -> None:
    made = _make(kind)
    assert without_decay(made) == {made.scaled}


@OVER_KINDS
@pytest.mark.parametrize("size", [1e2, 1e6])
def test_extreme_logits_stay_finite(kind: str, size: float) -> None:
    made = _make(kind)
    _set(made, size * np.sign(_logits()))
    out = made()
    np.testing.assert_array_equal(out.detach().numpy(), _logits() > 0)
    out.sum().backward()
    assert torch.isfinite(made.scaled.grad).all()


@OVER_KINDS
@pytest.mark.parametrize("by_tasks", [False, True])
def test_readings_are_shares_of_one_and_zero_for_who_reads_nothing(
    kind: str, by_tasks: bool
) -> None:
    made = _make(kind)
    logits = _logits()
    logits[1] = -50
    _set(made, logits)
    readings = made.readings(4, 7, by_tasks=by_tasks)
    assert [r.gate for r in readings] == ([0, 1, 2] if by_tasks else [None] * 3)
    assert [r.number for r in readings] == ([None] * 3 if by_tasks else [0, 1, 2])
    matrix = made.at_prediction().detach().numpy()
    for i, reading in enumerate(readings):
        assert reading.level == 4
        assert reading.experts == tuple((None, e) for e in range(EXPERTS))
        assert reading.weights.shape == (7, EXPERTS)
        expected = matrix[i] / matrix[i].sum() if i != 1 else np.zeros(EXPERTS)
        for row in reading.weights.detach().numpy():
            np.testing.assert_allclose(row, expected, rtol=1e-12)
