"""Look-up tables of numbers and categories against explicit loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from sklearn_ple.nn import FeatureEncoder
from sklearn_ple.nn.feature_encoder import CategoryTable, KnotTable, OneHotTable

N_KNOTS, N_MISSING, WIDTH = [4, 1, 6], 2, 3
STARTS = [0, 4, 5]
SHARES = [(0.5, 0.25, 0.25), (0.125, 0.375, 0.5), (0.75, 0.25)]
CATEGORY_STARTS, N_LEVELS = [0, 3, 6], 8


def _random(module: torch.nn.Module) -> torch.nn.Module:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(generator=generator)
    return module.double()


@pytest.fixture
def knots() -> KnotTable:
    return _random(KnotTable(N_KNOTS, n_missing=N_MISSING, width=WIDTH))


def _look_up(table: KnotTable, feature: int, bin_: int, fraction: float) -> Tensor:
    """One feature's embedding where the others stand at their first knots."""
    bins = torch.tensor([STARTS], dtype=torch.int32)
    bins[0, feature] = STARTS[feature] + bin_
    fractions = torch.zeros(1, len(N_KNOTS), dtype=torch.float64)
    fractions[0, feature] = fraction
    return table(bins, fractions).view(len(N_KNOTS), WIDTH)[feature]


def _vectors(table: KnotTable, feature: int) -> np.ndarray:
    """E_j = V_j + D_0 + … + D_j, increment by increment."""
    rows = range(STARTS[feature], STARTS[feature] + N_KNOTS[feature])
    vectors = []
    for row in rows:
        total = table.values[row].detach().numpy().copy()
        for earlier in range(rows.start, row + 1):
            total += table.increments[earlier].detach().numpy()
        vectors.append(total)
    return np.array(vectors)


@pytest.mark.parametrize("fraction", [0.0, 0.3, 1.0, -2.0, 3.0])
@pytest.mark.parametrize(("feature", "bin_"), [(0, 0), (0, 2), (2, 0), (2, 4)])
def test_interpolates_between_knots_and_goes_on_beyond(
    knots: KnotTable, feature: int, bin_: int, fraction: float
) -> None:
    left, right = _vectors(knots, feature)[bin_ : bin_ + 2]
    got = _look_up(knots, feature, bin_, fraction).detach().numpy()
    expected = (1 - fraction) * left + fraction * right
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("feature", "knot"), [(0, 1), (0, 2), (2, 1), (2, 3), (2, 4)])
def test_continuous_at_every_knot(knots: KnotTable, feature: int, knot: int) -> None:
    from_left = _look_up(knots, feature, knot - 1, 1.0)
    from_right = _look_up(knots, feature, knot, 0.0)
    torch.testing.assert_close(from_left, from_right, rtol=1e-13, atol=1e-13)


def test_a_single_knot_is_a_constant(knots: KnotTable) -> None:
    got = _look_up(knots, 1, 0, 0.0).detach().numpy()
    np.testing.assert_allclose(got, _vectors(knots, 1)[0], rtol=1e-12)


def test_missing_values_have_rows_of_their_own(knots: KnotTable) -> None:
    """They follow all knots, for the features that have one, in order."""
    first = sum(N_KNOTS)
    bins = torch.tensor([[first, 4, 5], [0, 4, first + 1]], dtype=torch.int32)
    out = knots(bins, torch.zeros(2, 3, dtype=torch.float64)).view(2, 3, WIDTH)
    assert knots.missing is not None
    torch.testing.assert_close(out[0, 0], knots.missing[0], rtol=0, atol=0)
    torch.testing.assert_close(out[1, 2], knots.missing[1], rtol=0, atol=0)


def test_features_do_not_leak_into_each_other(knots: KnotTable) -> None:
    """Prefix sums run over the whole table at once, but start anew at each feature."""
    bins = torch.tensor([[2, 4, 8]], dtype=torch.int32)
    fractions = torch.full((1, 3), 0.5, dtype=torch.float64)
    out = knots(bins, fractions).view(3, WIDTH)
    for feature, rows in enumerate([range(4), range(4, 5), range(5, 11)]):
        (by_values, by_increments) = torch.autograd.grad(
            out[feature].sum(), [knots.values, knots.increments], retain_graph=True
        )
        for gradient in (by_values, by_increments):
            assert set(gradient.any(1).nonzero().flatten().tolist()) <= {*rows, rows.stop}
    # At fraction 0 the next row, perhaps another feature's, has no share at all.
    lone = knots(bins, torch.zeros_like(fractions)).view(3, WIDTH)[1].sum()
    (gradient,) = torch.autograd.grad(lone, knots.values)
    assert gradient.any(1).nonzero().flatten().tolist() == [4]


def test_increments_move_every_knot_to_their_right(knots: KnotTable) -> None:
    (gradient,) = torch.autograd.grad(_look_up(knots, 2, 3, 0.25).sum(), knots.increments)
    expected = torch.zeros(sum(N_KNOTS), dtype=torch.float64)
    expected[5:9] = 1.0
    expected[9] = 0.25
    torch.testing.assert_close(gradient, expected[:, None].expand(-1, WIDTH))


@pytest.fixture
def categories() -> CategoryTable:
    return _random(CategoryTable(SHARES, width=WIDTH))


def test_known_categories_read_their_rows(categories: CategoryTable) -> None:
    codes = torch.tensor([[0, 4, 7], [2, 3, 6]], dtype=torch.int32)
    out = categories(codes).view(2, 3, WIDTH)
    assert torch.equal(out, categories.weight[codes.long()])


@pytest.mark.parametrize("feature", range(3))
def test_unseen_categories_read_the_mean_over_training_rows(
    categories: CategoryTable, feature: int
) -> None:
    codes = torch.tensor([[0, 3, 6]], dtype=torch.int32)
    codes[0, feature] = N_LEVELS + feature
    got = categories(codes).view(3, WIDTH)[feature]
    start = CATEGORY_STARTS[feature]
    expected = sum(share * categories.weight[start + j] for j, share in enumerate(SHARES[feature]))
    torch.testing.assert_close(got, expected, rtol=1e-13, atol=1e-13)


def test_the_mean_follows_the_trained_rows(categories: CategoryTable) -> None:
    """It is computed anew each time, not kept from the start."""
    codes = torch.tensor([[N_LEVELS, 3, 6]])
    before = categories(codes)[0, :WIDTH].clone()
    with torch.no_grad():
        categories.weight[0] += 2.0
    after = categories(codes)[0, :WIDTH]
    torch.testing.assert_close(after, before + SHARES[0][0] * 2.0)


def test_one_hot() -> None:
    table = OneHotTable(SHARES).double()
    codes = torch.tensor([[1, 3, 7], [N_LEVELS, 5, N_LEVELS + 2]], dtype=torch.int32)
    expected = [
        [0, 1, 0, 1, 0, 0, 0, 1],
        [*SHARES[0], 0, 0, 1, *SHARES[2]],
    ]
    assert table(codes).tolist() == expected
    assert list(table.parameters()) == []


def test_parts_stand_in_order() -> None:
    encoder = FeatureEncoder(
        n_numbers=2,
        n_knots=N_KNOTS,
        n_missing=N_MISSING,
        one_hot=SHARES[:1],
        embedded=SHARES[1:],
        number_width=WIDTH,
        category_width=5,
    )
    _random(encoder)
    numbers = torch.tensor([[0.5, -1.5]], dtype=torch.float64)
    bins, fractions = torch.tensor([STARTS]), torch.full((1, 3), 0.5, dtype=torch.float64)
    small, codes = torch.tensor([[2]]), torch.tensor([[1, 4]])
    out = encoder(numbers, bins, fractions, small, codes)
    parts = [
        numbers,
        encoder.knots(bins, fractions),
        encoder.one_hot(small),
        encoder.categories(codes),
    ]
    assert torch.equal(out, torch.cat(parts, dim=1))
    assert out.shape[1] == encoder.out_width == 2 + 3 * WIDTH + 3 + 2 * 5
