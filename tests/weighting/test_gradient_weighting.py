"""Which entries of a net are shared, and what becomes of the gradients there and elsewhere."""

from __future__ import annotations

import shared_net
import torch
from shared_net import N_SHARED, N_TASKS, OWN, losses, parameters, plain_gradients
from skorch.callbacks import Freezer
from torch import Tensor, nn
from torchjd.aggregation import Constant, Sum

from sklearn_ple import CGCEstimator, make_related_tasks
from sklearn_ple.nn import MultiTaskModule
from sklearn_ple.weighting import AggregatedWeighting, GradientWeighting

NAMES = ["click", "watch", "price"]


class Fixed(GradientWeighting):
    """Weights by position among the tasks that are weighed; remembers what it was shown."""

    def __init__(self, weights: list[float]) -> None:
        super().__init__()
        self.fixed = torch.tensor(weights).double()
        self.shown: list[Tensor] = []

    def weigh(self, gramian: Tensor) -> Tensor:
        self.shown.append(gramian)
        return self.fixed[: len(gramian)] * len(gramian) / self.fixed[: len(gramian)].sum()


def set_up(weighting: GradientWeighting) -> GradientWeighting:
    weighting.setup(NAMES)
    weighting.on_epoch_begin(0)
    return weighting.double()


def backward(
    weighting: GradientWeighting, net: MultiTaskModule, absent: tuple[int, ...] = ()
) -> list[Tensor]:
    net.zero_grad()
    weighting.backward(losses(net, absent), None, parameters(net))
    gradients = [parameter.grad for parameter in parameters(net)]
    return [gradient for gradient in gradients if gradient is not None]


def sharing(weighting: GradientWeighting, net: MultiTaskModule) -> dict[str, Tensor]:
    """For every parameter, by how many losses each entry is reached."""
    counts = weighting.moved.sum(0).split([p.numel() for p in net.parameters()])
    named = net.named_parameters()
    return {name: c.view_as(p) for (name, p), c in zip(named, counts, strict=True)}


def test_plain_sums_are_plain_backward() -> None:
    net = shared_net.ple()
    weighting = set_up(AggregatedWeighting(Sum()))
    for mine, plain in zip(backward(weighting, net), plain_gradients(net), strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-10, atol=1e-12)


def test_shared_in_ple_is_all_but_the_last_levels_own_parts() -> None:
    """Level one: other tasks' experts and gates included, by way of the shared gate."""
    net = shared_net.ple()
    weighting = set_up(AggregatedWeighting(Sum()))
    backward(weighting, net)
    reached = sharing(weighting, net)
    last = "routing.levels.1"
    n_own = sum(OWN)
    for name, counts in reached.items():
        if name.startswith("routing.levels.0.experts"):
            assert (counts == N_TASKS).all(), name
        elif name.startswith(f"{last}.experts"):
            assert (counts[:n_own] == 1).all(), name
            assert (counts[n_own:] == N_TASKS).all(), name
            assert len(counts) == n_own + N_SHARED
        elif name.startswith((last, "towers")):
            assert (counts == 1).all(), name
    gates = reached["routing.levels.0.gate.weight"]
    n_of_tasks = sum(own + N_SHARED for own in OWN)
    # A task's gate is read by its last level alone, the shared gate by every task's.
    assert (gates[:n_of_tasks] == 1).all()
    assert (gates[n_of_tasks:] == N_TASKS).all()


def test_weights_count_where_it_is_shared_and_nowhere_else() -> None:
    net = shared_net.ple()
    weighting = set_up(AggregatedWeighting(Constant(torch.tensor([1.0, 2.0, 6.0]).double() / 3)))
    mine = backward(weighting, net)
    torch.testing.assert_close(
        weighting.current_weights(), torch.tensor([1.0, 2.0, 6.0]).double() / 3
    )
    by_task = [plain_gradients(net, task) for task in range(N_TASKS)]
    shared = [counts > 1 for counts in sharing(weighting, net).values()]
    for k, gradient in enumerate(mine):
        own = by_task[0][k] + by_task[1][k] + by_task[2][k]
        weighted = (by_task[0][k] + 2 * by_task[1][k] + 6 * by_task[2][k]) / 3
        torch.testing.assert_close(gradient, torch.where(shared[k], weighted, own))


def test_nothing_is_shared_by_single_tasks() -> None:
    net = shared_net.single_task()
    weighting = Fixed([1.0, 2.0, 6.0])
    for mine, plain in zip(backward(set_up(weighting), net), plain_gradients(net), strict=True):
        torch.testing.assert_close(mine, plain)
    assert weighting.shown == []


def test_absent_tasks_are_left_out() -> None:
    """Two of three tasks: theirs are the products, the third has no gradient."""
    net = shared_net.shared_bottom()
    weighting = Fixed([1.0, 3.0])
    mine = backward(set_up(weighting), net, absent=(1,))
    first, third = plain_gradients(net, 0), plain_gradients(net, 2)
    names = [name for name, _ in net.named_parameters()]
    for name, gradient, a, c in zip(names, mine, first, third, strict=True):
        expected = 0.5 * a + 1.5 * c if name.startswith("routing") else a + c
        torch.testing.assert_close(gradient, expected)
    bottom = [k for k, name in enumerate(names) if name.startswith("routing")]
    rows = torch.stack([torch.cat([g[k].flatten() for k in bottom]) for g in (first, third)])
    products = rows @ rows.t()
    torch.testing.assert_close(weighting.shown[0], products / products.diagonal().mean())
    assert weighting.current_weights().tolist() == [0.5, 1.0, 1.5]


def test_a_task_without_a_gradient_in_what_is_shared_is_left_out() -> None:
    net = shared_net.shared_bottom()
    with torch.no_grad():
        net.towers.hidden.weights[0][1] = 0.0
    weighting = Fixed([1.0, 3.0, 100.0])
    set_up(weighting)
    backward(weighting, net)
    assert weighting.shown[0].shape == (2, 2)
    assert weighting.current_weights().tolist() == [0.5, 1.0, 1.5]


class Rows(nn.Module):
    """Two losses of an embedding of three rows, each of the rows that carry its labels."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.tensor([0.5, -1.0, 2.0]).double())

    def losses(self, first: list[int], second: list[int]) -> Tensor:
        return torch.stack([self.table[first].square().sum(), self.table[second].exp().sum()])


def test_an_entry_is_shared_once_two_losses_have_moved_it() -> None:
    """An embedding of a rare level need not meet both in one batch."""
    rows = Rows()
    weighting = Fixed([1.0, 3.0])
    weighting.setup(["click", "watch"])
    own, both = 2 * rows.table.detach(), rows.table.detach().exp()
    for first, second, expected in [
        ([0, 1], [1, 2], [own[0], 0.5 * own[1] + 1.5 * both[1], both[2]]),
        ([1, 2], [0, 1], [1.5 * both[0], 0.5 * own[1] + 1.5 * both[1], 0.5 * own[2]]),
    ]:
        rows.table.grad = None
        weighting.backward(rows.losses(first, second), None, [rows.table])
        torch.testing.assert_close(rows.table.grad, torch.stack(expected))


def test_gradients_are_added_to_those_there_are() -> None:
    rows = Rows()
    rows.table.grad = torch.tensor([10.0, 20.0, 30.0]).double()
    weighting = Fixed([1.0, 1.0])
    weighting.setup(["click", "watch"])
    weighting.backward(rows.losses([0], [0, 2]), None, [rows.table])
    plain = torch.autograd.grad(rows.losses([0], [0, 2]).sum(), [rows.table])[0]
    torch.testing.assert_close(rows.table.grad, plain + torch.tensor([10.0, 20.0, 30.0]).double())


def test_a_penalty_of_the_outputs_shares_their_graph() -> None:
    net = shared_net.shared_bottom()
    weighting = set_up(Fixed([1.0, 1.0, 1.0]))
    each = losses(net)
    weighting.backward(each, 0.25 * each[1].square(), parameters(net))
    mine = [parameter.grad for parameter in parameters(net)]
    each = losses(net)
    total = each.sum() + 0.25 * each[1].square()
    for gradient, plain in zip(mine, torch.autograd.grad(total, parameters(net)), strict=True):
        torch.testing.assert_close(gradient, plain)


def test_every_parameter_has_a_gradient_whoever_is_absent() -> None:
    """As after plain backward: the optimiser then treats all alike."""
    net = shared_net.single_task()
    gradients = backward(set_up(Fixed([1.0, 1.0])), net, absent=(1,))
    assert len(gradients) == len(parameters(net))


def test_a_frozen_parameter_is_left_as_it_is() -> None:
    net = shared_net.ple()
    frozen = [p for name, p in net.named_parameters() if ".levels.0." in name]
    plain = plain_gradients(net)
    for parameter in frozen:
        parameter.requires_grad_(False)
    net.zero_grad()
    set_up(AggregatedWeighting(Sum())).backward(losses(net), None, parameters(net))
    assert frozen
    assert all(parameter.grad is None for parameter in frozen)
    for parameter, gradient in zip(parameters(net), plain, strict=True):
        if parameter.requires_grad:
            torch.testing.assert_close(parameter.grad, gradient, rtol=1e-10, atol=1e-12)


def test_a_freezer_among_the_callbacks() -> None:
    X, y = make_related_tasks(97, 4, random_state=0)
    settings = {"embedding_dim": 3, "expert_widths": (7,), "tower_widths": (), "random_state": 0}
    freezer = Freezer("routing.level.experts.*")
    models = [
        CGCEstimator(max_epochs=n, weighting="pcgrad", callbacks=[freezer], **settings).fit(X, y)
        for n in (1, 3)
    ]
    one, other = (dict(model.module_.named_parameters()) for model in models)
    same = {name: torch.equal(p, other[name]) for name, p in one.items()}
    assert {name for name in same if same[name]} == {n for n in same if "level.experts" in n}
