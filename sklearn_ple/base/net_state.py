"""A trained net as plain values, so that training can go on from a saved one."""

from __future__ import annotations

from typing import Any

import torch

from sklearn_ple.archive.packing import Packer
from sklearn_ple.serving.fitted_model import FittedModel
from sklearn_ple.training import MultiTaskLoss, MultiTaskNet, RandomStreams, available_devices
from sklearn_ple.training.plain_state import kept_rows, tell_of_left_out

State = dict[str, Any]


def net_state(net: MultiTaskNet) -> State:
    """All of a net but its module and its callbacks.

    Of the history, the rows of epochs are kept and those of batches are not, nor what callbacks
    recorded that is no plain value.
    """
    left_out: dict[str, str] = {}
    epochs = [
        {name: each for name, each in row.items() if name != "batches"} for row in net.history
    ]
    history = kept_rows(epochs, _as_it_is, left_out)
    tell_of_left_out(left_out, "A saved model")
    return {
        "weight_decay": net.weight_decay,
        "compile": net.compile,
        "optimizer": net.optimizer,
        "optimizer_options": net.get_params_for("optimizer"),
        "optimizer_state": net.optimizer_.state_dict(),
        "lr": net.lr,
        "batch_size": net.batch_size,
        "max_epochs": net.max_epochs,
        "device": str(net.device),
        "streams": net.streams.__getstate__(),
        "history": history,
        "weighting": net.criterion_.weighting,
        "criterion": dict(net.criterion_.state_dict()),
    }


def _as_it_is(value: Any) -> Any:
    """A value that a file can keep; SavedModelError for others."""
    Packer({}).pack(value, "the history")
    return value


def net_of(state: State, model: FittedModel) -> MultiTaskNet:
    """A net in the very state of the one that was saved.

    It is on the same device, or on the CPU where there is no such one.
    """
    device = state["device"] if state["device"] in available_devices() else "cpu"
    streams = RandomStreams.__new__(RandomStreams)
    streams.__setstate__(state["streams"])
    net = MultiTaskNet(
        model.module,
        _criterion_of(state, model),
        task_names=model.task_set.names,
        streams=streams,
        weight_decay=state["weight_decay"],
        precision=model.precision,
        compile=state["compile"],
        compile__dynamic=False,  # as in `build_net`; options of compilers are no file's to say
        optimizer=state["optimizer"],
        **{f"optimizer__{name}": value for name, value in state["optimizer_options"].items()},
        lr=state["lr"],
        batch_size=state["batch_size"],
        max_epochs=state["max_epochs"],
        callbacks=[],
        device=device,
    ).initialize()
    net.optimizer_.load_state_dict(state["optimizer_state"])
    net.history.extend(row | {"batches": []} for row in state["history"])
    net._set_training(False)
    return net


def _criterion_of(state: State, model: FittedModel) -> MultiTaskLoss:
    weighting = state["weighting"]
    weighting.setup(model.task_set.names)
    task_weights = state["criterion"]["task_weights"].double().numpy()
    criterion = MultiTaskLoss(model.task_set, weighting, task_weights)
    criterion.to(torch.float64 if model.precision == "float64" else torch.float32)
    criterion.load_state_dict(state["criterion"])
    return criterion
