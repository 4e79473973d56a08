"""`RandomStreams`: all the randomness of a fit, apart from everybody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from sklearn_ple.training.device import available_devices


class RandomStreams:
    """Generators that a fit owns: for initial values, for the order of rows, for noise.

    torch's global generator is neither read nor moved, so fits in several threads do not disturb
    each other.

    Parameters
    ----------
    random_state : RandomState
        Where the seeds come from.
    device : torch.device
        Where the noise is drawn; values and orders are drawn on the CPU.
    """

    def __init__(self, random_state: np.random.RandomState, device: torch.device) -> None:
        seeds = random_state.randint(2**31 - 1, size=3)
        self.initial = torch.Generator().manual_seed(int(seeds[0]))
        self.order = torch.Generator().manual_seed(int(seeds[1]))
        self.noise = torch.Generator(device).manual_seed(int(seeds[2]))

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The states of all generators, on the CPU."""
        return {name: generator.get_state() for name, generator in vars(self).items()}

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Draw on from states that generators on the same kind of device had."""
        for name, generator in vars(self).items():
            generator.set_state(state[name])

    def __getstate__(self) -> dict[str, Any]:
        return {name: (str(g.device), g.get_state()) for name, g in vars(self).items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        present = available_devices()
        for name, (device, generator_state) in state.items():
            if device in present:
                generator = torch.Generator(device)
                generator.set_state(generator_state)
            else:  # pickled where there was a GPU
                generator = torch.Generator().manual_seed(int(generator_state.sum()))
            setattr(self, name, generator)
