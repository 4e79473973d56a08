"""How rows are split: alike in the labels of all tasks, and in which of them are missing."""

from sklearn_ple.splitting.folds import assign_folds, hold_out
from sklearn_ple.splitting.groups import read_groups
from sklearn_ple.splitting.kfold import MultiTaskStratifiedGroupKFold, MultiTaskStratifiedKFold
from sklearn_ple.splitting.sparse import SparseFoldWarning
from sklearn_ple.splitting.strata import label_strata, resolve_kinds
from sklearn_ple.splitting.train_test import multitask_train_test_split

__all__ = [
    "MultiTaskStratifiedGroupKFold",
    "MultiTaskStratifiedKFold",
    "SparseFoldWarning",
    "assign_folds",
    "hold_out",
    "label_strata",
    "multitask_train_test_split",
    "read_groups",
    "resolve_kinds",
]
