"""Names that a graph can have."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence


def graph_names(names: Sequence[str]) -> list[str]:
    """Names of inputs and outputs: letters, digits and underscores, each one once.

    Examples
    --------
    >>> graph_names(["age", "marital status", "marital-status", "2nd job", "class"])
    ['age', 'marital_status', 'marital_status_2', '_2nd_job', 'class_']
    """
    given: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name) or "_"
        plain = f"_{plain}" if plain[0].isdigit() else plain
        plain = f"{plain}_" if keyword.iskeyword(plain) or plain == "self" else plain
        unique, number = plain, 2
        while unique in given:
            unique, number = f"{plain}_{number}", number + 1
        given.append(unique)
    return given
