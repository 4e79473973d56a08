"""Cross-validation in folds that are alike in all targets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state, indexable

from sklearn_ple.splitting.folds import assign_folds
from sklearn_ple.splitting.groups import read_groups
from sklearn_ple.splitting.sparse import warn_of_sparse_folds
from sklearn_ple.splitting.strata import TaskChoice, label_strata, resolve_kinds
from sklearn_ple.splitting.traits import Rows
from sklearn_ple.tasks import read_targets
from sklearn_ple.tasks.user_warning import warn_user


class _MultiTaskFolds(BaseCrossValidator):
    """What both splitters do; they differ in what they make of groups."""

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: int | np.random.RandomState | None = None,
        tasks: TaskChoice = "auto",
    ) -> None:
        if not isinstance(n_splits, int | Integral) or isinstance(n_splits, bool):
            raise ValueError(f"n_splits must be a whole number, got {n_splits!r}.")
        if n_splits < 2:
            raise ValueError(f"n_splits must be 2 or more, got {n_splits}.")
        if not isinstance(shuffle, bool):
            raise TypeError(f"shuffle must be True or False, got {shuffle!r}.")
        if not shuffle and random_state is not None:
            raise ValueError("random_state has no effect without shuffle=True; set that, too.")
        self.n_splits = int(n_splits)
        self.shuffle = shuffle
        self.random_state = random_state
        self.tasks = tasks

    @abstractmethod
    def _groups(self, groups: Any) -> Rows | None:
        """The number of every row's group, from 0 on, or None."""

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return `n_splits`, whatever is given."""
        return self.n_splits

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Rows, Rows]]:
        """Yield the row numbers of training and test, fold by fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or None
            Not looked at.
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
            The targets that `fit` gets; NaN or None where a label is missing.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group stay together, where the splitter heeds groups.

        Yields
        ------
        train, test : ndarray of int
            In ascending order.
        """
        if y is None:
            raise ValueError(f"{type(self).__name__} balances labels: give `split` y, not None.")
        indexable(X, y, groups)
        targets = read_targets(y)
        kinds = resolve_kinds(self.tasks, targets)
        if self.n_splits > len(targets):
            raise ValueError(
                f"n_splits={self.n_splits} is more than there are rows: {len(targets)}."
            )
        fold = assign_folds(
            label_strata(targets, kinds),
            self.n_splits,
            check_random_state(self.random_state) if self.shuffle else None,
            groups=self._groups(groups),
        )
        warn_of_sparse_folds(targets, kinds, fold, self.n_splits)
        for k in range(self.n_splits):
            yield np.flatnonzero(fold != k), np.flatnonzero(fold == k)


class MultiTaskStratifiedKFold(_MultiTaskFolds):
    """K folds that are alike in the labels of all tasks, and in which of them are missing.

    Balanced are, all at once, the classes of every classification, the quantile bins of every
    other task, the number of labels of each task, and the patterns of missing labels; the rarest
    come first. Folds differ in size by one row at most, and so do the rows of any one combination
    of labels. scikit-learn's `StratifiedKFold` takes a single target without missing labels.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.
    shuffle : bool, default=False
        Whether rows with equal labels are dealt at random, and not in their order.
    random_state : int, RandomState or None, default=None
        Seed of that.
    tasks : "auto", "classification", "regression", list or dict, default="auto"
        The kinds of y's columns, as an estimator's own `tasks`; the words are for what a
        `…Classifier` or `…Regressor` does, which takes all columns alike.

    Raises
    ------
    ValueError
        By `split`, if there are fewer rows than folds, y is None, or labels do not fit their kind.

    Warns
    -----
    SparseFoldWarning
        If a task, or a class, has no label in one of the folds. That happens when it has fewer
        labels than there are folds, and seldom otherwise: when rows carry several rare labels at
        once, so that there is no way, or none that was found.

    See Also
    --------
    MultiTaskStratifiedGroupKFold : Where rows of one group must stay together.
    multitask_train_test_split : A single split.

    Notes
    -----
    Rows are dealt one after the other, those with the rarest labels first, each to the fold that
    lacks its labels most; then folds exchange rows as long as that evens them out. The first step
    follows the idea of iterative stratification, but weighs all labels of a row at once, and takes
    time proportional to rows x labels x folds.

    References
    ----------
    Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", ECML PKDD 2011.

    Examples
    --------
    >>> from sklearn_ple import MultiTaskStratifiedKFold, load_census_income
    >>> X, y = load_census_income(return_X_y=True)
    >>> y["income"] = y["income"].mask(X["age"] < 18)
    >>> cv = MultiTaskStratifiedKFold(4, shuffle=True, random_state=0)
    >>> [int(y["income"].iloc[test].sum()) for _, test in cv.split(X, y)]
    [310, 310, 310, 310]
    >>> sorted(int(y["income"].iloc[test].isna().sum()) for _, test in cv.split(X, y))
    [1393, 1393, 1393, 1394]
    """

    def _groups(self, groups: Any) -> Rows | None:
        if groups is not None:
            warn_user(
                f"{type(self).__name__} ignores groups; MultiTaskStratifiedGroupKFold heeds them.",
                UserWarning,
            )
        return None


class MultiTaskStratifiedGroupKFold(_MultiTaskFolds):
    """K folds of whole groups, as alike in all targets and in size as the groups allow.

    What is balanced is the same as in `MultiTaskStratifiedKFold`; here folds exchange groups.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.
    shuffle : bool, default=False
        Whether groups are dealt at random, and not in the order of their names.
    random_state : int, RandomState or None, default=None
        Seed of that.
    tasks : "auto", "classification", "regression", list or dict, default="auto"
        As in `MultiTaskStratifiedKFold`.

    Raises
    ------
    ValueError
        By `split`, also if there are fewer groups than folds, or groups are None or missing.

    Warns
    -----
    SparseFoldWarning
        If a task, or a class, has no label in one of the folds.

    See Also
    --------
    MultiTaskStratifiedKFold : Where rows are independent of each other.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_ple.model_selection import MultiTaskStratifiedGroupKFold
    >>> y = np.array([[0, 1], [1, 1], [0, 0], [1, 0], [0, 1], [1, 0], [0, 0], [1, 1]])
    >>> groups = np.array(["a", "a", "b", "b", "c", "c", "d", "d"])
    >>> cv = MultiTaskStratifiedGroupKFold(2, tasks="classification")
    >>> for train, test in cv.split(None, y, groups):
    ...     print(*groups[test], y[test].mean(axis=0))
    c c d d [0.5 0.5]
    a a b b [0.5 0.5]
    """

    # scikit-learn reads this when metadata routing is on.
    __metadata_request__split: ClassVar[dict[str, bool]] = {"groups": True}

    def _groups(self, groups: Any) -> Rows | None:
        if groups is None:
            raise ValueError(f"{type(self).__name__} needs the `groups` that stay together.")
        numbers = read_groups(groups)
        if (n_groups := int(numbers.max()) + 1) < self.n_splits:
            raise ValueError(f"n_splits={self.n_splits} is more than there are groups: {n_groups}.")
        return numbers
