"""
Whom sharing helps and whom it hurts
====================================

"One task up, the other down" is the seesaw. Whether it is there can't be told from one fit: seeds
differ by more than schemes do. `mtl_gain_report` fits each scheme and its single-task twin on the
same folds with the same seeds, and says what the differences are worth.
"""

# %%
import pandas as pd
from matplotlib import pyplot as plt

from sklearn_ple import PLERegressor, SharedBottomRegressor, make_related_tasks, mtl_gain_report
from sklearn_ple.inspection import MTLGainDisplay, SeesawDisplay

X, y = make_related_tasks(1600, 12, correlation=0.3, noise=0.5, missing=[0.0, 0.8], random_state=0)
Y = pd.DataFrame(y, columns=["dense", "sparse"])
Y.agg(["count", "std"]).round(2)

# %%
# The twin of a scheme has one bottom per task and as many units for each task as it can reach in
# the scheme, so that what is compared is sharing, and not size.

settings = {"max_epochs": 8, "random_state": 0}
report = mtl_gain_report(
    {
        "shared bottom": SharedBottomRegressor(bottom_widths=(32,), **settings),
        "PLE": PLERegressor(expert_widths=(16,), n_shared_experts=2, **settings),
    },
    X,
    Y,
    cv=5,
    scoring="r2",
    n_bootstrap=100,
    progress=False,
    random_state=0,
)
report

# %%
# A verdict is "improved" or "hurt" only where the interval over folds, corrected for all tasks and
# schemes at once (Holm), is clear of zero; else there is no evidence, which is not the same as no
# difference.

SeesawDisplay.from_report(report)
plt.show()

# %%
# The same gains one task at a time, in the metric's own units.

MTLGainDisplay.from_report(report)
plt.show()

# %%
# All that was compared is in tables, one row per fold: for figures of one's own, or to be joined
# with other runs by `MTLGainReport.from_pairs`.

report.pairs.head(4).round(3)
