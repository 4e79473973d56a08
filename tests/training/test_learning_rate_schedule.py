"""Factors of the learning rate, worked by hand, and the rates that steps really use."""

from __future__ import annotations

import pytest
import small_net
from small_net import Recorder

from sklearn_ple.training import LearningRateSchedule

BY_HAND = {
    "cosine": {0: 1 / 11, 4: 5 / 11, 9: 10 / 11, 10: 1.0, 40: 0.75, 55: 0.5, 70: 0.25, 100: 0.0},
    "linear": {0: 1 / 11, 9: 10 / 11, 10: 1.0, 28: 0.8, 55: 0.5, 82: 0.2, 100: 0.0, 200: 0.0},
    "constant": {0: 1 / 11, 9: 10 / 11, 10: 1.0, 55: 1.0, 100: 1.0, 1000: 1.0},
}


@pytest.mark.parametrize("schedule", BY_HAND)
def test_by_hand(schedule: str) -> None:
    """100 steps, of which 10 rise: by elevenths, so that the first is above zero."""
    course = LearningRateSchedule(schedule, n_steps=100, warm_up=0.1)
    for step, factor in BY_HAND[schedule].items():
        assert course.factor(step) == pytest.approx(factor, abs=1e-12), step


@pytest.mark.parametrize("schedule", BY_HAND)
@pytest.mark.parametrize("n_steps", [1, 2, 7, 1000])
@pytest.mark.parametrize("warm_up", [0.0, 0.05, 0.5])
def test_rises_then_never_rises_again_and_every_step_moves(
    schedule: str, n_steps: int, warm_up: float
) -> None:
    course = LearningRateSchedule(schedule, n_steps, warm_up)
    factors = [course.factor(step) for step in range(n_steps)]
    assert all(0 < factor <= 1 for factor in factors)
    n_rising = sum(step < warm_up * n_steps for step in range(n_steps))
    assert factors[:n_rising] == sorted(factors[:n_rising])
    assert factors[n_rising:] == sorted(factors[n_rising:], reverse=True)


@pytest.mark.parametrize("schedule", BY_HAND)
def test_each_step_uses_its_factor(schedule: str) -> None:
    net = small_net.net(lr=0.05, callbacks=[("recorder", Recorder())])
    course = LearningRateSchedule(schedule, n_steps=18, warm_up=0.2)
    net.train(small_net.data(), None, epochs=3, engine_callbacks=[("schedule", course)])
    rates = dict(net.callbacks_)["recorder"].rates
    assert rates == pytest.approx([0.05 * course.factor(step) for step in range(18)])


def test_a_second_round_starts_from_the_full_rate() -> None:
    net = small_net.net(lr=0.05, callbacks=[("recorder", Recorder())])
    course = LearningRateSchedule("cosine", n_steps=6, warm_up=0.0)
    rates = []
    for _ in range(2):
        net.train(small_net.data(), None, epochs=1, engine_callbacks=[("schedule", course)])
        rates.append(dict(net.callbacks_)["recorder"].rates)
    assert rates[0] == rates[1]
    assert rates[0][0] == 0.05
