"""`MultiTaskEstimator`: the scikit-learn contract over one network for several targets."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self, Unpack

import pandas as pd
from sklearn.base import MultiOutputMixin, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import Tags

from sklearn_ple.base.checkpointing import checkpoints_of
from sklearn_ple.base.documentation import compose
from sklearn_ple.base.fitting import Fitting
from sklearn_ple.base.parameters import CONSTRAINTS, DEFAULTS, SharedParameters, merge_signature
from sklearn_ple.base.predictor import Predictor
from sklearn_ple.base.search_space import Space, shared_search_space
from sklearn_ple.base.sizing import RULES
from sklearn_ple.nn import Coupling, Routing
from sklearn_ple.tasks import TaskSet


class MultiTaskEstimator(CallbackSupportMixin, MultiOutputMixin, Predictor):
    """Base of all estimators: one network, one `fit`, a prediction for every target.

    A subclass spells out its own parameters in `__init__`, passes the others on, and makes its
    routing. `y` may hold any mix of task kinds; a NaN label means that the row lies outside that
    task's sample space.

    Parameters
    ----------
    **shared
        Any of the parameters that all estimators share, by name; see `SharedParameters`.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS
    _role_sentence: ClassVar[str | None] = None

    history_: pd.DataFrame
    best_epoch_: int

    def __init__(self, **shared: Unpack[SharedParameters]) -> None:
        if unknown := set(shared) - set(DEFAULTS):
            raise TypeError(
                f"{type(self).__name__}.__init__() got unexpected arguments {sorted(unknown)}."
            )
        for name, value in (DEFAULTS | shared).items():
            setattr(self, name, value)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            # inspect reads __signature__ off any function; typeshed does not list it.
            cls.__init__.__signature__ = merge_signature(cls.__init__)  # type: ignore[attr-defined]
            cls._own_doc = cls.__doc__ or ""
        constraints = cls.__dict__.get("_parameter_constraints", {})
        inherited = super(cls, cls)._parameter_constraints
        cls._parameter_constraints = inherited | constraints
        if own := getattr(cls, "_own_doc", ""):
            cls.__doc__ = compose(own, cls._role_sentence, RULES)

    @abstractmethod
    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        """The sharing scheme, for an encoded row of this width."""

    def _make_routing_for(self, task_set: TaskSet, *, in_width: int, dropout: float) -> Routing:
        """The same for the fitted tasks, where a scheme asks more of them than their number."""
        return self._make_routing(in_width=in_width, n_tasks=len(task_set), dropout=dropout)

    def _make_coupling(self, task_set: TaskSet) -> Coupling | None:
        """How raw outputs of the fitted tasks depend on each other; None when they don't."""
        return None

    @classmethod
    def _own_search_space(cls) -> Space:
        """What is worth searching of an architecture's own parameters; none is said."""
        return {}

    @classmethod
    def search_space(cls) -> Space:
        """Distributions that a search draws this estimator's parameters from.

        The architecture's own come first, then those that all estimators share: optimiser,
        regularisation, weighting, encoding, towers. It is a plain dict: narrow or extend it with
        ``|``, leave names out with a comprehension. `MultiTaskSearchCV` also takes a list of
        choices or a single value in place of a distribution.

        Layer sizes are texts, as Optuna's storages keep no tuples: "64,32" stands for (64, 32);
        `sklearn_ple.model_selection.from_storable` turns them back.

        Returns
        -------
        dict of str to optuna.distributions.BaseDistribution
            By the names of parameters.

        Examples
        --------
        >>> from optuna.distributions import FloatDistribution
        >>> from sklearn_ple import SharedBottomEstimator
        >>> space = SharedBottomEstimator.search_space()
        >>> list(space)[:3]
        ['bottom_widths', 'lr', 'weight_decay']
        >>> space |= {"lr": FloatDistribution(1e-3, 3e-3), "weighting": "static"}
        >>> few = {name: space[name] for name in ("lr", "dropout")}
        """
        return cls._own_search_space() | shared_search_space()

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        resume: bool = False,
    ) -> Self:
        """Fit the network.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Numbers and categories; NaN allowed. pandas, polars, Arrow or NumPy.
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
            Targets. NaN (or None) marks a row outside the task's sample space.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Weights of rows, or of each label.
        X_val, y_val, sample_weight_val : like X, y, sample_weight, default=None
            Rows to stop by, for splits by time or group, instead of a random part of X.
        resume : bool, default=False
            Whether to go on from the newest whole checkpoint in `checkpoint_dir`. Where there is
            none training simply starts, and a fit that had ended is given back as it ended.
            Parameters, rows and labels must be those of the fit that was stopped, but for
            `patience`, `verbose` and `callbacks`. Without `resume`, checkpoints of a fit that ended
            are replaced, and those of a fit that was stopped are never: that is an error.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If shapes do not match, a task has no label, or labels do not fit their task's kind;
            with `warm_start`, also if a parameter was changed that the network was built from;
            with `checkpoint_dir`, if its checkpoints are of another fit, none of them can be read,
            or another fit is writing there.
        OSError
            If nothing can be written to `checkpoint_dir`, or its disk has no room.
        DivergenceError
            If the loss becomes infinite or NaN.
        """
        if (X_val is None) != (y_val is None):
            raise ValueError("X_val and y_val must be given together.")
        with checkpoints_of(self, resume=resume) as checkpoints:
            again = self.warm_start and hasattr(self, "net_")
            if checkpoints is not None and checkpoints.begins_anew:
                again = False
            columns = self._read_features(X, reset=not again, minimum=2)
            fitting = Fitting(self, again=again, checkpoints=checkpoints)
            validation = None
            if X_val is not None:
                held_out = self._read_features(X_val, reset=False)
                validation = fitting.check_rows_of(
                    held_out, y_val, sample_weight_val, "X_val", "y_val"
                )
            fitting.run(fitting.check_rows_of(columns, y, sample_weight), validation)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch on a chunk of rows, without a validation split and checkpoints.

        The first call fits encoders and target scales and fixes the tasks; later chunks may lack a
        task's labels, and their new categories count as unknown.

        Parameters
        ----------
        X, y
            As in `fit`.
        classes : array-like, or list of them, default=None
            Labels of a single target, or of each target in order (None at regressions); needed in
            the first call where the first chunk does not hold them all.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            As in `fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `fit`; also if a chunk has a label that is not among the classes.
        """
        again = hasattr(self, "net_")
        columns = self._read_features(X, reset=not again)
        fitting = Fitting(self, again=again, classes=classes, single_epoch=True)
        fitting.run(fitting.check_rows_of(columns, y, sample_weight), None)
        return self

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "module_"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The module is in the net, which may have moved to another device on the way."""
        super().__setstate__(state)
        if hasattr(self, "net_"):
            self.module_ = self.net_.plain_module
            self.device_ = self.net_.device = str(self.net_.device)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags
