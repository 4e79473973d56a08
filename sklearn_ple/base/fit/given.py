"""From what a user hands to `fit` to what is learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn_ple.base.fit.material import Material
from sklearn_ple.base.fit.memory_rows import MemoryRows, check_rows_of
from sklearn_ple.base.fit.source_rows import SourceRows
from sklearn_ple.sources import OpenSource, ParquetSource

if TYPE_CHECKING:
    from sklearn_ple.base.fit.fitting import Fitting


@dataclass(frozen=True)
class Given:
    """X, y and weights, as the user gave them, or nothing."""

    X: Any = None
    y: Any = None
    weight: Any = None


def read_material(fitting: Fitting, rows: Given, held_out: Given, *, minimum: int) -> Material:
    """Checked rows, in memory or in files; names and number of features are set or checked.

    Parameters
    ----------
    fitting : Fitting
    rows, held_out : Given
        To learn from, and to stop by.
    minimum : int
        Least number of rows.

    Raises
    ------
    ValueError, TypeError
        If any of it can't be learned from, or does not go together.
    """
    if isinstance(rows.X, ParquetSource):
        return _of_source(fitting, rows, held_out, minimum)
    if isinstance(held_out.X, ParquetSource):
        raise TypeError("X_val is a ParquetSource, but X is not; give both of one sort.")
    if (held_out.X is None) != (held_out.y is None):
        raise ValueError("X_val and y_val must be given together.")
    if held_out.X is None and held_out.weight is not None:
        raise ValueError("sample_weight_val is of X_val and y_val, which are not given.")
    return _in_memory(fitting, rows, held_out, minimum)


def _in_memory(fitting: Fitting, rows: Given, held_out: Given, minimum: int) -> MemoryRows:
    read = fitting.estimator._read_features
    columns = read(rows.X, reset=not fitting.again, minimum=minimum)
    checked = check_rows_of(columns, rows.y, rows.weight)
    if held_out.X is None:
        return MemoryRows(fitting, checked, None)
    columns = read(held_out.X, reset=False)
    valid = check_rows_of(columns, held_out.y, held_out.weight, "_val")
    return MemoryRows(fitting, checked, valid)


def _of_source(fitting: Fitting, rows: Given, held_out: Given, minimum: int) -> Material:
    source = _checked(rows, "X", "y", "sample_weight")
    names = getattr(fitting.estimator, "feature_names_in_", None) if fitting.again else None
    opened = [OpenSource(source, names)]
    if held_out.X is not None or held_out.y is not None or held_out.weight is not None:
        other = _checked(held_out, "X_val", "y_val", "sample_weight_val")
        if other.target_names != source.target_names:
            raise ValueError(
                f"X_val has the targets {other.target_names}, but X has {source.target_names}."
            )
        opened.append(OpenSource(other, opened[0].features))
    if all(each.n_stored <= each.source.buffer_rows for each in opened):
        whole = [Given(*each.whole()) for each in opened]
        return _in_memory(fitting, whole[0], whole[1] if len(whole) > 1 else Given(), minimum)
    for i, each in enumerate(opened):
        reset = not fitting.again and not i
        fitting.estimator._checked(each.no_rows(), reset, 0)
    return SourceRows(fitting, *opened, minimum=minimum)


def _checked(given: Given, x_name: str, y_name: str, weight_name: str) -> ParquetSource:
    """A source that says itself what else there is to say."""
    if not isinstance(given.X, ParquetSource):
        raise TypeError(f"X is a ParquetSource, so {x_name} must be one too, got {given.X!r:.80}.")
    others = ((given.y, y_name, "targets"), (given.weight, weight_name, "weight"))
    for value, name, setting in others:
        if value is not None:
            raise ValueError(
                f"{x_name} is a ParquetSource, so {y_name} and {weight_name} are columns of its "
                f"files: leave out {name} and name them by ParquetSource({setting}=…)."
            )
    if not given.X.target_names:
        raise ValueError(f"{x_name} names no targets: say ParquetSource(…, targets=…).")
    return given.X
