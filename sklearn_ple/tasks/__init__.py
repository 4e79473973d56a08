"""What is predicted: one file per kind of target, and the set that holds them in order."""

from sklearn_ple.tasks.binary import Binary
from sklearn_ple.tasks.classification import Classification
from sklearn_ple.tasks.count import Count
from sklearn_ple.tasks.inference import TaskInferenceWarning, infer_task, resolve_tasks
from sklearn_ple.tasks.multiclass import Multiclass
from sklearn_ple.tasks.regression import Regression
from sklearn_ple.tasks.targets import Targets, read_targets
from sklearn_ple.tasks.task import Task
from sklearn_ple.tasks.task_set import TaskSet

__all__ = [
    "Binary",
    "Classification",
    "Count",
    "Multiclass",
    "Regression",
    "Targets",
    "Task",
    "TaskInferenceWarning",
    "TaskSet",
    "infer_task",
    "read_targets",
    "resolve_tasks",
]
