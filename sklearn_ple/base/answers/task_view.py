"""`TaskView`: one task of a fitted estimator, as scikit-learn's tools for one target want it."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_ple.tasks import Task, TaskSet

if TYPE_CHECKING:
    from sklearn_ple.base.predictor import Predictor


def find_task(task_set: TaskSet, task: str | int | Task) -> int:
    """The position of a task that is named, numbered from 0, or given itself.

    Raises
    ------
    ValueError
        If there is none such; the message lists the names.
    """
    names = task_set.names
    wanted: Any = getattr(task, "name_", None) if isinstance(task, Task) else task
    if isinstance(wanted, str) and wanted in names:
        return names.index(wanted)
    is_position = isinstance(wanted, Integral) and not isinstance(wanted, bool)
    if is_position and 0 <= wanted < len(names):
        return int(wanted)
    raise ValueError(f"There is no task {task!r}; the tasks are {names}, numbered from 0 on.")


class TaskView(BaseEstimator):
    """One task of a fitted estimator, without a model of its own.

    A view keeps the estimator and reads its answers: it costs nothing, a later `calibrate` or `fit`
    of the estimator shows in it, and pickled together they stay one model. X is read as the
    estimator reads it. Its clone is a view of the same fitted model, as a `FrozenEstimator`'s
    clone is itself.

    Parameters
    ----------
    estimator : estimator
        A fitted multi-task estimator.
    task : str
        Name of the task.
    """

    _is_classification: ClassVar[bool]

    def __init__(self, estimator: Predictor, task: str) -> None:
        self.estimator = estimator
        self.task = task

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> NoReturn:
        """Refuse: a view has no model of its own that could be fitted.

        Parameters
        ----------
        X, y, sample_weight
            Not read.

        Raises
        ------
        RuntimeError
            Always; the message says what to do instead.
        """
        raise RuntimeError(
            f"A view of task {self.task!r} is over a fitted model and can't be fitted by itself. "
            f"Where a tool fits what it is given, hand over "
            f"sklearn.frozen.FrozenEstimator(view), or say that it is fitted (cv='prefit')."
        )

    @property
    def n_features_in_(self) -> int:
        """Number of features that the estimator was fitted on."""
        return self.estimator.n_features_in_

    @property
    def feature_names_in_(self) -> NDArray:
        """Their names, where X had any; SHAP sets it to None, on a deep copy that it made."""
        return self.estimator.feature_names_in_

    @feature_names_in_.setter
    def feature_names_in_(self, names: NDArray | None) -> None:
        self.estimator.feature_names_in_ = names

    def __sklearn_is_fitted__(self) -> bool:
        return self.estimator.__sklearn_is_fitted__()

    def __sklearn_clone__(self) -> Self:
        return type(self)(self.estimator, self.task)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = self.estimator.__sklearn_tags__().input_tags
        return tags

    def _place(self) -> int:
        """Where the task is in the estimator as it is now fitted."""
        check_is_fitted(self.estimator)
        k = find_task(self.estimator.tasks_, self.task)
        if self.estimator.tasks_.tasks[k].is_classification != self._is_classification:
            raise ValueError(
                f"Task {self.task!r} was fitted anew as another kind since this view was made; "
                f"take a new one by task_view({self.task!r})."
            )
        return k
