"""Sizes as text, which any storage of Optuna's can keep, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

Storable = str | int | float | bool | None
_SIZES = re.compile(r"(\d+(,\d+)*(;\d+(,\d+)*)*)?")


def from_storable(params: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a trial's parameters into an estimator's: texts that stand for sizes into tuples.

    The rule: under a name that ends in ``_widths`` or begins with ``n_`` (behind the prefix of a
    pipeline's step), a text of whole numbers is a tuple, and a list of tuples where semicolons part
    levels. Everything else stays as it is.

    Parameters
    ----------
    params : dict of str to object
        Such as `study.best_params` or `trial.params`.

    Returns
    -------
    dict of str to object
        For `set_params`.

    See Also
    --------
    optuna_objective : Does it by itself, as `MultiTaskSearchCV` does.

    Examples
    --------
    >>> from sklearn_ple.model_selection import from_storable
    >>> from_storable({"net__expert_widths": "64,32", "tower_widths": "", "lr": 0.01})
    {'net__expert_widths': (64, 32), 'tower_widths': (), 'lr': 0.01}
    >>> from_storable({"expert_widths": "64,32;16", "n_task_experts": "2,1"})
    {'expert_widths': [(64, 32), (16,)], 'n_task_experts': (2, 1)}
    """
    return {name: _read(value) if holds_sizes(name) else value for name, value in params.items()}


def to_storable(name: str, value: Any) -> Storable:
    """A parameter's value as Optuna can keep it: sizes as text.

    Raises
    ------
    ValueError
        If there is no such form.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if holds_sizes(name) and _is_sizes(value):
        return ",".join(str(int(each)) for each in value)
    if holds_sizes(name) and isinstance(value, Sequence) and all(map(_is_sizes, value)):
        return ";".join(",".join(str(int(each)) for each in level) for level in value)
    raise ValueError(
        f"{name}={value!r} can't be searched: Optuna's storages keep texts, numbers, booleans and "
        f"None, and sizes are texts such as '64,32'. Choices are a list of those, a range is a "
        f"distribution, such as FloatDistribution(1e-4, 1e-2, log=True). Anything else is set on "
        f"the estimator."
    )


def holds_sizes(name: str) -> bool:
    """Whether a text under this name may stand for sizes."""
    own = name.rpartition("__")[2]
    return own.endswith("_widths") or own.startswith("n_")


def _is_sizes(value: Any) -> bool:
    is_row = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)
    return is_row and all(isinstance(each, Integral) and int(each) >= 0 for each in value)


def _read(value: Any) -> Any:
    if not isinstance(value, str) or not _SIZES.fullmatch(value):
        return value
    levels = [tuple(int(size) for size in level.split(",") if size) for level in value.split(";")]
    return levels[0] if len(levels) == 1 else levels
