"""`MultiTaskEstimator`: the scikit-learn contract over one network for several targets."""

from __future__ import annotations

from abc import abstractmethod
from os import PathLike
from typing import Any, ClassVar, Self, Unpack

import pandas as pd
from sklearn.base import MultiOutputMixin, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_ple.base.documentation import SHARED_PARAMETERS, compose, parameters_of
from sklearn_ple.base.fit.checkpointing import checkpoints_of
from sklearn_ple.base.fit.fitted import columns_of_fit
from sklearn_ple.base.fit.fitting import Fitting
from sklearn_ple.base.fit.given import Given, read_material
from sklearn_ple.base.fit.sizing import RULES
from sklearn_ple.base.parameters import CONSTRAINTS, DEFAULTS, SharedParameters, merge_signature
from sklearn_ple.base.predictor import Predictor
from sklearn_ple.base.saving import save_estimator
from sklearn_ple.base.search_space import Space, shared_search_space
from sklearn_ple.nn import Coupling, Routing
from sklearn_ple.tasks import TaskSet
from sklearn_ple.training import process_group


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
    _parameters_doc: ClassVar[str] = SHARED_PARAMETERS

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
            merged = merge_signature(cls.__init__, super(cls, cls).__init__)
            # inspect reads __signature__ off any function; typeshed does not list it.
            cls.__init__.__signature__ = merged  # type: ignore[attr-defined]
            cls._own_doc = cls.__doc__ or ""
            cls._inherited_doc = super(cls, cls)._parameters_doc
            cls._parameters_doc = f"{parameters_of(cls._own_doc)}\n{cls._inherited_doc.strip()}"
        constraints = cls.__dict__.get("_parameter_constraints", {})
        inherited = super(cls, cls)._parameter_constraints
        cls._parameter_constraints = inherited | constraints
        if own := getattr(cls, "_own_doc", ""):
            cls.__doc__ = compose(own, cls._role_sentence, RULES, cls._inherited_doc)

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
        y: Any = None,
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
            Numbers and categories; NaN allowed. pandas, polars, Arrow or NumPy. Or a
            `ParquetSource`, of rows that need not fit into memory.
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
            Targets. NaN (or None) marks a row outside the task's sample space. None with a
            `ParquetSource`, which names its targets and weights.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Weights of rows, or of each label.
        X_val, y_val, sample_weight_val : like X, y, sample_weight, default=None
            Rows to stop by, for splits by time or group, instead of a random part of X.
        resume : bool, default=False
            Whether to go on from the newest whole checkpoint in `checkpoint_dir`. Where there is
            none training simply starts, and a fit that had ended is given back as it ended.
            Parameters, rows and labels must be those of the fit that was stopped, but for
            `patience`, `callbacks`, `verbose`, `warm_start`, `checkpoint_dir`, `checkpoint_every`,
            and `device` among those of one kind. Without `resume`, checkpoints of a fit that ended
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
        ProcessGroupError
            Where processes share the fit: if they were not given the same, or one of them is gone.
        """
        with (
            process_group() as group,
            checkpoints_of(self, resume=resume, group=group) as checkpoints,
        ):
            again = self.warm_start and hasattr(self, "net_")
            if checkpoints is not None and checkpoints.begins_anew:
                again = False
            fitting = Fitting(self, again=again, checkpoints=checkpoints, group=group)
            held_out = Given(X_val, y_val, sample_weight_val)
            with columns_of_fit(self):
                fitting.run(read_material(fitting, Given(X, y, sample_weight), held_out, minimum=2))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any = None, classes: Any = None, sample_weight: Any = None
    ) -> Self:
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
            As `fit`; also if a chunk has a label that is not among the classes, or `classes` are
            others than in the first call.
        """
        with process_group() as group:
            again = hasattr(self, "net_")
            fitting = Fitting(self, again=again, classes=classes, single_epoch=True, group=group)
            with columns_of_fit(self):
                fitting.run(read_material(fitting, Given(X, y, sample_weight), Given(), minimum=1))
        return self

    def save(self, path: str | PathLike[str]) -> None:
        """Write the fitted estimator to a file that `sklearn_ple.load` reads and that runs no code.

        All of it is kept, the optimiser and the random generators included: what is loaded goes on
        training as this would have. Left out are `callbacks`, `checkpoint_dir`, scikit-learn's
        callbacks and what is asked for by metadata routing.

        Parameters
        ----------
        path : path-like
            A zip file if it ends in ``.zip``, else a folder with a file for each part. What was
            saved there before is replaced once the new one is whole.

        Raises
        ------
        NotFittedError
            Before `fit`.
        SavedModelError
            If a parameter, a label or an own task or weighting holds what is no plain value.
        OSError
            If there is something else under that path, or it can't be written.

        See Also
        --------
        sklearn_ple.load : The way back.
        sklearn_ple.serving.Predictor : The same model where it only predicts.

        Examples
        --------
        >>> import tempfile
        >>> from sklearn_ple import SharedBottomEstimator, load, make_related_tasks
        >>> X, y = make_related_tasks(200, 3, random_state=0)
        >>> model = SharedBottomEstimator(max_epochs=2, random_state=0).fit(X, y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/model.zip")
        ...     load(f"{folder}/model.zip").best_epoch_ == model.best_epoch_
        True
        """
        check_is_fitted(self)
        save_estimator(self, path)

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
