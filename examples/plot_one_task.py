"""
One task at a time, with scikit-learn's own tools
=================================================

Partial dependence, permutation importance, ROC curves and most other tools know a single target.
`task_view` gives them one: an ordinary fitted classifier or regressor over the shared model,
without a copy.
"""

# %%
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.metrics import RocCurveDisplay
from sklearn.model_selection import TunedThresholdClassifierCV

from sklearn_ple import PLEClassifierRegressor, load_census_income

X, Y = load_census_income(return_X_y=True)
X = X[["age", "education", "sex", "capital_gains", "stock_dividends", "weeks_worked"]][:6000]
Y = Y[:6000].assign(weeks_worked=X.pop("weeks_worked").where(X["age"] >= 16))
X_train, Y_train, X_held, Y_held = X[:3500], Y[:3500], X[3500:4500], Y[3500:4500]
X_test, Y_test = X[4500:], Y[4500:]

model = PLEClassifierRegressor(max_epochs=6, random_state=0).fit(X_train, Y_train)
income, weeks = model.task_view("income"), model.task_view("weeks_worked")
income

# %%
# What moves a prediction, of a classification and of a regression.

figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for ax, view in zip(axes, (income, weeks), strict=True):
    sample = X_test[:300].astype({"age": float})
    shown = PartialDependenceDisplay.from_estimator(
        view, sample, ["age"], grid_resolution=20, ax=ax
    )
    shown.axes_[0, 0].set_title(view.task)
plt.show()

# %%
# Tools that score want rows with a label, so those without are left out first.

labelled = Y_test["weeks_worked"].notna()
found = {}
for view, scoring, rows in [(income, "roc_auc", slice(None)), (weeks, "r2", labelled)]:
    X_rows, y_rows = X_test[rows], Y_test[view.task][rows]
    scored = {"scoring": scoring, "n_repeats": 3, "random_state": 0}
    found[view.task] = permutation_importance(view, X_rows, y_rows, **scored).importances_mean
pd.DataFrame(found, index=X.columns).round(3)

# %%
# Displays need nothing special.

RocCurveDisplay.from_estimator(income, X_test, Y_test["income"], name="income")
plt.show()

# %%
# Tools that fit what they are given take the view frozen. A threshold is chosen on rows that the
# model was not trained on.

tuned = TunedThresholdClassifierCV(
    FrozenEstimator(income), scoring="f1", cv="prefit", refit=False
).fit(X_held, Y_held["income"])
round(float(tuned.best_threshold_), 2)
