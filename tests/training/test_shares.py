"""What is one process's of batches, of rows to stop by, and of noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import small_net
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from sklearn_ple.nn import Dropout, Noisy
from sklearn_ple.training import Share, TensorData
from sklearn_ple.training.lent_noise import LentNoise


class Gates(Noisy):
    """Draws for a batch, not for its rows."""

    def forward(self, x: Tensor) -> Tensor:
        return self.draw_uniform((5,), x)


def shares(size: int) -> list[Share]:
    return [Share(rank, size) for rank in range(size)]


def numbered(n: int) -> TensorData:
    """Rows whose only feature is their number."""
    number = np.arange(n, dtype=np.float64)[:, None]
    return TensorData.from_arrays(
        {"numbers": number},
        number,
        np.ones((n, 1)),
        dtype=torch.float64,
        device=torch.device("cpu"),
    )


def weighty(batches: Sequence[tuple[dict[str, Tensor], tuple[Tensor, Tensor]]]) -> list[float]:
    """The numbers of the rows that count."""
    return [
        float(number)
        for features, (_, weights) in batches
        for number in features["numbers"][weights[:, 0] > 0, 0]
    ]


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 60), batch_size=st.integers(1, 13), size=st.integers(2, 5))
def test_the_shares_of_a_batch_make_it_up_in_order(n: int, batch_size: int, size: int) -> None:
    def batches(share: Share) -> list[tuple[dict[str, Tensor], tuple[Tensor, Tensor]]]:
        generator = torch.Generator().manual_seed(7)
        return list(numbered(n).batches(batch_size, generator, share))

    whole, parts = batches(Share()), [batches(share) for share in shares(size)]
    for i, batch in enumerate(whole):
        assert weighty([of_share[i] for of_share in parts]) == weighty([batch])
        assert all(len(of_share[i][1][0]) for of_share in parts), "a process without a row"


@pytest.mark.parametrize("size", [2, 3, 5])
def test_the_shares_of_rows_to_stop_by_make_them_up(size: int) -> None:
    parts = [batch for share in shares(size) for batch in numbered(4).chunks(share)]
    assert weighty(parts) == [0.0, 1.0, 2.0, 3.0]


def noise(share: Share, epoch: int = 1) -> tuple[Tensor, Tensor]:
    """Entries that dropout keeps, and draws for the whole batch."""
    dropout, gates = Dropout(0.5), Gates()
    lent = LentNoise((nn.Sequential(dropout), gates), torch.Generator().manual_seed(3), share)
    lent.begin_epoch(epoch)
    drawn = dropout(torch.ones(50, 8)), gates(torch.ones(()))
    lent.give_back()
    assert dropout.generator is None
    assert gates.generator is None
    return drawn


def test_dropout_differs_between_processes_and_epochs_and_else_is_the_same() -> None:
    first, second = shares(2)
    assert torch.equal(noise(first)[0], noise(first)[0])
    assert not torch.equal(noise(first)[0], noise(second)[0])
    assert not torch.equal(noise(first)[0], noise(first, epoch=2)[0])


def test_noise_of_the_batch_is_the_same_in_all_processes_and_in_one_alone() -> None:
    drawn = [noise(share)[1] for share in shares(3)]
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], drawn[2])
    alone = Gates()
    LentNoise((alone,), torch.Generator().manual_seed(3))
    assert torch.equal(alone(torch.ones(())), drawn[0])


def test_a_weighting_that_hides_how_it_looks_at_gradients_is_refused() -> None:
    class Hidden(type(small_net.criterion().weighting)):
        one_backward = False

    class Three:
        share = Share(0, 3)

    net = small_net.net()
    net.set_params(criterion=small_net.criterion(Hidden())).initialize()
    with pytest.raises(ValueError, match=r"each of the 3 processes .* GradientWeighting"):
        net.train(small_net.data(), None, epochs=1, engine_callbacks=[], group=Three())
    assert net.group is None
