"""Integers in a row, or an error that names the parameter."""

from __future__ import annotations

from operator import index
from typing import Any


def integers(given: Any, name: str) -> tuple[int, ...]:
    """What was given as a tuple of Python's own integers, whatever sequence or array holds them.

    Raises
    ------
    ValueError
        If one is no integer, 2.0 among them, or it is no sequence.

    Examples
    --------
    >>> import numpy as np
    >>> integers(np.array([3, 1], dtype=np.int8), "n_task_experts")
    (3, 1)
    >>> integers((1.9, 2.5), "n_task_experts")
    Traceback (most recent call last):
    ...
    ValueError: n_task_experts must hold integers, got (1.9, 2.5).
    """
    try:
        return tuple(index(each) for each in given)
    except TypeError:
        raise ValueError(f"{name} must hold integers, got {given}.") from None
