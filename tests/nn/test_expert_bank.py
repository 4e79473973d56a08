"""Stacked experts compute what a loop over experts does."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sklearn_ple.nn import ACTIVATIONS, ExpertBank, initialise

BATCH, IN_WIDTH = 7, 5


def _bank(n_experts: int, widths: tuple[int, ...], **options: object) -> ExpertBank:
    bank = ExpertBank(n_experts, in_width=IN_WIDTH, widths=widths, **options)
    initialise(bank, torch.Generator().manual_seed(0))
    return bank.double()


def _inputs(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def _loop(bank: ExpertBank, inputs: list[Tensor], activation: str = "relu") -> Tensor:
    """Expert by expert, each on its own input (batch, in_width)."""
    outputs = []
    for e, h in enumerate(inputs):
        for j, (weight, bias) in enumerate(zip(bank.weights, bank.biases, strict=True), start=1):
            h = h @ weight[e].T + bias[e]
            if bank.gain is not None and j == len(bank.weights):
                h = _normalised(bank, h, e)
            h = ACTIVATIONS[activation](h)
        outputs.append(h)
    return torch.stack(outputs, dim=1)


def _normalised(bank: ExpertBank, h: Tensor, expert: int) -> Tensor:
    """Units (batch, width) less their mean, over their standard deviation, scaled and shifted."""
    own = slice(expert * h.shape[1], (expert + 1) * h.shape[1])
    centred = h - h.sum(1, keepdim=True) / h.shape[1]
    variance = centred.square().sum(1, keepdim=True) / h.shape[1]
    return centred / (variance + 1e-5).sqrt() * bank.gain[own] + bank.shift[own]


def _unlike(bank: ExpertBank) -> ExpertBank:
    """With gains and shifts that tell units and experts apart."""
    with torch.no_grad():
        bank.gain.copy_(torch.linspace(0.5, 2, len(bank.gain), dtype=torch.float64))
        bank.shift.copy_(torch.linspace(-1, 1, len(bank.shift), dtype=torch.float64))
    return bank


@pytest.mark.parametrize("widths", [(11,), (11, 8), (11, 8, 3)])
@pytest.mark.parametrize("n_experts", [1, 2, 6])
def test_experts_of_one_input(n_experts: int, widths: tuple[int, ...]) -> None:
    bank, x = _bank(n_experts, widths), _inputs(BATCH, IN_WIDTH)
    torch.testing.assert_close(bank(x), _loop(bank, [x] * n_experts), rtol=1e-13, atol=1e-13)


SOURCES = {
    "one each": [0, 1, 2],
    "two each": [0, 0, 1, 1, 2, 2],
    "unequal": [0, 0, 1, 2, 2, 2, 3],
    "equal numbers out of order": [0, 1, 2, 0, 1, 2],
    "an input nobody reads": [0, 0, 2],
    "the last input unread": [0, 1, 1],
    "the last input unread, equal numbers": [0, 0, 1, 1],
    "one input for all": [0, 0, 0, 0],
}


@pytest.mark.parametrize("widths", [(11,), (11, 8)])
@pytest.mark.parametrize("name", SOURCES)
def test_experts_of_inputs_of_their_own(name: str, widths: tuple[int, ...]) -> None:
    sources = SOURCES[name]
    n_inputs = 1 if name == "one input for all" else max(3, max(sources) + 1)
    bank = _bank(len(sources), widths, sources=sources)
    x = _inputs(BATCH, n_inputs, IN_WIDTH)
    expected = _loop(bank, [x[:, s] for s in sources])
    torch.testing.assert_close(bank(x), expected, rtol=1e-13, atol=1e-13)


def _gradients(bank: ExpertBank, x: Tensor, out: Tensor) -> list[Tensor]:
    """Of a sum that weighs every unit differently: to the input and to every parameter."""
    pull = torch.linspace(-1, 2, out.numel(), dtype=torch.float64).view_as(out)
    return list(torch.autograd.grad((pull * out).sum(), [x, *bank.parameters()]))


@pytest.mark.parametrize("widths", [(11,), (11, 8), (11, 8, 3)])
@pytest.mark.parametrize("n_experts", [1, 2, 6])
def test_gradients_of_experts_of_one_input(n_experts: int, widths: tuple[int, ...]) -> None:
    bank, x = _bank(n_experts, widths), _inputs(BATCH, IN_WIDTH).requires_grad_()
    expected = _gradients(bank, x, _loop(bank, [x] * n_experts))
    torch.testing.assert_close(_gradients(bank, x, bank(x)), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SOURCES)
def test_gradients_of_experts_of_inputs_of_their_own(name: str) -> None:
    """An input that nobody reads gets zeros."""
    sources = SOURCES[name]
    n_inputs = 1 if name == "one input for all" else max(3, max(sources) + 1)
    bank = _bank(len(sources), (11, 8), sources=sources)
    x = _inputs(BATCH, n_inputs, IN_WIDTH).requires_grad_()
    expected = _gradients(bank, x, _loop(bank, [x[:, s] for s in sources]))
    torch.testing.assert_close(_gradients(bank, x, bank(x)), expected, rtol=0, atol=1e-12)


def test_inputs_that_are_views_of_one() -> None:
    """A shared bottom hands the same memory to every tower."""
    bank = _bank(3, (11, 8), sources=[0, 1, 2])
    x = _inputs(BATCH, 1, IN_WIDTH)
    expected = _loop(bank, [x[:, 0]] * 3)
    torch.testing.assert_close(bank(x.expand(-1, 3, -1)), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_activation_follows_every_layer(activation: str) -> None:
    bank, x = _bank(2, (11, 8), activation=activation), _inputs(BATCH, IN_WIDTH)
    expected = _loop(bank, [x] * 2, activation)
    torch.testing.assert_close(bank(x), expected, rtol=1e-13, atol=1e-13)


def test_dropout_follows_every_layer_and_only_in_training() -> None:
    """With the identity for an activation and ones for weights, kept units show the scale."""
    bank = _bank(3, (11, 8), activation="identity", dropout=0.5)
    with torch.no_grad():
        for weight, bias in zip(bank.weights, bank.biases, strict=True):
            weight.fill_(1 / weight.shape[2])
            bias.zero_()
    x = torch.ones(BATCH, IN_WIDTH, dtype=torch.float64)
    assert torch.allclose(bank.eval()(x), torch.ones(1, dtype=torch.float64))
    out = bank.train()(x)
    assert (out == 0).any()
    kept = out[out != 0] / 2 * 11 / 2  # how many of 11 first-layer units were kept
    torch.testing.assert_close(kept, kept.round())
    assert len(kept.round().unique()) > 1


@pytest.mark.parametrize("n_rows", [1, 2])
def test_a_batch_of_any_size(n_rows: int) -> None:
    bank, x = _bank(4, (11, 8)), _inputs(n_rows, IN_WIDTH)
    torch.testing.assert_close(bank(x), _loop(bank, [x] * 4), rtol=1e-13, atol=1e-13)


def test_experts_move_with_the_module() -> None:
    """The choice of inputs is no parameter and is not stored."""
    bank = _bank(3, (11,), sources=[0, 2, 2])
    assert set(bank.state_dict()) == {"weights.0", "biases.0"}
    assert bank.sources is not None
    assert bank.sources.tolist() == [0, 2, 2]


@pytest.mark.parametrize("widths", [(11,), (11, 8), (11, 8, 3)])
def test_normalised_experts_of_one_input(widths: tuple[int, ...]) -> None:
    """The last layer alone is normalised, over the units of one expert and for one row."""
    bank, x = _unlike(_bank(4, widths, norm=True)), _inputs(BATCH, IN_WIDTH)
    torch.testing.assert_close(bank(x), _loop(bank, [x] * 4), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("widths", [(11,), (11, 8)])
@pytest.mark.parametrize("name", SOURCES)
def test_normalised_experts_of_inputs_of_their_own(name: str, widths: tuple[int, ...]) -> None:
    sources = SOURCES[name]
    bank = _unlike(_bank(len(sources), widths, sources=sources, norm=True))
    x = _inputs(BATCH, 1 if name == "one input for all" else 4, IN_WIDTH)
    expected = _loop(bank, [x[:, s] for s in sources])
    torch.testing.assert_close(bank(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("widths", [(11,), (11, 8)])
def test_normalised_experts_start_at_mean_zero_and_variance_one(widths: tuple[int, ...]) -> None:
    """Before the activation, which is the identity here."""
    out = _bank(3, widths, activation="identity", norm=True)(100 * _inputs(BATCH, IN_WIDTH))
    nought = torch.zeros(BATCH, 3, dtype=torch.float64)
    torch.testing.assert_close(out.mean(2), nought, atol=1e-12, rtol=0)
    torch.testing.assert_close(out.var(2, correction=0), nought + 1, atol=1e-3, rtol=0)


@pytest.mark.parametrize("widths", [(1,), (11, 1)])
def test_a_single_unit_cannot_be_normalised(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="always zero"):
        _bank(2, widths, norm=True)
