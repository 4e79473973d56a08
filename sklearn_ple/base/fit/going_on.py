"""Going on from an earlier fit: what may have changed since, and how it takes effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import clone

from sklearn_ple.base.fit.building import build_criterion, build_module
from sklearn_ple.base.fit.material import Material
from sklearn_ple.base.fit.sizing import Sizes
from sklearn_ple.nn import Dropout, Recorded
from sklearn_ple.training import MultiTaskNet, RandomStreams

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator

Parameters = dict[str, Any]

READ_BY_EVERY_FIT = {
    *("class_weight", "lr", "lr_schedule", "batch_size", "max_epochs", "early_stopping"),
    *("validation_fraction", "patience", "weight_averaging", "warm_start", "verbose"),
    *("checkpoint_dir", "checkpoint_every"),
}
TAKEN_UP = {"dropout", "weight_decay", "task_weights", "callbacks", "random_state"}


def take_up(
    estimator: MultiTaskEstimator,
    material: Material,
    sizes: Sizes,
    *,
    device: torch.device,
    random_state: np.random.RandomState,
) -> MultiTaskNet:
    """The net of the last fit, with the parameters that were changed since.

    Every parameter either takes effect or is refused, those of architectures to come included.
    Values of "auto" that are kept in the net (`dropout`, `weight_decay`) stay as they were.

    Raises
    ------
    ValueError
        If a parameter was changed that the net was built from; the message names all such.
    """
    net, before = estimator.net_, estimator._parameters_of_fit_
    params = remembered(estimator)
    changed = {name for name in params if not _same(params[name], before[name])}
    refused = changed - READ_BY_EVERY_FIT - TAKEN_UP
    if str(device) == str(net.device):
        refused -= {"device"}
    if refused:
        listed = ", ".join(
            f"{name} (was {before[name]!r}, is {params[name]!r})" for name in sorted(refused)
        )
        raise ValueError(
            f"Training can't go on: the network was built from parameters that were changed since "
            f"the last fit: {listed}. Restore them, or begin anew: `fit` with warm_start=False."
        )
    _set_rates(net, sizes, new_decay="weight_decay" in changed)
    if "dropout" in changed:
        _replace_dropout(estimator, sizes)
    if "task_weights" in changed:
        share, given = material.label_share(), estimator.get_params(deep=False)
        criterion = build_criterion(given, share, estimator.tasks_)
        net.criterion_.task_weights.copy_(criterion.task_weights)
    if "callbacks" in changed:
        callbacks = estimator.get_params(deep=False)["callbacks"]
        net.callbacks = [clone(callback, safe=False) for callback in callbacks or []]
        net.initialize_callbacks()
    if "random_state" in changed:
        net.streams = RandomStreams(random_state, torch.device(net.device))
    estimator._parameters_of_fit_ = params
    return net


def remembered(estimator: MultiTaskEstimator) -> Parameters:
    """An estimator's parameters, for comparison with later ones.

    Containers are copied, as they may be changed in place; a list, a tuple and an array of the
    same are the same. Weightings are if they are of one class and were made with the same
    arguments, other objects without an equality of their own only as one object.
    """
    return {name: _copied(value) for name, value in estimator.get_params(deep=False).items()}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Recorded) and type(one) is type(other):
        return _arguments(one) == _arguments(other)
    return bool(one == other)


def _arguments(made: Recorded) -> Parameters:
    """What an object was made with, defaults included, by name."""
    args, kwargs = made.made_with
    bound = signature(type(made)).bind(*args, **kwargs)
    bound.apply_defaults()
    return {name: _copied(value) for name, value in bound.arguments.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(each) for name, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | type):
        return tuple(_copied(each) for each in value)
    if isinstance(value, bool | np.bool_):
        return str(value)  # or a mask would equal the positions 0 and 1
    return value


def _set_rates(net: MultiTaskNet, sizes: Sizes, *, new_decay: bool) -> None:
    for group in net.optimizer_.param_groups:
        group["lr"] = group["initial_lr"] = sizes.lr
    if new_decay:
        net.weight_decay = sizes.weight_decay
        net.optimizer_.param_groups[0]["weight_decay"] = sizes.weight_decay  # of the matrices
    net.batch_size, net.max_epochs = sizes.batch_size, sizes.max_epochs


def _replace_dropout(estimator: MultiTaskEstimator, sizes: Sizes) -> None:
    """Put the dropout layers of a new module into the fitted one."""
    features, tasks = estimator._features, estimator.tasks_
    described = build_module(estimator, features, tasks, sizes, torch.Generator())
    fitted = estimator.net_.plain_module
    for name, part in described.named_modules(remove_duplicate=False):
        if isinstance(part, Dropout | torch.nn.Dropout):
            fitted.set_submodule(name, part)
