"""Many predictions, one ranking: equation 1 of the PLE paper."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from sklearn_ple.metrics.combiner.parts import (
    Weights,
    choose_tasks,
    given_weights,
    read_numbers,
    signed_parts,
)
from sklearn_ple.metrics.combiner.ranker import Ranker, require_fitted
from sklearn_ple.metrics.combiner.side_factors import Transform, fit_factor
from sklearn_ple.metrics.combiner.task_scores import Negative
from sklearn_ple.metrics.combiner.weight_search import search_weights
from sklearn_ple.metrics.metric import MetricFunction
from sklearn_ple.tasks import read_targets


class ScoreCombiner(Ranker):
    r"""One score to rank by, out of what a fitted estimator predicts for several tasks.

    .. math:: s = \prod_k \max(p_k, \varepsilon)^{w_k} \prod_j f_j(v_j)^{w_j},
        \qquad
        \log s = \sum_k w_k \log \max(p_k, \varepsilon) + \sum_j w_j \log f_j(v_j)

    where

    - :math:`p_k` is the probability of the second class of a binary task, or the prediction of any
      other, such as a share watched or a count;
    - :math:`f_j` is a monotone function of a column of X, such as a video's length;
    - :math:`w` are weights, given or searched on validation rows.

    It is computed as a sum of logarithms, so that no product of small probabilities is lost.

    Parameters
    ----------
    estimator : estimator
        Fitted already, with `predict_proba` or `predict`: ours, any multi-output estimator of
        scikit-learn, a pipeline or a search. It is never fitted here. To have it survive `clone`,
        wrap it in `sklearn.frozen.FrozenEstimator`.
    weights : dict or array-like of shape (n_parts,), default=None
        Weights by task, or in the order of tasks and side columns. A dict that leaves out a side
        column gives it 1, as in the paper. Only their ratios matter to the ranking; one of 0
        drops its part. None has them searched.
    tasks : sequence of str or int, default=None
        Names or indices of the tasks to combine. None: those that a dict of weights names, else
        all of them. A task of three classes and more can't be one of them.
    side_columns : dict of str or int to {"log", "sigmoid"} or callable, default=None
        By column of X, its :math:`f_j`: log(1 + v); the sigmoid of v, centred at the median and in
        units of the interquartile range of the rows given to `fit`; or a function from the
        column, float64 of shape (n,), to non-negative numbers. Columns of a named table that the
        estimator was not fitted on are kept from it.
    scoring : {"roc_auc", "average_precision", "pr_auc", "gauc"} or callable, default="roc_auc"
        What a ranking is worth, greater is better: a metric as in `masked_score`, or
        `function(y, score)`, with `groups` if it has such a parameter and `sample_weight` if
        weights are given. It must care for the order of scores only, not for their scale.
    target : str or int, default=None
        The column of y that is scored, on its labelled rows only. None where there is one column;
        with several, a function then gets all of y, as a DataFrame with its gaps.
    groups : str or int, default=None
        The column of X that holds each row's group, unless groups are given to `fit`.
    signed : bool or collection of str or int, default=False
        Which parts may get a negative weight in a search: all, none, or those named.
    eps : float, default=1e-12
        Predictions below count as this much.
    negative : {"raise", "clip"}, default="raise"
        What happens to a negative prediction, of a regression say: an error, or it counts as 0.
    max_evaluations : int, default=1000
        How many rankings a search may score. Its starts always are: equal weights, each part
        alone, and each that is `signed` turned around.
    random_state : int, RandomState, Generator or None, default=None
        Of the search. NumPy's global generator is never used.

    Attributes
    ----------
    weights_ : Series
        By task and side column. Searched ones add up to 1, in absolute value.
    tasks_used_ : list of str
        Names of the tasks in `weights_`.
    factors_ : dict
        The fitted function of each side column.
    best_score_ : float
        What the ranking by the searched weights scored; only after a search.
    start_scores_ : Series
        What equal weights and each part alone scored, to see what the search has brought; only
        after a search. Equal means: on logarithms divided by their standard deviations.
    n_evaluations_ : int
        How many rankings were scored; only after a search.

    See Also
    --------
    gauc : Ranking within groups.

    Notes
    -----
    Search on validation rows: on training rows the predictions are better than they will be, and
    not equally so for all tasks; and rows that weights were searched on can't say how good the
    combined ranking is. The search is SciPy's differential evolution, since ranking metrics are
    step functions without a gradient; it is never worse than its starts, on the rows it sees. It
    costs up to `max_evaluations` times the metric, each a sort of the rows.

    References
    ----------
    Tang, Liu, Zhao and Gong, "Progressive Layered Extraction (PLE)", RecSys 2020, equation 1. That
    f may be a sigmoid or a logarithm is the paper's; how they are scaled, and that a side column
    may have a weight, is not.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.multioutput import MultiOutputClassifier
    >>> from sklearn_ple.metrics import ScoreCombiner
    >>> X, y = make_multilabel_classification(300, n_classes=3, random_state=0)
    >>> model = MultiOutputClassifier(LogisticRegression()).fit(X[:100], y[:100])
    >>> given = ScoreCombiner(model, weights={"y0": 1.0, "y2": 0.5}).fit(X)
    >>> given.predict(X[:2]).shape
    (2,)
    >>> liked_both = y[:, 0] & y[:, 2]
    >>> searched = ScoreCombiner(model, random_state=0).fit(X[100:200], liked_both[100:200])
    >>> searched.weights_.idxmin()
    'y1'
    >>> searched.score(X[200:], liked_both[200:]) > 0.8
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods("predict"), HasMethods("predict_proba")],
        "weights": [dict, "array-like", None],
        "tasks": ["array-like", None],
        "side_columns": [dict, None],
        "scoring": [str, callable],
        "target": [str, Integral, None],
        "groups": [str, Integral, None],
        "signed": ["boolean", "array-like"],
        "eps": [Interval(Real, 0, 1, closed="neither")],
        "negative": [StrOptions({"raise", "clip"})],
        "max_evaluations": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        weights: Weights | None = None,
        tasks: Sequence[str | int] | None = None,
        side_columns: Mapping[str | int, Transform] | None = None,
        scoring: str | MetricFunction = "roc_auc",
        target: str | int | None = None,
        groups: str | int | None = None,
        signed: bool | Collection[str | int] = False,
        eps: float = 1e-12,
        negative: Negative = "raise",
        max_evaluations: int = 1000,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
    ) -> None:
        self.estimator = estimator
        self.weights = weights
        self.tasks = tasks
        self.side_columns = side_columns
        self.scoring = scoring
        self.target = target
        self.groups = groups
        self.signed = signed
        self.eps = eps
        self.negative = negative
        self.max_evaluations = max_evaluations
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, groups: Any = None, sample_weight: Any = None) -> Self:
        """Take the weights given, or search them on these rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Validation rows, which the estimator was not fitted on.
        y : array-like or DataFrame of shape (n,) or (n, n_targets), default=None
            What the ranking is for; need not be the tasks of the estimator, and is not needed with
            given weights. NaN labels are left out.
        groups : array-like of shape (n,), default=None
            The group of each row; goes before the column `groups`.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows in the scoring.

        Returns
        -------
        ScoreCombiner
            Itself.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If a task or column does not exist or can't be combined, weights do not match them, or
            the ranking can't be scored.
        """
        self._validate_params()
        require_fitted(self.estimator)
        scores = self._scores(X, None if y is None else read_targets(y).names)
        self._task_names = names = list(scores)
        sides = self.side_columns or {}
        self.tasks_used_ = choose_tasks(self.tasks, self.weights, names, sides)
        self.factors_ = {
            column: fit_factor(transform, read_numbers(X, column))
            for column, transform in sides.items()
        }
        terms = self._terms(X, scores)
        parts = list(terms.columns)
        if self.weights is not None:
            self.weights_ = given_weights(self.weights, parts, names, sides)
            for found_before in ("best_score_", "start_scores_", "n_evaluations_"):
                self.__dict__.pop(found_before, None)
            return self
        if y is None:
            raise ValueError("Weights are searched by what the ranking is worth: y is needed.")
        found = search_weights(
            terms,
            self._goal(X, y, groups, sample_weight),
            signed=signed_parts(self.signed, parts, names, sides),
            max_evaluations=self.max_evaluations,
            random_state=self.random_state,
        )
        self.weights_ = pd.Series(found.weights, index=parts, name="weight")
        self.best_score_ = found.score
        self.start_scores_ = found.starts
        self.n_evaluations_ = found.n_evaluations
        return self
