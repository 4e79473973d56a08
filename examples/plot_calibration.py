"""
Probabilities that mean what they say, and where to draw the line
=================================================================

Class weights make a net find the rare class, and its probabilities wrong. `calibrate` mends them
on held-out rows and can choose a threshold for each binary task; `predict` and everything else
heed it.
"""

# %%
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.metrics import f1_score

from sklearn_ple import SharedBottomClassifier, load_census_income, masked_score
from sklearn_ple.inspection import TaskPanelDisplay

X, Y = load_census_income(return_X_y=True)
X_train, Y_train = X[:5000], Y[:5000]
X_held, Y_held = X[5000:8000], Y[5000:8000]
X_test, Y_test = X[8000:12000], Y[8000:12000]
Y_train.mean().round(3)

# %%
# Balanced classes shift every probability of the rare one upwards.

model = SharedBottomClassifier(
    class_weight={"income": "balanced"}, max_epochs=6, random_state=0
).fit(X_train, Y_train)
TaskPanelDisplay.from_estimator(model, X_test, Y_test, curve="calibration")
plt.show()


# %%
def figures() -> dict[str, float]:
    """Log loss and expected calibration error of the rare task; F1 of what `predict` says."""
    p = model.predict_proba(X_test)[0][:, 1]
    said = model.predict_frame(X_test)["income"]
    return {
        "log loss": masked_score("log_loss", Y_test["income"], p),
        "calibration error": masked_score("ece", Y_test["income"], p),
        "F1": f1_score(Y_test["income"], said),
    }


before = figures()

# %%
# Held-out rows, never those of the training: a model is surest of what it has seen. What was
# learned is a table.

model.calibrate(X_held, Y_held, thresholds={"income": "f1"})
model.calibration_

# %%
TaskPanelDisplay.from_estimator(model, X_test, Y_test, curve="calibration")
plt.show()

# %%
pd.DataFrame({"before": before, "after": figures()}).round(3)

# %%
# ``calibrate(X, y, method=None)`` takes it back, and the next `fit` forgets it.
