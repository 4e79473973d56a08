"""One figure per task for nets and for boosting alike, and the runs that give them."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from real_data import RealSet
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.tasks import TaskSet, read_targets, resolve_tasks


def judge_net(estimator: MultiTaskEstimator, train: RealSet, test: RealSet) -> dict[str, Any]:
    """Fit and judge one estimator: AUC of binary tasks, share of deviance explained of others."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(train.X, train.Y)
    seconds = time.perf_counter() - start
    explained = estimator.score_tasks(test.X, test.Y)
    figures = explained.to_dict()
    for k, (name, kind) in enumerate(test.kinds.items()):
        rows = test.Y[name].notna().to_numpy()
        if kind == "binary":
            probability = estimator.predict_proba(test.X)[k][rows, 1]
            figures[name] = roc_auc_score(test.Y[name][rows], probability)
    return {
        "figures": figures,
        "mean": float(np.mean(list(figures.values()))),
        "deviance": float(explained.mean()),
        "seconds": seconds,
        "best_epoch": int(estimator.best_epoch_),
        "epochs": len(estimator.history_),
    }


def judge_boosting(train: RealSet, test: RealSet, seed: int) -> dict[str, Any]:
    """One HistGradientBoosting a task (scikit-learn's defaults, 200 iterations), judged alike."""
    categorical = train.X.select_dtypes("category").columns.tolist()
    start = time.perf_counter()
    figures, explained = {}, {}
    for name, kind in train.kinds.items():
        fit_rows, rows = train.Y[name].notna().to_numpy(), test.Y[name].notna().to_numpy()
        options = {
            "max_iter": 200,
            "random_state": seed,
            "categorical_features": list(range(len(categorical))) if categorical else None,
        }
        if kind in ("binary", "multiclass"):
            model: Any = HistGradientBoostingClassifier(**options)
        else:
            loss = "poisson" if kind == "count" else "squared_error"
            model = HistGradientBoostingRegressor(loss=loss, **options)
        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            encoded_missing_value=-1,
            max_categories=250,
        )
        columns = ColumnTransformer([("c", encoder, categorical)], remainder="passthrough")
        pipeline = make_pipeline(columns, model)
        pipeline.fit(train.X[fit_rows], train.Y[name][fit_rows])
        labels = test.Y[name][rows]
        if kind in ("binary", "multiclass"):
            output = pipeline.predict_proba(test.X[rows])
        else:
            output = pipeline.predict(test.X[rows])
        explained[name] = _explained(train.Y[[name]], labels, output, kind)
        figures[name] = roc_auc_score(labels, output[:, 1]) if kind == "binary" else explained[name]
    return {
        "figures": figures,
        "mean": float(np.mean(list(figures.values()))),
        "deviance": float(np.mean(list(explained.values()))),
        "seconds": time.perf_counter() - start,
    }


def _explained(
    train_labels: pd.DataFrame, labels: pd.Series, output: np.ndarray, kind: str
) -> float:
    """Share of deviance explained by probabilities or means, against the training baseline."""
    targets = read_targets(train_labels)
    weight = np.ones((len(targets), 1))
    task = TaskSet.fit(resolve_tasks([kind], targets), targets, weight).tasks[0]
    with np.errstate(divide="ignore"):
        if kind == "binary":
            raw = np.log(output[:, 1:]) - np.log(output[:, :1])
        elif kind == "multiclass":
            raw = np.log(np.clip(output, 1e-12, None))
        elif kind == "count":
            raw = np.log(np.clip(output, 1e-12, None))[:, None]
        else:
            raw = task.encode(output)[:, None]
    tasks = TaskSet((task,))
    encoded = tasks.encode(read_targets(labels.to_frame()))
    return float(tasks.deviance_explained(torch.from_numpy(raw), encoded, np.ones_like(encoded))[0])
