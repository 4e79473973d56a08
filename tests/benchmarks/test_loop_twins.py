"""The benchmark of schemes compares like with like: a twin in loops is the same net as ours."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch
from architecture_walk import ARCHITECTURES
from torch import Tensor, nn
from twin_parameters import copy_parameters

from sklearn_ple.nn import MultiTaskModule

with pytest.MonkeyPatch.context() as patched:
    patched.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    loop_twins, schemes = (importlib.import_module(each) for each in ("loop_twins", "schemes"))

SIZES = loop_twins.Sizes(
    7, 3, widths=(16, 10), tower_width=6, n_shared=4, n_own=2, attention_width=9, n_subspaces=2
)
ROWS = 13
DRAWN = ("GumbelRouting", "SNR")  # anew at each step of training
over_schemes = pytest.mark.parametrize("name", loop_twins.SCHEMES)


def alike(name: str) -> tuple[MultiTaskModule, Any]:
    """Ours and the twin in float64 with the same parameters, random ones."""
    ours, twin = (make(SIZES).double() for make in (_of(name).ours, _of(name).twin))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.normal_(0, 0.3, generator=generator)
    copy_parameters(name, ours, twin)
    return ours.eval(), twin.eval()


def _of(name: str) -> Any:
    return loop_twins.SCHEMES[name]


def some_rows(n_rows: int = ROWS) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n_rows, SIZES.in_width, dtype=torch.float64, generator=generator)


def n_parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def test_every_architecture_has_a_twin() -> None:
    names = {cls.__name__.removesuffix("Estimator") for cls in ARCHITECTURES}
    assert set(loop_twins.SCHEMES) == names


@over_schemes
@pytest.mark.parametrize("n_tasks", [2, 3])
def test_the_twin_has_as_many_parameters(name, n_tasks) -> None:
    sizes = loop_twins.Sizes(7, n_tasks, widths=(16, 10), n_shared=4, n_own=5)
    assert n_parameters(_of(name).twin(sizes)) == n_parameters(_of(name).ours(sizes))


@over_schemes
def test_the_same_parameters_give_the_same_raw_outputs(name) -> None:
    ours, twin = alike(name)
    X = some_rows()
    raw = twin(X)
    assert raw.std(0).min() > 1e-3  # no task is silent, so that there is something to compare
    torch.testing.assert_close(ours(numbers=X), raw, rtol=0, atol=1e-10)


@over_schemes
def test_what_a_scheme_adds_to_the_loss_is_the_same(name) -> None:
    ours, twin = alike(name)
    X = some_rows()
    own, its_twins = ours.penalty(ours(numbers=X)), twin.penalty(twin(X))
    assert (own is None) == (its_twins is None) == (name not in ("AITM", "SNR"))
    if own is not None:
        assert own > 0
        torch.testing.assert_close(own, its_twins, rtol=1e-12, atol=0)


@over_schemes
def test_the_loss_pulls_at_the_input_alike(name) -> None:
    gradients = []
    for net in alike(name):
        X = some_rows().requires_grad_()
        raw = net(numbers=X) if isinstance(net, MultiTaskModule) else net(X)
        raw.sigmoid().square().sum().backward()
        gradients.append(X.grad)
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", [name for name in loop_twins.SCHEMES if name not in DRAWN])
def test_an_epoch_of_the_benchmark_leaves_ours_and_the_twin_alike(name) -> None:
    pair = schemes.Pair(name, _of(name), SIZES, n_rows=31, batch_size=12)
    start = alike(name)
    for net, trained in zip(start, pair.nets.values(), strict=True):
        trained.double().load_state_dict(net.state_dict())
    pair.X, pair.y = pair.X.double(), pair.y.double()
    pair.round(0)
    ours, twin = (net.eval() for net in pair.nets.values())
    X = some_rows()
    assert (start[1](X) - twin(X)).abs().max() > 1e-4
    torch.testing.assert_close(ours(numbers=X), twin(X), rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", DRAWN)
def test_gates_that_ours_draws_the_twin_draws_too(name) -> None:
    ours, twin = (net.train() for net in alike(name))
    X = some_rows()
    # Most gates are sure of themselves, so that two draws can be alike, but not twenty.
    for raw in (lambda: ours(numbers=X), lambda: twin(X)):
        first = raw()
        assert not all(torch.equal(first, raw()) for _ in range(20))


def test_a_row_of_the_table_tells_medians_over_rounds_and_the_ratios_within_one() -> None:
    pair = schemes.Pair("CGC", _of("CGC"), SIZES, n_rows=60, batch_size=20)
    pair.seconds = {"ours": [1.0, 2.0, 4.0], "twin": [3.0, 1.0, 4.0]}
    row = schemes.Row.of(pair)
    assert (row.ours, row.twin, row.ratios) == (30, 20, (3, 0.5, 1))
    assert schemes.table([row]).splitlines()[-1] == "| CGC | 3 | 30 | 20 | 1.00 | 0.50 to 3.00 |"


def test_each_contender_goes_first_in_every_other_round(monkeypatch) -> None:
    calls = []
    pair = schemes.Pair("MMOE", _of("MMOE"), SIZES, n_rows=60, batch_size=20)
    monkeypatch.setattr(pair, "epoch", lambda writing, seed: calls.append((writing, seed)) or 1.0)
    for number in (0, 1):
        pair.round(number)
    assert calls == [("ours", 0), ("twin", 0), ("twin", 1), ("ours", 1)]
