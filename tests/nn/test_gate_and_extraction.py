"""Gates, mixing and an extraction level against loops over gates and candidates."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sklearn_ple.nn import ExtractionLevel, Gate, initialise, mix, per_task

BATCH, IN_WIDTH = 7, 5
CANDIDATES = {
    "all of all": [[0, 1, 2], [0, 1, 2]],
    "unequal": [[0, 2], [1, 2, 3], [3]],
    "single ones": [[1], [0]],
    "one gate": [[0, 1, 2, 3]],
    "one candidate": [[0]],
    "apart": [[0, 1], [2, 3, 4]],
}


def _gate(candidates: list[list[int]], bias: bool) -> Gate:
    n_experts = max(e for each in candidates for e in each) + 1
    gate = Gate(candidates, n_experts=n_experts, in_width=IN_WIDTH, bias=bias)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in gate.parameters():
            parameter.normal_(generator=generator)
    return gate.double()


def _inputs(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def _loop(gate: Gate, inputs: list[Tensor]) -> Tensor:
    """Softmax over candidates, gate by gate; weights lie in the order of gates that choose."""
    out = torch.zeros(BATCH, len(gate.candidates), gate.n_experts, dtype=torch.float64)
    start = 0
    for g, (candidates, x) in enumerate(zip(gate.candidates, inputs, strict=True)):
        if len(candidates) == 1:
            out[:, g, candidates[0]] = 1
            continue
        rows = slice(start, start := start + len(candidates))
        scores = x @ gate.weight[rows].T
        if gate.bias is not None:
            scores = scores + gate.bias[rows]
        shares = scores.exp() / scores.exp().sum(1, keepdim=True)
        for j, e in enumerate(candidates):
            out[:, g, e] = shares[:, j]
    return out


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("name", CANDIDATES)
def test_gates_of_one_input(name: str, bias: bool) -> None:
    gate = _gate(CANDIDATES[name], bias)
    x = _inputs(BATCH, IN_WIDTH)
    expected = _loop(gate, [x] * len(gate.candidates))
    torch.testing.assert_close(gate(x), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("name", CANDIDATES)
def test_gates_of_inputs_of_their_own(name: str, bias: bool) -> None:
    gate = _gate(CANDIDATES[name], bias)
    x = _inputs(BATCH, len(gate.candidates), IN_WIDTH)
    expected = _loop(gate, list(x.unbind(1)))
    torch.testing.assert_close(gate(x), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("size", [1e3, 1e8])
def test_extreme_inputs_choose_one_expert_and_stay_finite(size: float) -> None:
    gate = _gate(CANDIDATES["unequal"], bias=False)
    weights = gate(size * _inputs(BATCH, IN_WIDTH))
    assert torch.isfinite(weights).all()
    torch.testing.assert_close(weights.sum(2), torch.ones(BATCH, 3, dtype=torch.float64))


def test_no_gradient_comes_back_from_shut_experts() -> None:
    gate = _gate(CANDIDATES["unequal"], bias=True)
    gate(_inputs(BATCH, IN_WIDTH))[:, 0, 1].sum().backward()
    assert gate.weight is not None
    assert gate.weight.grad is not None
    assert not gate.weight.grad.any()


def test_mix_is_a_weighted_sum() -> None:
    weights, experts = _inputs(BATCH, 3, 4), _inputs(BATCH, 4, 6)
    out = mix(weights, experts)
    for b in range(BATCH):
        for g in range(3):
            expected = sum(weights[b, g, e] * experts[b, e] for e in range(4))
            torch.testing.assert_close(out[b, g], expected)


def _level(has_shared_gate: bool, own_streams: bool, n_shared: int = 2) -> ExtractionLevel:
    level = ExtractionLevel(
        n_task_experts=(2, 0, 1) if n_shared else (2, 1, 3),
        n_shared_experts=n_shared,
        in_width=IN_WIDTH,
        expert_widths=(11, 6),
        own_streams=own_streams,
        has_shared_gate=has_shared_gate,
    )
    initialise(level, torch.Generator().manual_seed(0))
    return level.double()


@pytest.mark.parametrize("has_shared_gate", [False, True])
def test_a_level_mixes_the_experts_it_labels(has_shared_gate: bool) -> None:
    level = _level(has_shared_gate, own_streams=False)
    assert level.labels == [(0, 0), (0, 1), (2, 0), (None, 0), (None, 1)]
    assert level.readers == [0, 1, 2, *([None] if has_shared_gate else [])]
    x = _inputs(BATCH, IN_WIDTH)
    experts, out = level.experts(x), level(x)
    for g, reading in enumerate(level.readings(x, level=4)):
        assert reading.level == 4
        chosen = [level.labels.index(label) for label in reading.experts]
        expected = sum(reading.weights[:, [j]] * experts[:, e] for j, e in enumerate(chosen))
        torch.testing.assert_close(out[:, g], expected, rtol=1e-13, atol=1e-13)


def test_streams_that_are_equal_are_one_input() -> None:
    """The first level is the case in which all streams are the same tensor."""
    one, many = _level(True, own_streams=False), _level(True, own_streams=True)
    many.load_state_dict(one.state_dict())
    x = _inputs(BATCH, IN_WIDTH)
    streams = x[:, None].expand(-1, 4, -1)
    torch.testing.assert_close(one(x), many(streams), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("changed", "moved"), [(0, [0]), (1, [1]), (2, [2]), (3, [0, 1, 2])])
def test_which_stream_reaches_which_task(changed: int, moved: list[int]) -> None:
    """A task's own stream, its experts' and its gate's input; the shared one, by the experts."""
    level = _level(False, own_streams=True)
    x = _inputs(BATCH, 4, IN_WIDTH)
    other = x.clone()
    other[:, changed] += 1
    before, after = level(x), level(other)
    assert [k for k in range(3) if not torch.equal(before[:, k], after[:, k])] == moved


def test_without_shared_experts_there_is_no_shared_stream() -> None:
    level = _level(False, own_streams=True, n_shared=0)
    assert level(_inputs(BATCH, 3, IN_WIDTH)).shape == (BATCH, 3, 6)


@pytest.mark.parametrize(("given", "expected"), [(2, [2, 2, 2]), ((1, 0, 3), [1, 0, 3])])
def test_experts_per_task(given: int | tuple[int, ...], expected: list[int]) -> None:
    assert per_task(given, 3, n_shared_experts=1) == expected


@pytest.mark.parametrize("given", [2.5, (1.9, 2.5, 1), "213"])
def test_experts_are_counted_in_integers(given) -> None:
    with pytest.raises(ValueError, match=r"^n_task_experts must hold integers, got "):
        per_task(given, 3, n_shared_experts=1)


def _deep_gate(name: str, widths: tuple[int, ...], temperature: float) -> Gate:
    candidates = CANDIDATES[name]
    n_experts = max(e for each in candidates for e in each) + 1
    gate = Gate(
        candidates,
        n_experts=n_experts,
        in_width=IN_WIDTH,
        bias=True,
        widths=widths,
        temperature=temperature,
        activation="tanh",
    )
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in gate.parameters():
            parameter.normal_(generator=generator)
    return gate.double()


def _deep_loop(gate: Gate, inputs: list[Tensor]) -> Tensor:
    """Gate by gate: its own hidden layers, its rows, logits over the temperature, softmax."""
    out = torch.zeros(BATCH, len(gate.candidates), gate.n_experts, dtype=torch.float64)
    start, nth = 0, 0
    for g, (candidates, h) in enumerate(zip(gate.candidates, inputs, strict=True)):
        if len(candidates) == 1:
            out[:, g, candidates[0]] = 1
            continue
        for weight, bias in zip(gate.hidden.weights, gate.hidden.biases, strict=True):
            h = torch.tanh(h @ weight[nth].T + bias[nth])
        rows = slice(start, start := start + len(candidates))
        logits = (h @ gate.weight[rows].T + gate.bias[rows]) / gate.temperature
        out[:, g, candidates] = torch.softmax(logits, dim=1)
        nth += 1
    assert nth == (gate.hidden.n_experts if gate.hidden is not None else 0)
    return out


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("widths", [(9,), (9, 4)])
@pytest.mark.parametrize("name", [*CANDIDATES, "the first has no choice"])
def test_gates_with_hidden_layers(
    name: str, widths: tuple[int, ...], temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one input and of inputs of their own, a gate has layers only where it chooses."""
    monkeypatch.setitem(CANDIDATES, "the first has no choice", [[1], [0, 1, 2], [2], [0, 2]])
    gate = _deep_gate(name, widths, temperature)
    n_gates = len(gate.candidates)
    x, many = _inputs(BATCH, IN_WIDTH), _inputs(BATCH, n_gates, IN_WIDTH)
    torch.testing.assert_close(gate(x), _deep_loop(gate, [x] * n_gates), rtol=1e-11, atol=1e-14)
    expected = _deep_loop(gate, list(many.unbind(1)))
    torch.testing.assert_close(gate(many), expected, rtol=1e-11, atol=1e-14)


def test_hidden_layers_of_gates_are_not_dropped_out() -> None:
    gate, x = _deep_gate("unequal", (9,), 1.0), _inputs(BATCH, IN_WIDTH)
    assert torch.equal(gate.train()(x), gate.eval()(x))


@pytest.mark.parametrize("has_shared_gate", [False, True])
def test_a_level_whose_tasks_see_all(has_shared_gate: bool) -> None:
    level = ExtractionLevel(
        n_task_experts=(2, 0, 1),
        n_shared_experts=2,
        in_width=IN_WIDTH,
        expert_widths=(11, 6),
        own_streams=True,
        has_shared_gate=has_shared_gate,
        tasks_see_all=True,
    )
    assert level.gate.candidates == [tuple(range(5))] * (3 + has_shared_gate)
