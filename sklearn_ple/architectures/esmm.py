"""ESMM: a chain of events, each learned on all rows as the product of the steps that lead to it.

Drawing, paper and routing: `sklearn_ple/routings/esmm.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Unpack

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if

from sklearn_ple.base import ClassifierRole, MultiTaskEstimator, SharedParameters
from sklearn_ple.base.predictor import has_classes
from sklearn_ple.base.search_space import BOTTOMS, Space, choice
from sklearn_ple.nn import Coupling, Routing
from sklearn_ple.routings.esmm import ESMMCoupling, ESMMRouting, log_steps
from sklearn_ple.tasks import Binary, Targets, Task, TaskSet
from sklearn_ple.tasks.chain import complete_chain


class ESMMEstimator(MultiTaskEstimator):
    """Entire-space model: a chain of binary tasks, such as click, cart and purchase.

    Parameters
    ----------
    chain : "auto" or list of str, default="auto"
        Names of the binary targets that follow one another; "auto" takes all binary ones, in the
        order of y. Other targets, of any kind, are learned beside the chain.
        A task of the chain can be 1, the second of its two sorted labels, only where the one
        before it is. What is trained, predicted and scored, on all rows, is having come so far:
        `predict_proba` gives p(click and buy), `predict_conditional_proba` p(buy | click).
        A label that is missing where the task before has 0 becomes 0, in scores as in training:
        what was not clicked was not bought. Missing elsewhere it stays missing; and a 1 where the
        task before has 0 is an error.
    bottom_widths : tuple of int, default=(256, 256)
        Layers of each task's bottom, over an encoding of X that all share.

    References
    ----------
    X. Ma et al., "Entire Space Multi-Task Model: An Effective Approach for Estimating Post-Click
    Conversion Rate", SIGIR 2018 (doi 10.1145/3209978.3210104).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_ple import ESMMEstimator
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 3))
    >>> click = X[:, 0] > 0
    >>> y = pd.DataFrame({"click": click, "buy": np.where(click, X[:, 1] > 0, np.nan)})
    >>> model = ESMMEstimator(max_epochs=2, random_state=0).fit(X, y)
    >>> clicks, buys = model.predict_proba(X)
    >>> bool((buys[:, 1] <= clicks[:, 1]).all())
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "chain": [StrOptions({"auto"}), "array-like"],
        "bottom_widths": ["array-like"],
    }

    def __init__(
        self,
        *,
        chain: str | Sequence[str] = "auto",
        bottom_widths: Sequence[int] = (256, 256),
        **shared: Unpack[SharedParameters],
    ) -> None:
        self.chain = chain
        self.bottom_widths = bottom_widths
        super().__init__(**shared)

    @available_if(has_classes)
    def predict_conditional_proba(self, X: Any) -> NDArray | list[NDArray | None]:
        """Predict class probabilities of each step of the chain, given the steps before it.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of them
            As `predict_proba`, which it equals for the first task of the chain and for tasks
            outside it. For a later one, the second column is the probability of its second class
            in a row in which the task before has its own.
        """
        raw = self._raw(X).double()
        activated = self.tasks_.activate(raw)
        if isinstance(coupling := self.module_.coupling, ESMMCoupling):
            starts = [part.start for part in self.tasks_.slices]
            steps = log_steps(raw[:, coupling.columns]).numpy()
            for column, step in zip(coupling.columns[1:], steps.T[1:], strict=True):
                both = [-np.expm1(step), np.exp(step)]
                activated[starts.index(column)] = np.column_stack(both)
        return self._probabilities(activated)

    @classmethod
    def _own_search_space(cls) -> Space:
        return {"bottom_widths": choice(*BOTTOMS)}

    def _make_routing(self, *, in_width: int, n_tasks: int, dropout: float) -> Routing:
        return ESMMRouting(
            in_width=in_width,
            n_tasks=n_tasks,
            bottom_widths=self.bottom_widths,
            activation=self.activation,
            dropout=dropout,
        )

    def _make_coupling(self, task_set: TaskSet) -> Coupling | None:
        chain = self._chain(task_set.names, task_set.tasks)
        columns = [task_set.slices[k].start for k in chain]
        return ESMMCoupling(columns) if len(columns) > 1 else None

    def _chain(self, names: Sequence[str], tasks: Sequence[Task]) -> list[int]:
        """Positions of the chain's tasks."""
        binary = [k for k, task in enumerate(tasks) if isinstance(task, Binary)]
        if isinstance(self.chain, str):
            return binary
        chain = [str(name) for name in self.chain]
        allowed = [names[k] for k in binary]
        if len(set(chain)) < len(chain) or not set(chain) <= set(allowed):
            raise ValueError(
                f"chain={chain} must name binary targets, each once; these are {allowed}, out of "
                f"{list(names)}."
            )
        return [names.index(name) for name in chain]

    def _complete(
        self, targets: Targets, tasks: Sequence[Task], classes: Sequence[NDArray | None]
    ) -> Targets:
        return complete_chain(targets, self._chain(targets.names, tasks), classes)


class ESMMClassifier(ClassifierRole, ESMMEstimator):
    pass
