"""The levels of a category: text, or numbers that are exact, whatever the column stored."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

_WHOLE = (bool, int, np.integer, np.bool_)
_NUMBER = (*_WHOLE, float, np.floating)


def uniform(levels: NDArray, label: str) -> NDArray:
    """Levels as an object array of text, or as numbers.

    Parameters
    ----------
    levels : ndarray of shape (n_levels,)
        Distinct, of any dtype, none missing.
    label : str
        The column, for messages.

    Returns
    -------
    ndarray of shape (n_levels,)
        Text is objects. Numbers are int64, uint64 or float64, whichever holds every one exactly;
        where none does (2**63 beside -1), Python's own, as objects.

    Raises
    ------
    TypeError
        If they are something else, or some text and some numbers.
    """
    if levels.dtype.kind in "biu":
        return levels if levels.dtype == np.uint64 else levels.astype(np.int64)
    if levels.dtype.kind == "f":
        whole = (np.abs(levels) < 2**53) & (levels == np.round(levels))
        return levels.astype(np.int64) if whole.all() else levels.astype(np.float64)
    kinds = set(map(type, levels))
    if all(issubclass(kind, str) for kind in kinds):
        return levels.astype(object)
    if all(issubclass(kind, _NUMBER) and not issubclass(kind, np.timedelta64) for kind in kinds):
        return _exact([int(v) if isinstance(v, _WHOLE) else float(v) for v in levels])
    named = sorted(kind.__name__.rstrip("_") for kind in kinds)
    raise TypeError(
        f"{label} is a category whose levels are of the types {named}; they must be all text or "
        f"all numbers: .astype(str) makes them text."
    )


def _exact(numbers: list[int | float]) -> NDArray:
    """Numbers in an array that holds every one as it is; as objects if no other does."""
    for dtype in (np.int64, np.uint64, np.float64):
        with suppress(OverflowError):
            array = np.array(numbers, dtype=dtype)
            if array.tolist() == numbers:
                return array
    return np.array(numbers, dtype=object)


def are_text(levels: NDArray) -> bool:
    """Whether levels, as `uniform` gives them, are text; none at all are taken for it.

    Parameters
    ----------
    levels : ndarray of shape (n_levels,)

    Returns
    -------
    bool
    """
    return levels.dtype == object and (not len(levels) or isinstance(levels[0], str))
