"""
Many predictions, one ranking
=============================

A feed is one list, however many things are predicted of its items. `ScoreCombiner` multiplies what
tasks predict, each raised to a weight, and searches the weights by what a ranking is worth.
"""

# %%
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from sklearn_ple import PLEClassifierRegressor, ScoreCombiner

rng = np.random.default_rng(0)
n = 6000
X = pd.DataFrame(rng.normal(size=(n, 5)), columns=["fresh", "loud", "long", "near", "old"])
X["seconds"] = np.exp(3 + 0.5 * rng.normal(size=n))
click = rng.random(n) < 1 / (1 + np.exp(1.0 - X["fresh"] - X["loud"]))
share = (1 / (1 + np.exp(-0.5 * X["long"] + X["loud"])) + rng.normal(0, 0.05, n)).clip(0.01, 1)
Y = pd.DataFrame({"click": click.astype(int), "share": share.where(click)})
X_train, Y_train = X[:3000], Y[:3000]

# What the list is scored by: was half of the item watched, and ten seconds or more?
enjoyed = ((Y["share"] > 0.5) & (Y["share"] * X["seconds"] > 10)).astype(int)

# %%
# One network predicts both: whether there will be a click, and of those who click, which share is
# watched.

model = PLEClassifierRegressor(max_epochs=6, random_state=0).fit(
    X_train.drop(columns="seconds"), Y_train
)

# %%
# Weights by hand
# ---------------
#
# As in the paper, p(click) times the share watched times a function of the length.

by_hand = ScoreCombiner(
    model,
    weights={"click": 1.0, "share": 1.0, "seconds": 0.5},
    side_columns={"seconds": "log"},
    negative="clip",
).fit(X[3000:4500], enjoyed[3000:4500])

# %%
# Weights that were searched
# --------------------------
#
# On rows that the network was not fitted on, and other rows than the ranking is scored on.

searched = ScoreCombiner(
    model, side_columns={"seconds": "log"}, negative="clip", max_evaluations=300, random_state=0
).fit(X[3000:4500], enjoyed[3000:4500])
searched.weights_.round(2).to_frame()

# %%
# What equal weights and each part alone would have scored on the same rows:

searched.start_scores_.round(3).to_frame()

# %%
# And on rows kept back for this:

combiners = {"by hand": by_hand, "searched": searched}
{name: round(c.score(X[4500:], enjoyed[4500:]), 3) for name, c in combiners.items()}

# %%
ranked = enjoyed[4500:].iloc[np.argsort(-searched.predict(X[4500:]))].to_numpy()
plt.figure(figsize=(5, 3), layout="constrained")
plt.plot(ranked.cumsum() / np.arange(1, len(ranked) + 1))
plt.axhline(ranked.mean(), color="grey", linewidth=0.8)
plt.xlim(0, 500)
plt.xlabel("items from the top of the list")
plt.ylabel("share enjoyed")
plt.show()
