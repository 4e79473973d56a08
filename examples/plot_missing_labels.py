"""
A task with few labels beside one with many
===========================================

Of four thousand rows all have one label, and a hundred the other: a survey beside a log. Trained
together, the sparse task borrows what the dense one has learned about the inputs, and rows without
its label cost nothing: no imputing, no dropping, no mask to pass along.
"""

# %%
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from sklearn_ple import PLERegressor, SingleTaskRegressor, make_related_tasks

X, y = make_related_tasks(5000, 20, correlation=0.95, noise=0.3, random_state=0)
Y = pd.DataFrame(y, columns=["log", "survey"])
train, test = slice(0, 4000), slice(4000, None)
Y_train = Y[train].copy()
Y_train.loc[100:, "survey"] = np.nan
Y_train.count()

# %%
# One net for both tasks, and for comparison `SingleTaskRegressor`: the same towers over a bottom of
# its own for each task, in one estimator, so that nothing is shared.

models = {
    "together": PLERegressor(max_epochs=10, random_state=0),
    "apart": SingleTaskRegressor(max_epochs=10, random_state=0),
}
scores = pd.DataFrame(
    {
        name: model.fit(X[train], Y_train).score_tasks(X[test], Y[test])
        for name, model in models.items()
    }
)
scores.round(3)

# %%
# The sparse task lives by company; the dense one needs none, and pays a little for it.

scores.plot.bar(rot=0, ylabel="R² on test rows", figsize=(5, 3))
plt.show()

# %%
# By default a task's loss counts in proportion to its share of labels,
# ``task_weights="label_share"``, so that a hundred noisy labels do not shake the weights that four
# thousand have found. The weights of each epoch are in `history_`.

models["together"].history_.filter(like="weight").tail(1).round(3)
