"""`LentNoise`: the noise of a fit, in the layers' hands for as long as they train."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from sklearn_ple.nn import Dropout, Noisy, lend_generator
from sklearn_ple.training.row_data import WHOLE, Share


class LentNoise:
    """One stream for all noisy parts of some modules.

    Where several processes share a fit, dropout gets a stream of its own in each, as their rows
    differ. It starts anew every epoch, so that the shared stream and the epoch are all there is to
    restore. All other noise, such as of gates or of an order of tasks, is of the whole batch and
    has to be the same in all.

    Parameters
    ----------
    modules : tuple of nn.Module
    noise : torch.Generator
    share : Share
    """

    def __init__(
        self, modules: tuple[nn.Module, ...], noise: torch.Generator, share: Share = WHOLE
    ) -> None:
        self.modules = modules
        self.noise = noise
        self.share = share
        self.of_rows = noise if share == WHOLE else torch.Generator(noise.device)
        for module in modules:
            for part in module.modules():
                if isinstance(part, Noisy):
                    lend_generator(part, self.of_rows if isinstance(part, Dropout) else noise)

    def begin_epoch(self, epoch: int) -> None:
        """Start this process's own stream of an epoch."""
        if self.of_rows is not self.noise:
            entropy = [self.noise.initial_seed(), epoch, self.share.rank]
            seed = np.random.SeedSequence(entropy).generate_state(1)[0]
            self.of_rows.manual_seed(int(seed))

    def give_back(self) -> None:
        """Take the streams out of the modules' hands."""
        for module in self.modules:
            lend_generator(module, None)
