"""
A funnel: clicks, and purchases of those who clicked
====================================================

Someone who did not click could not buy: beside "no click" a purchase has no label. `ESMMClassifier`
takes such labels as they are and learns the purchase on all rows, as the product of the two steps.
"""

# %%
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from sklearn_ple import ESMMClassifier, SharedBottomClassifier, calibration_ratio

rng = np.random.default_rng(0)
n, n_train = 8000, 6000
X = pd.DataFrame(rng.normal(size=(n, 4)), columns=list("abcd"))
p_click = 1 / (1 + np.exp(1.5 - 1.5 * X["a"] - X["b"] * X["c"]))
p_buy = 1 / (1 + np.exp(1.0 + 1.2 * X["a"] - 1.5 * X["d"]))  # what draws clicks deters buyers
click = rng.random(n) < p_click
Y = pd.DataFrame({"click": click, "buy": np.where(click, rng.random(n) < p_buy, np.nan)})
X_train, Y_train, X_test, Y_test = X[:n_train], Y[:n_train], X[n_train:], Y[n_train:]
Y.agg(["count", "mean"])

# %%
# The chain is the order of the columns, or ``chain=["click", "buy"]``. `predict_proba` of the later
# step is p(click and buy), never above p(click); `predict_conditional_proba` is p(buy | click).

funnel = ESMMClassifier(max_epochs=8, random_state=0).fit(X_train, Y_train)
clicks, buys = (p[:, 1] for p in funnel.predict_proba(X_test))
buys_if_clicked = funnel.predict_conditional_proba(X_test)[1][:, 1]
bool((buys <= clicks).all()), bool(np.allclose(buys, clicks * buys_if_clicked, rtol=1e-3))

# %%
# Beside it a shared bottom that learns "buy" from clicked rows, the only ones with a label. It
# answers p(buy | click), and what it says of the others has to be multiplied by hand.

bottom = SharedBottomClassifier(max_epochs=8, random_state=0).fit(X_train, Y_train)
clicks_too, if_clicked_too = (p[:, 1] for p in bottom.predict_proba(X_test))

happened, truth = Y_test["buy"] == 1, (p_click * p_buy)[n_train:]
both = {"ESMM": buys, "shared bottom, by hand": clicks_too * if_clicked_too}
pd.DataFrame(
    {
        "predicted / happened": {k: calibration_ratio(happened, p) for k, p in both.items()},
        "mean distance from the truth": {k: abs(p - truth).mean() for k, p in both.items()},
    }
).round(4)

# %%
# These data are made up, so the truth is known, of rows without a click too. The shared bottom
# extends p(buy | click) from clicked rows to the others; ESMM learns it through the product alone,
# which says little of it where a click is unlikely, and stays too low there. For p(click and buy),
# which is what is ranked by, one fit of each shows no winner.

figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True, layout="constrained")
unseen = ~click[n_train:]
for ax, name, p in zip(axes, both, (buys_if_clicked, if_clicked_too), strict=True):
    ax.scatter(p_buy[n_train:][unseen], p[unseen], s=4, alpha=0.4)
    ax.plot([0, 1], [0, 1], color="black", linewidth=0.8)
    ax.set(title=name, xlabel="true p(buy | click), rows without a click")
axes[0].set_ylabel("predicted")
plt.show()
