"""Tasks and columns told by number."""

from __future__ import annotations

from numbers import Integral
from typing import TypeGuard


def is_position(value: object, n: int) -> TypeGuard[int]:
    """Whether a value numbers one of n things, from 0 on; NumPy's integers do, a bool does not."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | Integral) and 0 <= int(value) < n
