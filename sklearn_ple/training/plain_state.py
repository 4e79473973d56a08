"""State as plain data: what `torch.load(weights_only=True)` reads, and nothing that runs code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklearn_ple.tasks.user_warning import warn_user

Row = dict[str, Any]


def plain(value: Any, name: str = "state") -> Any:
    """The same in dicts, lists, tuples, tensors, numbers, text and None.

    NumPy's scalars become Python's, its arrays lists. Tensors are not copied.

    Parameters
    ----------
    value : object
    name : str
        What it is called in an error.

    Raises
    ------
    TypeError
        If there is something else in it; the message says where.
    """
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, np.generic | np.ndarray) and _has_plain_items(value.dtype):
        return plain(value.tolist(), name)
    for kind in (bool, int, float, str):  # and no heir of these, whose name is code to be looked up
        if isinstance(value, kind):
            return kind(value)
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {plain(k, name): plain(each, f"{name}[{k!r}]") for k, each in value.items()}
    if isinstance(value, list | tuple):
        parts = [plain(each, f"{name}[{i}]") for i, each in enumerate(value)]
        return parts if isinstance(value, list) else tuple(parts)
    raise TypeError(
        f"{name} holds a {type(value).__name__}, which a checkpoint can't keep: numbers, text, "
        f"tensors, and lists, tuples and dicts of them."
    )


def _has_plain_items(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biuUO" or (dtype.kind == "f" and dtype.itemsize <= 8)


def kept_rows(
    rows: Iterable[Row], keep: Callable[[Any], Any], left_out: dict[str, str]
) -> list[Row]:
    """Rows of a history without the values, recorded by callbacks, that can't be kept.

    Parameters
    ----------
    rows : iterable of dict
    keep : callable
        A value to what is kept of it; raises TypeError or ValueError where that is nothing.
    left_out : dict of str to str
        Takes up the names under which something was left out, and of what type it was.
    """
    kept: list[Row] = []
    for row in rows:
        kept.append({})
        for name, value in row.items():
            try:
                kept[-1][keep(name)] = keep(value)
            except (TypeError, ValueError):
                left_out[name] = type(value).__name__
    return kept


def tell_of_left_out(left_out: Mapping[str, str], what: str) -> None:
    """Warn of what `kept_rows` left out, if it is anything."""
    if left_out:
        listed = ", ".join(f"{name!r} (a {kind})" for name, kind in left_out.items())
        warn_user(
            f"{what} can't keep what callbacks recorded in the history as {listed}, and is written "
            f"without it: record numbers, text, or lists and dicts of them.",
            UserWarning,
        )


def packed_history(history: Iterable[Row], left_out: dict[str, str] | None = None) -> list[Row]:
    """Rows of skorch's history, whose batches (one dict per step) become a tensor per column.

    Parameters
    ----------
    history : iterable of dict
    left_out : dict of str to str or None
        As in `kept_rows`.
    """
    names = {} if left_out is None else left_out
    packed: list[Row] = []
    for row in history:
        of_epoch = {name: value for name, value in row.items() if name != "batches"}
        batches = {"batches": _packed(row.get("batches", []), names)}
        packed += [kept | batches for kept in kept_rows([of_epoch], plain, names)]
    return packed


def unpacked_history(rows: Iterable[Row]) -> list[Row]:
    """Rows as they were before `packed_history`."""
    return [row | {"batches": _unpacked(row["batches"])} for row in rows]


def _packed(batches: list[Row], left_out: dict[str, str]) -> Row:
    names = list(batches[0]) if batches else []
    columns = {name: [batch.get(name) for batch in batches] for name in names}
    is_table = all(list(batch) == names for batch in batches)
    dtypes = {name: _dtype(column) for name, column in columns.items()}
    if not is_table or None in dtypes.values():
        return {"rows": kept_rows(batches, plain, left_out)}
    tensors = {plain(n): torch.tensor(column, dtype=dtypes[n]) for n, column in columns.items()}
    return {"number": len(batches), "columns": tensors}


def _dtype(column: list[Any]) -> torch.dtype | None:
    """What holds all of a column's numbers exactly; None where nothing does."""
    kinds = {type(value) for value in column}
    if kinds == {int} and max(map(abs, column)) < 2**63:
        return torch.int64
    return torch.float64 if kinds == {float} else None


def _unpacked(packed: Row) -> list[Row]:
    if "rows" in packed:
        rows: list[Row] = packed["rows"]
        return rows
    columns = {name: tensor.tolist() for name, tensor in packed["columns"].items()}
    return [{name: column[i] for name, column in columns.items()} for i in range(packed["number"])]
