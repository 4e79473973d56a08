"""
A sharing scheme of your own
============================

An architecture answers one question: how do tasks share? It is a `Routing`, in pure torch, and an
estimator that says what parameters it has. Reading tables, training, scoring and all the rest are
there already.
"""

# %%
import pandas as pd
import torch
from matplotlib import pyplot as plt

from sklearn_ple import SharedBottomRegressor, make_related_tasks
from sklearn_ple.base import MultiTaskEstimator, RegressorRole
from sklearn_ple.inspection import TrainingCurveDisplay
from sklearn_ple.nn import ExpertBank, Routing

# %%
# The scheme
# ----------
#
# One wide bottom for all, and to it each task adds what a narrow one of its own says: :math:`h_k =
# b(x) + e_k(x)`. No loop over tasks is needed: an `ExpertBank` is many networks in one.


class ResidualRouting(Routing):
    """A shared bottom, and for each task a correction of its own."""

    def __init__(self, *, in_width, n_tasks, widths, own_width, activation, dropout):
        super().__init__()
        layers = {"in_width": in_width, "activation": activation, "dropout": dropout}
        self.shared = ExpertBank(1, widths=widths, **layers)
        self.own = ExpertBank(n_tasks, widths=(own_width, widths[-1]), **layers)
        self.out_width = widths[-1]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, in_width) to (batch, task, out_width)."""
        return self.shared(x) + self.own(x)


class ResidualEstimator(MultiTaskEstimator):
    """A shared bottom with corrections.

    Parameters
    ----------
    widths : tuple of int, default=(64, 64)
        Layers of the shared bottom; `own_width` are the hidden units of each task's correction.
    """

    def __init__(self, *, widths=(64, 64), own_width=8, **shared):
        self.widths = widths
        self.own_width = own_width
        super().__init__(**shared)

    def _make_routing(self, *, in_width, n_tasks, dropout):
        sizes = {"widths": self.widths, "own_width": self.own_width}
        of_all = {"activation": self.activation, "dropout": dropout}
        return ResidualRouting(in_width=in_width, n_tasks=n_tasks, **sizes, **of_all)


class ResidualRegressor(RegressorRole, ResidualEstimator):
    """The promise: every target is a number."""


# %%
# It works already
# ----------------

X, Y = make_related_tasks(4000, 10, correlation=0.5, random_state=0)
settings = {"max_epochs": 8, "random_state": 0}
model = ResidualRegressor(own_width=4, **settings).fit(X[:3000], Y[:3000])
TrainingCurveDisplay.from_estimator(model)
plt.show()

# %%
other = SharedBottomRegressor(bottom_widths=(64, 64), **settings).fit(X[:3000], Y[:3000])
pd.DataFrame({type(m).__name__: m.score_tasks(X[3000:], Y[3000:]) for m in (model, other)}).round(3)
