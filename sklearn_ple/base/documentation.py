"""Docstrings of estimators: what a class says of itself, joined with what all share."""

from __future__ import annotations

import inspect

SHARED_PARAMETERS = """
tasks : "auto", list or dict, default="auto"
    Kind of every target: one per column in order, or by target name (others are inferred). A kind
    is "regression", "binary", "multiclass", "count", "classification", "auto", or a
    :class:`~sklearn_ple.tasks.Task` such as ``Regression(loss="huber")``. See `tasks_` for what
    was decided.
class_weight : None, "balanced" or dict, default=None
    Weights of classes in the training loss: for one target {label: weight}; for several
    {target name: "balanced" or {label: weight}}. Weights other than None shift the predicted
    probabilities away from the observed frequencies.
categorical_features : "from_dtype", list or None, default="from_dtype"
    Columns taken as categories besides those with text or a categorical dtype: names, positions
    or a boolean mask.
numeric_encoding : {"piecewise_linear", "standard", "quantile"}, default="piecewise_linear"
    How numbers enter the net: embedded piecewise-linearly with knots at quantiles of the rows and
    of the distinct values (beside the scaled number itself), standardised, or mapped to normal
    quantiles.
embedding_dim : int or "auto", default="auto"
    Width of the embedding of each number and each category; "auto" takes {embedding}.
    Categoricals with up to four levels are one-hot.
tower_widths : tuple of int, default=(64,)
    Hidden layers of every task's tower.
activation : {"relu", "silu", "gelu", "tanh", "identity"}, default="silu"
    After every layer of experts and towers.
dropout : float or "auto", default="auto"
    Share of units dropped in training; "auto" takes {dropout}.
weighting : str or LossWeighting, default="static"
    How the tasks' losses become one: "static" (their sum), "uncertainty", "dwa", "rlw",
    "geometric_mean", "log_sum", "stch" or "famo"; by the tasks' gradients, at a backward pass for
    each task, "pcgrad" or, with ``pip install ".[torchjd]"`` in a clone, "upgrad", "cagrad",
    "mgda", "nash_mtl", "imtl_g", "aligned_mtl" or "fairgrad"; or an object with options of its own
    from :mod:`sklearn_ple.weighting`, e.g. ``ExponentialWeighting(ratios=[1.0, 0.95])``. Each
    epoch's weights are in `history_`.
task_weights : None, "label_share", list or dict, default="label_share"
    What each task's loss is multiplied by before `weighting`: nothing, its share of labelled rows
    (over the largest), or given weights, in order or by target name.
optimizer : {"adamw", "adam", "sgd", "rmsprop"} or a torch optimiser class, default="adamw"
    What takes the steps: by name, with betas of 0.9 and 0.99 for the Adams and a momentum of 0.9
    for "sgd"; or a class, with its own defaults.
lr : float or "auto", default="auto"
    Peak learning rate; "auto" follows from the batch size.
weight_decay : float or "auto", default="auto"
    Weight decay of weight matrices, decoupled with "adamw", and with other optimisers as they
    define it, mostly added to the gradient; "auto" takes {weight_decay}.
lr_schedule : {"cosine", "linear", "constant"}, default="cosine"
    Course of the learning rate after a warm-up over the first 5 % of all steps.
batch_size : int or "auto", default="auto"
    Rows in a step; "auto" takes {batch_size}.
max_epochs : int or "auto", default="auto"
    Passes over the training rows; "auto" takes {max_epochs}.
early_stopping : bool or "auto", default="auto"
    Whether to hold out rows, score each epoch on them and keep the best weights; "auto" does so
    from 1,000 rows on. With `X_val` given to `fit`, those rows are used instead.
validation_fraction : float, default=0.1
    Share of the training rows that `early_stopping` holds out.
patience : int or None, default=10
    Epochs without improvement after which training stops; None trains on but still keeps the best
    weights.
weight_averaging : float, "auto" or None, default="auto"
    Decay of the moving average of weights that is scored and kept; "auto" averages over about
    {averaging} of all steps.
device : str, default="auto"
    "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps". Resolved at `fit` into
    `device_`.
precision : {"float32", "float64", "bf16-mixed"}, default="float32"
    Of parameters and arithmetic; "bf16-mixed" keeps float32 parameters.
compile : bool, default=False
    Whether to train through ``torch.compile``; predictions run uncompiled. The first steps take ten
    seconds and more. On a CPU it is worth a tenth without dropout, and nothing with it.
callbacks : list of skorch callbacks or None, default=None
    Copied for each fit; the copies are in `callbacks_`. An `LRScheduler` goes with
    ``lr_schedule="constant"``, and `EpochScoring` with a function and ``use_caching=False``.
checkpoint_dir : str, path-like or None, default=None
    Directory, of this fit alone, where `fit` keeps what it needs to go on after it was killed, with
    ``fit(..., resume=True)``: its last two states. `partial_fit` keeps none.
checkpoint_every : int, default=1
    Epochs from one state that is kept to the next.
warm_start : bool, default=False
    Whether `fit` goes on from where the last one ended. Parameters that the network was built from
    must stay as they were.
verbose : int, default=0
    1 shows a live line with epoch, losses and validation scores.
random_state : int, RandomState or None, default=None
    Seeds initial values, order of rows, held-out rows and dropout. torch's global generator is
    left alone.
"""

ATTRIBUTES = """
Attributes
----------
tasks_ : TaskSet
    The fitted tasks, in order of targets.
classes_ : ndarray or list
    Labels of a single target; for several, a list with None at regressions. Absent without
    classifications.
n_outputs_ : int
    Number of targets.
target_names_in_ : ndarray of str
    Names of the targets, y0, y1, … where they had none.
feature_names_in_ : ndarray of str
    Names of the features, where X had any.
n_features_in_ : int
    Number of features.
net_ : skorch.NeuralNet
    The engine; its optimiser, history and callbacks.
module_ : MultiTaskModule
    The network, with the fitted encoder of X in it.
device_ : str
    Where it was trained.
history_ : DataFrame
    One row per epoch: losses, scores, weights, learning rate, seconds.
best_epoch_ : int
    The epoch, from 1, whose weights were kept.
callbacks_ : list of (str, Callback)
    Fitted copies of `callbacks`.
target_summary_ : DataFrame
    By target: its kind, the numbers of rows and labels given, the share missing, and how many
    labels each class has.
calibration_ : Calibration
    What `calibrate` learned; its `table` shows it. Absent before, and after the next fit.
"""


_HEADING = "\nParameters\n----------\n"


def parameters_of(docstring: str) -> str:
    """What a docstring says of parameters; nothing where it has no such section."""
    return inspect.cleandoc(docstring).partition(_HEADING)[2].partition("\n\n")[0].rstrip()


def compose(
    own: str, role: str | None, rules: dict[str, str], inherited: str = SHARED_PARAMETERS
) -> str:
    """A class docstring in numpydoc's order.

    Parameters
    ----------
    own : str
        The architecture's docstring; ends its "Parameters" section with its own parameters.
    role : str or None
        The sentence of a role, put behind the summary.
    rules : dict of str
        What "auto" does, by placeholder.
    inherited : str
        What comes behind its own parameters.
    """
    text = inspect.cleandoc(own)
    shared = inherited.strip()
    for name, rule in rules.items():
        shared = shared.replace("{" + name + "}", rule)
    summary, _, rest = text.partition("\n\n")
    if role:
        summary = f"{summary}\n\n{role}"
    head, marker, tail = f"{summary}\n\n{rest}".partition(_HEADING)
    if not marker:
        return text
    parameters, gap, after = tail.partition("\n\n")
    sections = [f"{head.strip()}\n{marker}{parameters.rstrip()}\n{shared}", ATTRIBUTES.strip()]
    return "\n\n".join([*sections, after.strip()] if gap else sections) + "\n"
