"""
A kind of target of your own
============================

A kind of target is a small class: how labels become numbers, a loss, and predictions again. Here it
is quantiles. Every architecture then takes it, mixed with all other kinds.
"""

# %%
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import torch
from matplotlib import pyplot as plt

from sklearn_ple import SharedBottomEstimator, Task


# %%
@dataclass
class Quantile(Task):
    """The value that a share `q` of labels stays below, learned by the pinball loss."""

    q: float = 0.5

    kind: ClassVar[str] = "quantile"
    is_classification: ClassVar[bool] = False
    n_raw = 1

    def fit_labels(self, labels, weight):
        self.low_, self.high_ = np.quantile(labels.astype(float), [0.1, 0.9])
        # The best constant: towers start there, and losses are in units of what it loses.
        self.baseline_ = np.quantile(self.encode(labels), [self.q])

    def encode(self, column):
        return (column.astype(float) - self.low_) / (self.high_ - self.low_)

    def losses(self, raw, target):
        above = target - raw[..., 0]
        return torch.maximum(self.q * above, (self.q - 1) * above)

    def activate(self, raw):
        return raw[:, 0]

    def decode(self, activated):
        return activated * (self.high_ - self.low_) + self.low_

    def strata(self, encoded):
        return np.where(np.isnan(encoded), -1, encoded > 0.5).astype(np.int64)


# %%
# Three quantiles of one column are three tasks over one bottom.

rng = np.random.default_rng(0)
x = rng.uniform(-3, 3, 3000)
y = np.sin(x) + (0.1 + 0.25 * (x > 0)) * rng.normal(size=len(x))
levels = {"low": 0.05, "middle": 0.5, "high": 0.95}
Y = pd.DataFrame(dict.fromkeys(levels, y))
model = SharedBottomEstimator(
    tasks={name: Quantile(q) for name, q in levels.items()}, max_epochs=40, random_state=0
).fit(x[:, None], Y)

# %%
grid = np.linspace(-3, 3, 200)
found = model.predict_frame(grid[:, None])
plt.scatter(x, y, s=2, color="grey", alpha=0.4)
plt.fill_between(grid, found["low"], found["high"], alpha=0.3)
plt.plot(grid, found["middle"])
plt.show()
