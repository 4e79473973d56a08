"""`Experiment`: what all trials have in common, checked before the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.utils import indexable

from sklearn_ple.base.fit.identity import content, described
from sklearn_ple.base.fit.inputs import check_rows, check_same_length
from sklearn_ple.base.member import decide_tasks, find_member
from sklearn_ple.base.search_space import Space
from sklearn_ple.features import read_columns
from sklearn_ple.model_selection.folds import Splits, draw_folds
from sklearn_ple.model_selection.scoring import Measure
from sklearn_ple.model_selection.search_space import read_space
from sklearn_ple.model_selection.storable import from_storable
from sklearn_ple.tasks import read_targets


@dataclass(frozen=True)
class Experiment:
    """An estimator to vary, rows to vary it on, folds, and measures.

    Attributes
    ----------
    estimator : estimator
        A clone whose tasks are decided, on all rows.
    space : dict of str to distribution
    X, y
        All rows.
    splits : list of (train, test)
    measure : Measure
    fit_params, score_params : dict
        What else `fit` and the scorers get; by row where it has as many rows as X.
    """

    estimator: Any
    space: Space
    X: Any
    y: Any
    splits: Splits
    measure: Measure
    fit_params: Mapping[str, Any]
    score_params: Mapping[str, Any]

    @classmethod
    def check(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        space: Mapping[str, Any] | None,
        measure: Measure,
        cv: Any,
        fit_params: Mapping[str, Any],
        score_params: Mapping[str, Any],
        split_params: Mapping[str, Any],
    ) -> Experiment:
        """Read everything, or raise what is wrong with it.

        Raises
        ------
        ValueError
            As `read_space`, `resolve_tasks`, `draw_folds` and `Measure.check_tasks`; also if X and
            y have different numbers of rows.
        """
        estimator = clone(estimator)
        member = find_member(estimator)
        targets = read_targets(y)
        X, y = indexable(X, y)
        if not member.prefix:
            columns = read_columns(X)
            check_rows(columns, minimum=2)
            check_same_length(columns.n_rows, len(targets))
        kinds, completed = decide_tasks(estimator, targets)
        measure.check_tasks(dict(zip(targets.names, kinds, strict=True)), estimator)
        return cls(
            estimator,
            read_space(space, estimator),
            X,
            y,
            draw_folds(cv, X, y, split_params, targets=completed, kinds=kinds),
            measure,
            fit_params,
            score_params,
        )

    def make(self, params: Mapping[str, Any]) -> Any:
        """An unfitted estimator with a trial's parameters."""
        given = clone(from_storable(params), safe=False)
        return clone(self.estimator).set_params(**given)

    def fingerprint(self) -> dict[str, Any]:
        """What must be the same for trials to be comparable, as a storage can keep it."""
        cls = type(find_member(self.estimator).estimator)
        return {
            "architecture": f"{cls.__module__}.{cls.__qualname__}",
            "features": self._features(),
            "metrics": {name: described(each) for name, each in self.measure.scorers.items()},
            "n_splits": len(self.splits),
            "folds": joblib.hash([np.asarray(rows) for split in self.splits for rows in split]),
        }

    def _features(self) -> str | None:
        """A digest of X, the same in whatever table; None where a pipeline reads what we do not."""
        try:
            columns = read_columns(self.X)
            contents = [content(columns, i) for i in range(len(columns.labels))]
        except (TypeError, ValueError):
            return None
        return joblib.hash((list(map(str, columns.labels)), contents))
