"""Where a fit runs and in which precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

Precision = Literal["float32", "float64", "bf16-mixed"]


def resolve_device(device: str, precision: Precision = "float32") -> torch.device:
    """The device that "auto" or a name means on this machine.

    Parameters
    ----------
    device : str
    precision : {"float32", "float64", "bf16-mixed"}, default="float32"
        What it must be able to do.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If there is no such device here (the message lists those there are), or it can't do the
        precision.
    """
    present = available_devices()
    if device == "auto":
        able = ("cuda:0",) if precision == "float64" else ("cuda:0", "mps")
        return torch.device(next((d for d in able if d in present), "cpu"))
    try:
        resolved = torch.device(device)
    except RuntimeError:
        raise ValueError(
            f"device={device!r} is none that torch knows; there are {present}, and 'auto' takes a "
            f"GPU where there is one."
        ) from None
    name = "cuda:0" if device == "cuda" else str(resolved)
    if name not in present and resolved.type != "meta":
        raise ValueError(
            f"device={device!r} is not here, says torch; there are {present}, and 'auto' takes a "
            f"GPU where there is one."
        )
    if resolved.type == "mps" and precision == "float64":
        raise ValueError("device='mps' has no float64; use precision='float32' or device='cpu'.")
    return torch.device(name)


def available_devices() -> list[str]:
    """Names of the devices on this machine.

    Returns
    -------
    list of str
        "cpu" first.
    """
    names = ["cpu"]
    if torch.cuda.is_available():
        names += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return names


def dtype_of(precision: Precision) -> torch.dtype:
    """The dtype of parameters and stored features.

    Parameters
    ----------
    precision : {"float32", "float64", "bf16-mixed"}

    Returns
    -------
    torch.dtype
    """
    return torch.float64 if precision == "float64" else torch.float32


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """The context a forward pass runs in."""
    if precision == "bf16-mixed":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()
