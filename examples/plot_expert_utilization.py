"""
Which experts a task uses
=========================

Two pairs of tasks: within a pair they are almost the same, across pairs they have nothing in
common. Do gates find that out? `expert_utilization` reads what they do on given rows.
"""

# %%
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from sklearn_ple import MMOERegressor, PLERegressor, expert_utilization, make_related_tasks
from sklearn_ple.inspection import ExpertUtilizationDisplay

n_train, n_test = 3000, 1000
pairs = [
    make_related_tasks(n_train + n_test, 6, correlation=0.98, random_state=seed) for seed in (1, 2)
]
X = np.hstack([X_pair for X_pair, _ in pairs])
Y = pd.DataFrame(np.hstack([y_pair for _, y_pair in pairs]), columns=["a1", "a2", "b1", "b2"])
X_train, Y_train, X_test, Y_test = X[:n_train], Y[:n_train], X[n_train:], Y[n_train:]
Y.corr().round(2)

# %%
# MMOE
# ----
#
# Every expert is open to every task, and a gate of each task mixes them, row by row. Segments are
# mean weights over rows, whiskers their standard deviations.

settings = {"expert_widths": (32,), "max_epochs": 8, "random_state": 0}
mmoe = MMOERegressor(n_experts=4, **settings).fit(X_train, Y_train)
ExpertUtilizationDisplay.from_estimator(mmoe, X_test)
plt.show()

# %%
# The same as a table: how far apart are the gates of two tasks? Half the sum of absolute
# differences of their mean weights is 0 where they use experts alike and 1 where they share none.

table = expert_utilization(mmoe, X_test)
means = table.pivot_table(index="gate", columns="expert", values="mean")
apart = abs(means.to_numpy()[:, None] - means.to_numpy()[None]).sum(axis=2) / 2
pd.DataFrame(apart, index=means.index, columns=means.index.rename(None)).round(2)

# %%
# PLE
# ---
#
# Each task has an expert of its own beside the shared ones, at every level, and cannot use another
# task's. Below the last level a shared gate reads all of them.

ple = PLERegressor(n_shared_experts=2, **settings).fit(X_train, Y_train)
ExpertUtilizationDisplay.from_estimator(ple, X_test)
plt.show()

# %%
# A gate says what is mixed, not what it is worth: an expert with a large weight may put out small
# numbers. What sharing gained is a question for paired fits; see the example of the seesaw.

pd.DataFrame(
    {"MMOE": mmoe.score_tasks(X_test, Y_test), "PLE": ple.score_tasks(X_test, Y_test)}
).round(3)
