"""From an estimator's parameters and its training rows to a net that is ready to train."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import clone

from sklearn_ple.base.fit.inputs import apply_class_weight
from sklearn_ple.base.fit.material import Material
from sklearn_ple.base.fit.sizing import Sizes
from sklearn_ple.features import FeatureTable
from sklearn_ple.nn import FeatureEncoder, MultiTaskModule, TowerBank, initialise
from sklearn_ple.tasks import Targets, TaskSet
from sklearn_ple.training import MultiTaskLoss, MultiTaskNet, RandomStreams, dtype_of
from sklearn_ple.weighting import WEIGHTINGS, resolve_task_weights

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator

Floats = NDArray[np.float64]

OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict[str, Any]]] = {
    "adamw": (torch.optim.AdamW, {"betas": (0.9, 0.99), "fused": True}),
    "adam": (torch.optim.Adam, {"betas": (0.9, 0.99), "fused": True}),
    "sgd": (torch.optim.SGD, {"momentum": 0.9}),
    "rmsprop": (torch.optim.RMSprop, {}),
}


def build_net(
    estimator: MultiTaskEstimator,
    material: Material,
    sizes: Sizes,
    *,
    categorical: list[int],
    streams: RandomStreams,
    device: torch.device,
) -> MultiTaskNet:
    """An initialised net: features fitted to the rows, module and criterion drawn and placed."""
    params: dict[str, Any] = estimator.get_params(deep=False)
    task_set = material.task_set
    features = material.features(
        {
            "categorical": categorical,
            "encoding": params["numeric_encoding"],
            "n_quantile_knots": sizes.n_quantile_knots,
            "n_distinct_knots": sizes.n_distinct_knots,
        }
    )
    module = build_module(estimator, features, task_set, sizes, streams.initial)
    with torch.no_grad():
        start = torch.from_numpy(material.starting_outputs())
        module.towers.bias.copy_(module.coupling.start(start))
    optimizer, options = OPTIMIZERS.get(params["optimizer"], (params["optimizer"], {}))
    net = MultiTaskNet(
        module,
        build_criterion(params, material.label_share(), task_set).to(dtype_of(params["precision"])),
        task_names=task_set.names,
        streams=streams,
        weight_decay=sizes.weight_decay,
        precision=params["precision"],
        compile=params["compile"],
        compile__dynamic=False,  # the batches of an epoch have two sizes at most
        optimizer=optimizer,
        **{f"optimizer__{name}": value for name, value in options.items()},
        lr=sizes.lr,
        batch_size=sizes.batch_size,
        max_epochs=sizes.max_epochs,
        callbacks=[clone(callback, safe=False) for callback in params["callbacks"] or []],
        device=str(device),
    )
    return net.initialize()


def build_module(
    estimator: MultiTaskEstimator,
    features: FeatureTable,
    task_set: TaskSet,
    sizes: Sizes,
    generator: torch.Generator,
) -> MultiTaskModule:
    """Encoder, the estimator's routing and towers, drawn from a generator."""
    params: dict[str, Any] = estimator.get_params(deep=False)

    def encoder_of(n_copies: int) -> FeatureEncoder:
        return FeatureEncoder(
            **features.sizes(),
            number_width=sizes.embedding_dim,
            category_width=sizes.embedding_dim,
            n_copies=n_copies,
            features=features,
        )

    encoder = encoder_of(1)
    routing = estimator._make_routing_for(
        task_set, in_width=encoder.out_width, dropout=sizes.dropout
    )
    if routing.own_encodings:
        encoder = encoder_of(len(task_set))
    towers = TowerBank(
        [task.n_raw for task in task_set],
        in_width=routing.out_width,
        widths=tuple(params["tower_widths"]),
        activation=params["activation"],
        dropout=sizes.dropout,
    )
    module = MultiTaskModule(encoder, routing, towers, estimator._make_coupling(task_set))
    initialise(module, generator)
    return module.to(dtype_of(params["precision"]))


def starting_outputs(
    class_weight: Any, targets: Targets, own_weight: Floats, task_set: TaskSet
) -> Floats:
    """Raw outputs (n_raw,) of the constant predictors that are best under the class weights."""
    if class_weight is None:
        return task_set.baseline
    encoded = task_set.encode(targets)
    weight = apply_class_weight(class_weight, task_set, encoded, own_weight)
    weight = np.maximum(weight, 1e-6 * own_weight)  # a class that weighs nothing stays a class
    columns = zip(task_set, targets.columns, weight.T, strict=True)
    fitted = [task.fit(task.name_, column, w, task.declared_) for task, column, w in columns]
    return np.concatenate([task.baseline_ for task in fitted])


def share_of_labels(encoded: Floats, weight: Floats) -> Floats:
    """Weighted share of rows that have a label of each task, from (n, n_tasks) each."""
    total = weight.sum(axis=0)
    share: Floats = (~np.isnan(encoded) * weight).sum(axis=0) / np.where(total > 0, total, 1.0)
    return share


def build_criterion(
    params: dict[str, Any], label_share: Floats, task_set: TaskSet
) -> MultiTaskLoss:
    """Equation 9 with the task weights and the weighting scheme that the parameters name."""
    given = params["weighting"]
    weighting = WEIGHTINGS[given]() if isinstance(given, str) else copy.deepcopy(given)
    if params["compile"] and not weighting.one_backward:
        # torch may take the backward pass from its cache, made for memory that is used only once.
        raise ValueError(
            f"compile=True does not go with weighting={given!r}, which goes back through the "
            f"network once for every task: gradients would be wrong."
        )
    weighting.setup(task_set.names)
    weights = resolve_task_weights(params["task_weights"], task_set.names, label_share)
    return MultiTaskLoss(task_set, weighting, weights)
