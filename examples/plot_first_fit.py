"""
A first fit
===========

From a table with columns of every sort and partly missing labels to one fitted network, and a look
inside.
"""

# %%
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.model_selection import train_test_split

from sklearn_ple import PLEClassifierRegressor, load_census_income, multitask_scorers
from sklearn_ple.inspection import ExpertUtilizationDisplay, TrainingCurveDisplay

X, labels = load_census_income(return_X_y=True)
X, labels = X[:6000], labels[:6000]

# %%
# Three questions about the same persons
# --------------------------------------
#
# - `income`: more than 50,000 dollars? Text, and most of the labels are missing: say that only
#   every third person was asked.
# - `never_married`: 0 or 1, known of everybody.
# - `weeks_worked`: a number, which only persons of 16 and more have.
#
# A missing label means that the row is outside that task's sample space. It moves nothing.

Y = pd.DataFrame(
    {
        "income": labels["income"].map({0: "up to 50k", 1: "over 50k"}).where(X.index % 3 == 0),
        "never_married": labels["never_married"],
        "weeks_worked": X.pop("weeks_worked").where(X["age"] >= 16),
    }
)
Y.agg(["dtype", "nunique", "count"])

# %%
# Fit
# ---
#
# Numbers, categories and text go in as they are. Kinds of targets are inferred, or declared with
# ``tasks=``.

X_train, X_test, Y_train, Y_test = train_test_split(X, Y, random_state=0)
model = PLEClassifierRegressor(max_epochs=8, random_state=0).fit(X_train, Y_train)
model.target_summary_

# %%
# How training went
# -----------------
#
# A loss of 1 is that of the best constant predictor, 0 is perfect, whatever the kind of task;
# scores are the share of deviance explained on rows held out. The dotted line marks the epoch
# whose weights were kept.

TrainingCurveDisplay.from_estimator(model)
plt.show()

# %%
# One column for each prediction, in the target's own labels or unit, and one for each class's
# probability.

model.predict_frame(X_test).head(4).round(3)

# %%
# How each task fared, on its own labelled rows, by scores of scikit-learn's kind.

scores = {name: score(model, X_test, Y_test) for name, score in multitask_scorers(model).items()}
pd.Series(scores, name="score").to_frame().round(3)

# %%
# Which experts each task uses: below the last level a shared gate mixes all experts, so that tasks
# part step by step.

ExpertUtilizationDisplay.from_estimator(model, X_test)
plt.show()
