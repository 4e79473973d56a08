"""Multi-task learning on tables behind `fit` and `predict`: PLE, MMOE, CGC and their kin.

The names below are what most people need, in reading order. Whoever writes an architecture, a task
kind or a loss weighting of their own finds the parts in `sklearn_ple.nn`, `sklearn_ple.base`,
`sklearn_ple.tasks` and `sklearn_ple.weighting`.

Rooms are imported when one of their names is first asked for: whoever only serves a saved model
(`sklearn_ple.serving`) never waits for scikit-learn.
"""

# ruff: isort: skip_file

import importlib
import typing

if typing.TYPE_CHECKING:
    # Estimators: <architecture><promise>, from the most sharing to none.
    from sklearn_ple.architectures import (
        PLEClassifierRegressor,
        PLEClassifier,
        PLERegressor,
        PLEEstimator,
        CGCClassifierRegressor,
        CGCClassifier,
        CGCRegressor,
        CGCEstimator,
        MMOEClassifierRegressor,
        MMOEClassifier,
        MMOERegressor,
        MMOEEstimator,
        SharedBottomClassifierRegressor,
        SharedBottomClassifier,
        SharedBottomRegressor,
        SharedBottomEstimator,
        SingleTaskClassifierRegressor,
        SingleTaskClassifier,
        SingleTaskRegressor,
        SingleTaskEstimator,
        OMOEEstimator,
        MLMMOEEstimator,
        AdaTTEstimator,
        SNREstimator,
        GumbelRoutingEstimator,
        CustomizedSharingEstimator,
        AsymmetricSharingEstimator,
        CrossStitchEstimator,
        SluiceEstimator,
        MTANEstimator,
        ESMMClassifier,
        ESMMEstimator,
        AITMClassifier,
        AITMEstimator,
    )

    # What is predicted.
    from sklearn_ple.tasks import Regression, Binary, Multiclass, Count, Task, TaskInferenceWarning

    # How the tasks' losses become one.
    from sklearn_ple.weighting import (
        StaticWeighting,
        ExponentialWeighting,
        UncertaintyWeighting,
        DWAWeighting,
        RLWWeighting,
        GeometricMeanWeighting,
        LogSumWeighting,
        STCHWeighting,
        FAMOWeighting,
        PCGradWeighting,
        AggregatedWeighting,
        LossWeighting,
    )

    # What a fit that failed raises.
    from sklearn_ple.training import DivergenceError

    # How rows are split, what models of other rows say of each, and which parameters suit them.
    from sklearn_ple.model_selection import (
        MultiTaskStratifiedKFold,
        MultiTaskStratifiedGroupKFold,
        multitask_train_test_split,
        SparseFoldWarning,
        oof_predict_proba,
        oof_predict_frame,
        MultiTaskSearchCV,
        optuna_objective,
    )

    # How good each task is, and what joint training gained.
    from sklearn_ple.metrics import (
        task_scorer,
        multitask_scorers,
        deviance_explained_scorer,
        masked_score,
        mtl_gain,
        mean_gain_percent,
        gain_verdicts,
        gauc,
        gauc_report,
        expected_calibration_error,
        calibration_ratio,
        ScoreCombiner,
    )

    # Rows that stay in files.
    from sklearn_ple.sources import ParquetSource

    # How training went, what each task's predictions are worth, which experts the tasks use, and
    # whom sharing helped or hurt.
    from sklearn_ple.inspection import (
        TrainingCurveDisplay,
        TaskPanelDisplay,
        expert_utilization,
        ExpertUtilizationDisplay,
        UnusedExpertWarning,
        mtl_gain_report,
        MTLGainReport,
        matched_single_task,
        MTLGainDisplay,
        SeesawDisplay,
        ParetoDisplay,
    )

    # A saved model back, and what is raised where there is none.
    from sklearn_ple.loading import load
    from sklearn_ple.archive import SavedModelError

    # Data to try it on.
    from sklearn_ple.datasets import (
        load_census_income,
        fetch_census_income,
        make_related_tasks,
        label_correlation,
    )

__version__ = "0.1.0"

__all__ = [
    "PLEClassifierRegressor",
    "PLEClassifier",
    "PLERegressor",
    "PLEEstimator",
    "CGCClassifierRegressor",
    "CGCClassifier",
    "CGCRegressor",
    "CGCEstimator",
    "MMOEClassifierRegressor",
    "MMOEClassifier",
    "MMOERegressor",
    "MMOEEstimator",
    "SharedBottomClassifierRegressor",
    "SharedBottomClassifier",
    "SharedBottomRegressor",
    "SharedBottomEstimator",
    "SingleTaskClassifierRegressor",
    "SingleTaskClassifier",
    "SingleTaskRegressor",
    "SingleTaskEstimator",
    "OMOEEstimator",
    "MLMMOEEstimator",
    "AdaTTEstimator",
    "SNREstimator",
    "GumbelRoutingEstimator",
    "CustomizedSharingEstimator",
    "AsymmetricSharingEstimator",
    "CrossStitchEstimator",
    "SluiceEstimator",
    "MTANEstimator",
    "ESMMClassifier",
    "ESMMEstimator",
    "AITMClassifier",
    "AITMEstimator",
    "Regression",
    "Binary",
    "Multiclass",
    "Count",
    "Task",
    "TaskInferenceWarning",
    "StaticWeighting",
    "ExponentialWeighting",
    "UncertaintyWeighting",
    "DWAWeighting",
    "RLWWeighting",
    "GeometricMeanWeighting",
    "LogSumWeighting",
    "STCHWeighting",
    "FAMOWeighting",
    "PCGradWeighting",
    "AggregatedWeighting",
    "LossWeighting",
    "DivergenceError",
    "MultiTaskStratifiedKFold",
    "MultiTaskStratifiedGroupKFold",
    "multitask_train_test_split",
    "SparseFoldWarning",
    "oof_predict_proba",
    "oof_predict_frame",
    "MultiTaskSearchCV",
    "optuna_objective",
    "task_scorer",
    "multitask_scorers",
    "deviance_explained_scorer",
    "masked_score",
    "mtl_gain",
    "mean_gain_percent",
    "gain_verdicts",
    "gauc",
    "gauc_report",
    "expected_calibration_error",
    "calibration_ratio",
    "ScoreCombiner",
    "ParquetSource",
    "TrainingCurveDisplay",
    "TaskPanelDisplay",
    "expert_utilization",
    "ExpertUtilizationDisplay",
    "UnusedExpertWarning",
    "mtl_gain_report",
    "MTLGainReport",
    "matched_single_task",
    "MTLGainDisplay",
    "SeesawDisplay",
    "ParetoDisplay",
    "load",
    "SavedModelError",
    "load_census_income",
    "fetch_census_income",
    "make_related_tasks",
    "label_correlation",
    "__version__",
]

# Where public names are looked for, in this order; what needs no scikit-learn comes first.
_ROOMS = (
    "tasks",
    "archive",
    "weighting",
    "architectures",
    "loading",
    "training",
    "sources",
    "model_selection",
    "metrics",
    "inspection",
    "datasets",
)
_OTHER_ROOMS = ("base", "export", "features", "nn", "routings", "serving", "splitting", "tables")

if not typing.TYPE_CHECKING:  # a type checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        """A public name from the room that lists it, or a room itself."""
        if name in _ROOMS or name in _OTHER_ROOMS:
            return importlib.import_module(f"{__name__}.{name}")
        for room in _ROOMS if name in __all__ else ():
            module = importlib.import_module(f"{__name__}.{room}")
            if name in module.__all__:
                globals()[name] = found = getattr(module, name)
                return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *_ROOMS, *_OTHER_ROOMS})
