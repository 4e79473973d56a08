"""Numbers for tasks that come with names, though they are taken in order."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def check_order(what: str, given: object, names: Sequence[str]) -> None:
    """Raise ValueError if a Series has names, and they are not those of the tasks in order."""
    labels = given.index.tolist() if isinstance(given, pd.Series) else []
    is_named = all(isinstance(label, str) for label in labels)
    if is_named and len(labels) == len(names) and labels != list(names):
        raise ValueError(
            f"{what} is a Series by the names {labels}, but the tasks are {list(names)}: its "
            f"values are taken in order; give a dict (.to_dict()) for values by name."
        )
