"""State as plain data: what `torch.load(weights_only=True)` reads, and nothing that runs code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

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
    if isinstance(value, np.generic | np.ndarray):
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


def packed_history(history: Iterable[Row]) -> list[Row]:
    """Rows of skorch's history, whose batches (one dict a step) become a tensor a column."""
    return [plain(row | {"batches": _packed(row.get("batches", []))}, "history") for row in history]


def unpacked_history(rows: Iterable[Row]) -> list[Row]:
    """Rows as they were before `packed_history`."""
    return [row | {"batches": _unpacked(row["batches"])} for row in rows]


def _packed(batches: list[Row]) -> Row:
    names = list(batches[0]) if batches else []
    columns = {name: [batch.get(name) for batch in batches] for name in names}
    is_table = all(list(batch) == names for batch in batches)
    dtypes = {name: _dtype(column) for name, column in columns.items()}
    if not is_table or None in dtypes.values():
        return {"rows": batches}
    tensors = {n: torch.tensor(column, dtype=dtypes[n]) for n, column in columns.items()}
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
