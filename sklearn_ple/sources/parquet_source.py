"""`ParquetSource`: which rows and columns of Parquet files a model is to learn from, or answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from os import PathLike, fspath
from typing import Any

from sklearn_ple.sources.row_filter import as_conditions

Names = str | Sequence[str]


@dataclass(frozen=True)
class ParquetSource:
    """Rows in Parquet files, in place of X and y where they are larger than memory.

    Nothing is read before it is needed, and then a part of a row group at a time. Two sources of
    equal settings are equal; a source can be copied, pickled and sent to other processes.

    Parameters
    ----------
    path : str, path-like, or sequence of them
        A file, a directory (every ``*.parquet`` below it, also where links to directories lead), a
        pattern such as ``"day-*.parquet"`` or ``"~/days/month=*"``, of files and directories, or a
        list of these, on this machine or mounted. Files are taken in the order of the list, sorted
        within a directory and a pattern, each once; names that begin with a dot or an underscore
        are passed over. What directories are called, as in ``month=5/rows.parquet``, is no column.
    features : sequence of str or None, default=None
        Columns of X, in order; None for all that are neither targets nor weights and that pandas
        did not write as the index of a frame. A column that only `filter` names is then a feature,
        too. Text and dictionary columns are categories, numbers and booleans numbers.
    targets : str, sequence of str, or None, default=None
        Columns of y: a single name is a one-dimensional y. None where the rows are to be predicted.
    weight : str, sequence of str, or None, default=None
        Column of sample weights, or one for each target.
    filter : sequence or None, default=None
        Rows to take: ``[("year", ">=", 2020), ("country", "in", ("NL", "BE"))]`` for rows that meet
        all of these, or a list of such lists for rows that meet any of them.
    max_categories : int, default=10_000
        Levels of a categorical column that get an embedding of their own, the most frequent ones.
        Rarer ones share one, which a level that fit never saw reads too. It says nothing where the
        source is read whole (see `buffer_rows`): there every level has its own, as in memory.
    buffer_rows : int, default=131_072
        Rows held in memory to shuffle, while about as many wait in the parts of row groups that are
        being read. A source of no more rows than that, before any filter, is read whole, if the
        one to stop by is, too.

    Raises
    ------
    ValueError
        If a column is named twice, `features` is empty, a number is not positive, or the filter is
        no list of conditions.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_ple import ParquetSource, SharedBottomEstimator
    >>> rng = np.random.default_rng(0)
    >>> ages, cities = rng.integers(18, 80, 200), rng.choice(["A", "B"], 200)
    >>> frame = pd.DataFrame({"age": ages, "city": cities})
    >>> frame = frame.assign(spent=1.5 * frame["age"], bought=frame["city"] == "A")
    >>> with TemporaryDirectory() as folder:
    ...     frame.to_parquet(Path(folder, "rows.parquet"), row_group_size=40)
    ...     rows = ParquetSource(folder, targets=["spent", "bought"], buffer_rows=64)
    ...     model = SharedBottomEstimator(max_epochs=2, random_state=0).fit(rows)
    >>> model.feature_names_in_.tolist(), [task.kind for task in model.tasks_]
    (['age', 'city'], ['regression', 'binary'])
    """

    path: str | PathLike[str] | Sequence[str | PathLike[str]]
    features: Sequence[str] | None = None
    targets: Names | None = None
    weight: Names | None = None
    filter: Sequence[Any] | None = None
    max_categories: int = 10_000
    buffer_rows: int = 131_072

    def __post_init__(self) -> None:
        if isinstance(self.path, str | PathLike):
            settings: dict[str, Any] = {"path": fspath(self.path)}
        else:
            settings = {"path": tuple(map(fspath, self.path))}
        settings["filter"] = as_conditions(self.filter)
        for name in ("features", "targets", "weight"):
            names = getattr(self, name)
            settings[name] = names if names is None or isinstance(names, str) else tuple(names)
        for name in ("max_categories", "buffer_rows"):
            settings[name] = _positive(name, getattr(self, name))
        for name, value in settings.items():
            object.__setattr__(self, name, value)
        if isinstance(self.features, str):
            raise ValueError(f"features={self.features!r} is one name; give a list of names.")
        if self.features is not None and not self.features:
            raise ValueError(
                "features is an empty list; None takes all that are not otherwise used."
            )
        named = [*(self.features or ()), *self.target_names, *self.weight_names]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"{twice} are named twice among features, targets and weight.")
        if len(self.weight_names) > 1 and len(self.weight_names) != len(self.target_names):
            raise ValueError(
                f"weight names {len(self.weight_names)} columns for {len(self.target_names)} "
                f"targets; give one column of weights, or one for each target."
            )

    @property
    def target_names(self) -> list[str]:
        """Names of the target columns."""
        return _listed(self.targets)

    @property
    def weight_names(self) -> list[str]:
        """Names of the columns of weights."""
        return _listed(self.weight)


def _listed(names: Names | None) -> list[str]:
    return [] if names is None else [names] if isinstance(names, str) else list(names)


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a positive int, got {value!r}.")
    return int(value)
