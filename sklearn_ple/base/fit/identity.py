"""What makes two fits the same one: their parameters, rows, labels and weights, as short texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from sklearn_ple.base.fit.rows import Rows
from sklearn_ple.features import Columns

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator

MAY_CHANGE = {
    *("patience", "callbacks", "warm_start", "verbose", "checkpoint_dir", "checkpoint_every"),
    "device",  # the kind of device it resolves to is compared instead
}
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_SHOWN = 6


def identity(
    estimator: MultiTaskEstimator, data: Mapping[str, str], *, device: torch.device, again: bool
) -> dict[str, str]:
    """By name, all that the course of a fit depends on; the same in every process.

    Callbacks of the user are left out, as nothing tells whether two are the same.

    Parameters
    ----------
    estimator : MultiTaskEstimator
    data : dict of str to str
        What is learned from, in short; see `fingerprint`.
    device : torch.device
    again : bool
        Whether the fit begins where the estimator's last one ended.

    Returns
    -------
    dict of str to str
    """
    params = estimator.get_params(deep=False)
    compared = {name: described(params[name]) for name in params if name not in MAY_CHANGE}
    cls = type(estimator)
    return {
        "estimator": f"{cls.__module__}.{cls.__qualname__}",
        "begins": _beginning(estimator) if again else "anew",
        "kind of device": device.type,
        **compared,
        **data,
    }


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Names of what differs, with both values; empty where nothing does."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    listed = [f"{n} (was {before.get(n, 'none')}, is {now.get(n, 'none')})" for n in names[:_SHOWN]]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(listed) + more


def described(value: Any) -> str:
    """A parameter's value as text, without addresses; a list and an array of the same are alike."""
    if isinstance(value, np.random.RandomState):
        return f"a RandomState, {_digest(repr(value.get_state(legacy=False)['state']).encode())}"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, Mapping):
        pairs = sorted(f"{described(k)}: {described(each)}" for k, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | type):
        return "[" + ", ".join(described(each) for each in value) + "]"
    return _ADDRESS.sub("", repr(value))


def fingerprint(rows: Rows, validation: Rows | None) -> dict[str, str]:
    """Shapes and contents of rows as given: a text per column, and one for the weights."""
    of_rows = _of_rows(rows, "X", "y", "sample_weight")
    if validation is None:
        return of_rows | {"X_val": "not given"}
    return of_rows | _of_rows(validation, "X_val", "y_val", "sample_weight_val")


def _of_rows(rows: Rows, x_name: str, y_name: str, weight_name: str) -> dict[str, str]:
    columns, targets = rows.columns, rows.targets
    shape = f"{columns.n_rows} rows of {len(columns.labels)} columns"
    features = {
        f"{label} of {x_name}": content(columns, i) for i, label in enumerate(columns.labels)
    }
    labels = {
        f"target {name!r} of {y_name}": _of_labels(column)
        for name, column in zip(targets.names, targets.columns, strict=True)
    }
    return {x_name: shape, **features, **labels, weight_name: _of_numbers(rows.weight)}


def content(columns: Columns, i: int) -> str:
    """A short text for what the network reads of a column, whatever table holds it."""
    if columns.kinds[i] == "number":
        return _of_numbers(columns.numbers([i]))
    codes, levels = columns.levels(i)
    hashed = np.append(pd.util.hash_array(levels), np.uint64(0))  # the last one is of the missing
    return f"content {_digest(hashed[codes].tobytes())}"


def _of_labels(labels: NDArray) -> str:
    if labels.dtype.kind in "iuf":
        return _of_numbers(labels)
    hashed = pd.util.hash_array(labels.astype(object))
    return f"content {_digest(hashed.tobytes())}"


def _of_numbers(numbers: NDArray) -> str:
    plain = numbers + np.float64(0)  # -0 is 0
    plain[np.isnan(plain)] = np.nan  # of which there are many
    return f"content {_digest(plain.tobytes())}"


def _beginning(estimator: MultiTaskEstimator) -> str:
    weights = (p.detach().cpu().numpy().tobytes() for p in estimator.module_.parameters())
    return f"after epoch {len(estimator.net_.history)}, with weights {_digest(b''.join(weights))}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
