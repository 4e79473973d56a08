"""
Columns of every sort, in a pipeline
====================================

Numbers, text, categories and missing values go into an estimator as they are. What it cannot know
is what *you* know of a column: that a date has a weekday, that an amount is better read as a
logarithm. Such steps go in front, in an ordinary pipeline, whose names then lead to the parameters
inside.
"""

# %%
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.model_selection import KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_ple import SharedBottomClassifierRegressor, multitask_scorers

rng = np.random.default_rng(0)
n = 3000
day = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 360, n), unit="D")
city = rng.choice(["Bergen", "Cork", "Graz", "Porto"], n)
income = np.exp(rng.normal(10, 1, n))
X = pd.DataFrame(
    {
        "day": day,
        "city": pd.Categorical(city),
        "member": rng.random(n) < 0.4,
        "income": np.where(rng.random(n) < 0.1, np.nan, income),
        "note": rng.choice(["", "gift", "express"], n),
    }
)
weekend, wealth = day.day_of_week >= 5, np.log(income) - 10
Y = pd.DataFrame(
    {
        "bought": np.where(wealth + 2 * weekend + rng.normal(0, 1, n) > 1, "yes", "no"),
        "spent": np.exp(3 + 0.4 * wealth + 0.5 * (city == "Cork") + rng.normal(0, 0.2, n)),
    }
)
Y.loc[Y["bought"] == "no", "spent"] = np.nan
X.head(3)

# %%
# Nothing is scaled, imputed or one-hot encoded here. A date is the one thing that is refused,
# since a net could read it only as a large number.


def read_dates(table: pd.DataFrame) -> pd.DataFrame:
    """The day of the week as a category, instead of the day."""
    return table.assign(weekday=table["day"].dt.day_name().astype("category")).drop(columns="day")


model = make_pipeline(
    FunctionTransformer(read_dates),
    SharedBottomClassifierRegressor(max_epochs=6, random_state=0),
)
model

# %%
# Scorers of this package read missing labels and reach through pipelines; scikit-learn's own would
# raise on them.

scorers = multitask_scorers(Y)
found = pd.DataFrame(cross_validate(model, X, Y, scoring=scorers, cv=KFold(3)))
found.filter(like="test_").agg(["mean", "std"]).T.round(3)

# %%
# The same with the raw net, whose weekday is hidden in the number of the day:

blind = make_pipeline(
    FunctionTransformer(lambda table: table.assign(day=table["day"].dt.day_of_year)), model[-1]
)
worse = pd.DataFrame(cross_validate(blind, X, Y, scoring=scorers, cv=KFold(3)))
names = ["test_bought_roc_auc", "test_spent_r2", "test_deviance_explained"]
both = pd.DataFrame({"weekday": found[names].mean(), "day": worse[names].mean()})
both.rename(index=lambda name: name[5:]).plot.barh(figsize=(6, 2.4))
plt.show()
