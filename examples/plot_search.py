"""
A search with Optuna, for one score and for two
===============================================

`MultiTaskSearchCV` is to Optuna what `GridSearchCV` is to a grid: an estimator that cross-validates
others. Every architecture brings a space of its own, trials that fall behind are stopped between
epochs, and each task may be an objective.
"""

# %%
import pandas as pd
from matplotlib import pyplot as plt
from optuna.distributions import FloatDistribution

from sklearn_ple import SharedBottomRegressor, make_related_tasks
from sklearn_ple.inspection import ParetoDisplay
from sklearn_ple.model_selection import MultiTaskSearchCV

X, y = make_related_tasks(1500, 10, correlation=0.1, noise=0.3, random_state=0)
Y = pd.DataFrame(y, columns=["width", "height"])
X_train, X_test, Y_train, Y_test = X[:1000], X[1000:], Y[:1000], Y[1000:]

# %%
# The space
# ---------
#
# A dictionary, so that narrowing or extending it is a line. A list is of choices, a single value is
# held fixed, and sizes are tuples, or texts as Optuna's storages keep them.

estimator = SharedBottomRegressor(bottom_widths=(64,), lr=4e-3, max_epochs=8, random_state=0)
own = estimator.search_space()
space = {name: own[name] for name in ("dropout", "embedding_dim", "tower_widths")}
space |= {"bottom_widths": [(16,), (64,), (64, 32)], "lr": FloatDistribution(2e-3, 2e-2, log=True)}
for name, values in space.items():
    print(f"{name}: {values}")

# %%
# One score
# ---------
#
# The mean share of deviance explained, by three folds. The first trial is the estimator as it is:
# the space holds its values.

search = MultiTaskSearchCV(estimator, space, n_trials=10, cv=3, random_state=0)
search.fit(X_train, Y_train)
pd.Series(search.best_params_, name="best").to_frame()

# %%
shown = ["trial", "state", "n_epochs", "mean_test_score", "param_lr", "param_bottom_widths"]
pd.DataFrame(search.cv_results_)[shown].round(3)

# %%
# What was chosen is fitted on all training rows; rows that no trial saw say what it is worth.

default = estimator.fit(X_train, Y_train)
pd.DataFrame(
    {
        "as it is": default.score_tasks(X_test, Y_test),
        "searched": search.best_estimator_.score_tasks(X_test, Y_test),
    }
).round(3)

# %%
# A score per task
# ----------------
#
# With several metrics and nothing to choose by, the answer is a front: trials between which only
# taste decides.

two = {"scoring": ["width_r2", "height_r2"], "refit": False}
both = MultiTaskSearchCV(estimator, space, **two, n_trials=20, cv=3, random_state=2)
both.fit(X_train, Y_train)
ParetoDisplay.from_estimator(both)
plt.show()

# %%
both.pareto_frame().round(3)
