"""`Recorded`: a module that remembers what it was made with."""

from __future__ import annotations

from typing import Any, Self

from torch import nn


class Recorded(nn.Module):
    """A module that keeps the arguments of its `__init__`, so that one like it can be made.

    A saved model holds these and the weights, never the object itself. Arguments should be plain:
    numbers, text, and lists, tuples and dicts of them.

    Attributes
    ----------
    made_with : tuple of (tuple, dict)
        Positional and keyword arguments.
    """

    made_with: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls)
        made.__dict__["made_with"] = (args, kwargs)
        return made
