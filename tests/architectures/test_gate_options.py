"""Options that all gated schemes share: hidden layers, temperature, normalised experts."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from drawn import BATCH, IN_WIDTH, N_TASKS, ROUTINGS, draw, n_parameters, rows, towers
from torch import Tensor

from sklearn_ple.architectures import CGCRouting, PLERouting
from sklearn_ple.nn import ExpertBank, Gate, Routing

GATED = ["MMOE", "OMOE", "MLMMOE", "CGC", "PLE", "AdaTT"]
OPTIONS: dict[str, dict[str, object]] = {
    "hidden": {"gate_widths": (9,)},
    "two hidden": {"gate_widths": (9, 4), "gate_bias": True},
    "hot": {"gate_temperature": 7.0},
    "cold": {"gate_temperature": 0.2, "gate_bias": True},
    "norm": {"expert_norm": True},
    "all": {"gate_widths": (9,), "gate_temperature": 1.5, "expert_norm": True, "gate_bias": True},
}


def _weights(routing: Routing) -> list[Tensor]:
    return [reading.weights for reading in routing.gate_readings(rows())]


def _gates(routing: Routing) -> list[Gate]:
    return [part for part in routing.modules() if isinstance(part, Gate)]


def _banks(routing: Routing) -> list[ExpertBank]:
    """Those of experts, not of gates."""
    hidden = {id(gate.hidden) for gate in _gates(routing)}
    banks = [part for part in routing.modules() if isinstance(part, ExpertBank)]
    return [bank for bank in banks if id(bank) not in hidden]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", GATED)
def test_rows_are_positive_and_sum_to_one(name: str, option: str) -> None:
    for weights in _weights(draw(ROUTINGS[name], **OPTIONS[option])):
        assert (weights > 0).all()
        ones = torch.ones(BATCH, dtype=torch.float64)
        torch.testing.assert_close(weights.sum(1), ones, rtol=1e-14, atol=0)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", GATED)
def test_every_unit_learns(name: str, option: str) -> None:
    routing = draw(ROUTINGS[name], **OPTIONS[option])
    raw = towers(routing)(routing(rows(n=31)))
    (raw.square().mean() + raw.mean()).backward()
    for parameter_name, parameter in routing.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert (parameter.grad != 0).all(), parameter_name


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", GATED)
def test_a_row_is_computed_by_itself(name: str, training: bool) -> None:
    """Normalised experts included: nothing is averaged over a batch, not even in training."""
    routing = draw(ROUTINGS[name], **OPTIONS["all"]).train(training)
    x = rows()
    alone = torch.cat([routing(row[None]) for row in x])
    torch.testing.assert_close(routing(x), alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", GATED)
def test_defaults_are_the_plain_gates_and_experts(name: str) -> None:
    plain = draw(ROUTINGS[name])
    spelled = {"gate_widths": (), "gate_temperature": 1.0, "expert_norm": False}
    explicit = draw(ROUTINGS[name], **spelled)
    assert list(plain.state_dict()) == list(explicit.state_dict())
    assert torch.equal(plain(rows()), explicit(rows()))


@pytest.mark.parametrize("temperature", [0.3, 4.0])
@pytest.mark.parametrize("name", ["MMOE", "OMOE", "MLMMOE", "CGC"])
def test_temperature_divides_the_logits(name: str, temperature: float) -> None:
    """Odds of two experts are those at 1, to the power of one over the temperature."""
    options = {"gate_bias": True, "gate_widths": (9,)}
    at_one = draw(ROUTINGS[name], **options)
    other = draw(ROUTINGS[name], gate_temperature=temperature, **options)
    with torch.no_grad():
        for gate, same in zip(_gates(at_one), _gates(other), strict=True):
            gate.bias.copy_(torch.linspace(-1, 1, len(gate.bias), dtype=torch.float64))
            same.load_state_dict(gate.state_dict())
    for weights, tempered in zip(_weights(at_one), _weights(other), strict=True):
        expected = torch.softmax(weights.log() / temperature, dim=1)
        torch.testing.assert_close(tempered, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", GATED)
def test_a_great_temperature_mixes_evenly_and_a_small_one_chooses(name: str) -> None:
    for weights in _weights(draw(ROUTINGS[name], gate_temperature=1e9)):
        torch.testing.assert_close(weights, torch.full_like(weights, 1 / weights.shape[1]))
    for weights in _weights(draw(ROUTINGS[name], gate_temperature=1e-9)):
        assert torch.isfinite(weights).all()
        torch.testing.assert_close(weights.amax(1), torch.ones(BATCH, dtype=torch.float64))


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf"), float("nan")])
def test_a_temperature_that_is_none(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be positive and finite"):
        draw(ROUTINGS["MMOE"], gate_temperature=temperature)


@pytest.mark.parametrize("widths", [(9,), (9, 4)])
@pytest.mark.parametrize("name", GATED)
def test_parameters_of_hidden_layers(name: str, widths: tuple[int, ...]) -> None:
    """Each gate that chooses has layers of its own, and its last one reads them."""
    gates = zip(
        _gates(draw(ROUTINGS[name], gate_widths=widths)),
        _gates(draw(ROUTINGS[name])),
        strict=True,
    )
    for gate, plain in gates:
        assert plain.weight is not None
        in_width = plain.weight.shape[1]
        assert in_width in (IN_WIDTH, 8)  # of the input, and of level 1
        n_choosing = sum(len(each) > 1 for each in gate.candidates)
        n_candidates = sum(len(each) for each in gate.candidates if len(each) > 1)
        layers = sum((into + 1) * out for into, out in pairwise([in_width, *widths]))
        assert n_parameters(gate) == n_choosing * layers + n_candidates * widths[-1]


@pytest.mark.parametrize("name", GATED)
def test_parameters_of_normalised_experts(name: str) -> None:
    """A gain and a shift for each unit that an expert puts out, and they are vectors."""
    banks = zip(
        _banks(draw(ROUTINGS[name], expert_norm=True)), _banks(draw(ROUTINGS[name])), strict=True
    )
    for bank, plain in banks:
        n_units = plain.biases[-1].numel()
        assert n_parameters(bank) == n_parameters(plain) + 2 * n_units
        assert bank.gain.shape == bank.shift.shape == (n_units,)


@pytest.mark.parametrize("name", GATED)
def test_the_size_of_what_an_expert_computes_does_not_matter_when_normalised(name: str) -> None:
    """Blow up the last layer of one expert a thousandfold: nobody notices."""
    normalised = draw(ROUTINGS[name], expert_norm=True)
    plain = draw(ROUTINGS[name], activation="relu")
    before = [routing(rows()) for routing in (normalised, plain)]
    with torch.no_grad():
        for routing in (normalised, plain):
            for bank in _banks(routing):
                bank.weights[-1][0] *= 1000
                bank.biases[-1][0] *= 1000
    moved = [
        (routing(rows()) - old).abs().max()
        for routing, old in zip((normalised, plain), before, strict=True)
    ]
    assert moved[0] < 2e-2  # the layer norm's epsilon was felt before, and is not any more
    assert moved[1] > 10


@pytest.mark.parametrize("name", GATED)
def test_hidden_layers_see_what_a_plain_gate_cannot(name: str) -> None:
    """A gate without a bias is even where x is zero; hidden layers have biases."""
    x = torch.zeros(1, IN_WIDTH, dtype=torch.float64)
    plain, deep = draw(ROUTINGS[name]), draw(ROUTINGS[name], gate_widths=(9,))
    first = [r for r in plain.gate_readings(x) if r.level == 1]
    assert all(torch.allclose(r.weights, r.weights.mean()) for r in first)
    first = [r for r in deep.gate_readings(x) if r.level == 1]
    assert not any(torch.allclose(r.weights, r.weights.mean()) for r in first)


@pytest.mark.parametrize("option", OPTIONS)
def test_ple_and_cgc_of_one_level_stay_the_same(option: str) -> None:
    sizes = {"n_shared_experts": 2, "n_task_experts": (2, 1, 3), "expert_widths": (11, 6)}
    ple = draw(PLERouting, n_levels=1, **sizes, **OPTIONS[option])
    cgc = draw(CGCRouting, seed=3, **sizes, **OPTIONS[option])
    cgc.level.load_state_dict(ple.levels[0].state_dict())
    assert cgc(rows()).shape == (BATCH, N_TASKS, 6)
    torch.testing.assert_close(cgc(rows()), ple(rows()), rtol=1e-13, atol=1e-13)
