"""Choosing: search spaces, searches and what they are judged by."""

from sklearn_ple.model_selection.objective import SearchObjective
from sklearn_ple.model_selection.out_of_fold import oof_predict_frame, oof_predict_proba
from sklearn_ple.model_selection.own_study import optuna_objective
from sklearn_ple.model_selection.search import MultiTaskSearchCV
from sklearn_ple.model_selection.storable import from_storable
from sklearn_ple.model_selection.storage import resilient_storage
from sklearn_ple.splitting import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    SparseFoldWarning,
    multitask_train_test_split,
)

__all__ = [
    "MultiTaskSearchCV",
    "MultiTaskStratifiedGroupKFold",
    "MultiTaskStratifiedKFold",
    "SearchObjective",
    "SparseFoldWarning",
    "from_storable",
    "multitask_train_test_split",
    "oof_predict_frame",
    "oof_predict_proba",
    "optuna_objective",
    "resilient_storage",
]
