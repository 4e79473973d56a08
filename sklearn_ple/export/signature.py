"""`Signature`: what goes into an exported model and what comes out, by name."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_ple.export.names import graph_names
from sklearn_ple.features import Columns, FeatureTable, are_text, read_columns
from sklearn_ple.tasks import TaskSet

FORMAT = 1
Kind = Literal["number", "code", "text"]


@dataclass(frozen=True)
class InputColumn:
    """One column of X as an input of the graph.

    Attributes
    ----------
    column : str
        Its name in X, or its number as text where X has no names.
    input : str
        Its name in the graph.
    kind : {"number", "code", "text"}
        A float64, NaN where missing; an int64 code; or the level itself.
    levels : list or None
        A category's levels, whose positions are their codes. A code below is a missing value, one
        above an unseen level.
    missing_text : str or None
        For text, what stands for a missing value: no level, and often the empty text.
        `Signature.arrays` puts another in place of an unseen level that reads the same.
    """

    column: str
    input: str
    kind: Kind
    levels: list[Any] | None = None
    missing_text: str | None = None

    @cached_property
    def code_of(self) -> dict[Hashable, int]:
        """The code of each level."""
        return {level: code for code, level in enumerate(self.levels or [])}


@dataclass(frozen=True)
class Output:
    """What the graph says of one task.

    Attributes
    ----------
    task, output : str
        The target's name, and the output's.
    kind : str
        The task's kind.
    classes : list or None
        The labels to which the columns of a classification's probabilities belong.
    threshold : float or None
        From what probability of the second class on `predict` says it, where `calibrate` set one.
    """

    task: str
    output: str
    kind: str
    classes: list[Any] | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Signature:
    """What goes into an exported model and what comes out, by name.

    Attributes
    ----------
    inputs : list of InputColumn
        In the order of X's columns.
    outputs : list of Output
        In the order of tasks.
    named : bool
        Whether X had column names at fit.
    """

    inputs: list[InputColumn]
    outputs: list[Output]
    named: bool = True

    @classmethod
    def of(
        cls,
        features: FeatureTable,
        names: Sequence[str] | None,
        tasks: TaskSet,
        thresholds: Mapping[int, float],
    ) -> Self:
        """What fit saw, under names that a graph can have."""
        columns = [str(i) for i in range(len(features.labels))] if names is None else list(names)
        proposed = [f"x{each}" for each in columns] if names is None else columns
        taken = graph_names([*proposed, *tasks.names])
        levels = dict(zip(features.categorical, features.vocabularies, strict=True))
        inputs = [
            InputColumn(column, name, "code", levels[i].levels.tolist())
            if i in levels
            else InputColumn(column, name, "number")
            for i, (column, name) in enumerate(zip(columns, taken, strict=False))
        ]
        outputs = [
            Output(
                task.name_,
                name,
                task.kind,
                None if task.classes_ is None else task.classes_.tolist(),
                thresholds.get(k),
            )
            for k, (task, name) in enumerate(zip(tasks, taken[len(columns) :], strict=True))
        ]
        return cls(inputs, outputs, names is not None)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read the JSON file that lies beside an exported model.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        Signature

        Raises
        ------
        ValueError
            If the file is none, or of a format that a later version wrote.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise _no_signature(str(path), "it is not text in UTF-8") from None
        return cls.from_json(text, str(path))

    @classmethod
    def from_json(cls, text: str, origin: str = "this text") -> Self:
        """The same out of the text itself, which an exported model carries, too."""
        try:
            given = json.loads(text)
            version = given["format"]
        except (ValueError, TypeError, KeyError):
            raise _no_signature(origin, "it is not JSON with a format") from None
        if version != FORMAT:
            raise ValueError(
                f"{origin} has format {version}; this version of sklearn_ple reads {FORMAT}. "
                f"Export the model anew, or read it with the version that wrote it."
            )
        try:
            return cls(
                [InputColumn(**each) for each in given["inputs"]],
                [Output(**each) for each in given["outputs"]],
                given["named"],
            )
        except (TypeError, KeyError):
            raise _no_signature(origin, "it does not list inputs and outputs") from None

    def to_json(self) -> str:
        """As text that `from_json` reads."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False)

    def with_text(self) -> Signature:
        """The same with categories that are text given as such, instead of as codes."""
        return replace(self, inputs=[_as_text(each) for each in self.inputs])

    def arrays(self, X: Any) -> dict[str, NDArray]:
        """Rows of X as the inputs of the graph.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            As for `predict`; columns with names may come in any order, among others.

        Returns
        -------
        dict of str to ndarray of shape (n_samples,)

        Raises
        ------
        ValueError
            If a column lacks, is infinite somewhere, or has changed its type since fit.

        Notes
        -----
        Scales are the graph's alone. So one thing that `predict` refuses is not found here: with
        ``numeric_encoding="standard"``, a number too large for the network's precision even after
        scaling. For such a row the graph's answer, mostly NaN, means nothing.
        """
        columns = read_columns(X)
        positions = self._positions(columns)
        return {
            each.input: columns.numbers([i])[:, 0]
            if each.kind == "number"
            else _category(each, *columns.levels(i))
            for each, i in zip(self.inputs, positions, strict=True)
        }

    def _positions(self, columns: Columns) -> Iterable[int]:
        if self.named and columns.names is not None:
            wanted = [each.column for each in self.inputs]
            if lacking := [name for name in wanted if name not in columns.names]:
                raise ValueError(f"X lacks the columns {lacking}, which the model was fitted on.")
            return [columns.names.index(name) for name in wanted]
        if len(columns.labels) != len(self.inputs):
            raise ValueError(
                f"X has {len(columns.labels)} columns, but the model was fitted on "
                f"{len(self.inputs)}."
            )
        return range(len(self.inputs))


def _no_signature(origin: str, reason: str) -> ValueError:
    return ValueError(
        f"{origin} is no signature of an exported model: {reason}. "
        f"Give the .json file that was written beside the model."
    )


def _as_text(column: InputColumn) -> InputColumn:
    levels = column.levels
    if not levels or not isinstance(levels[0], str):
        return column
    token = ""
    while token in levels:
        token = f"<missing{token}>"
    return replace(column, kind="text", missing_text=token)


def _category(column: InputColumn, codes: NDArray[np.intp], levels: NDArray) -> NDArray:
    known = column.levels or []
    is_text = are_text(levels)
    if len(levels) and known and is_text != isinstance(known[0], str):
        was, now = ("numbers", "text") if is_text else ("text", "numbers")
        raise ValueError(
            f"Column {column.column!r} held categories that are {was} at fit and holds {now} now; "
            f"no level can be recognised. Convert it to the type it had at fit."
        )
    if column.kind == "text":
        texts = [_unlike_missing(column, level) for level in levels.tolist()]
        return np.array([*texts, column.missing_text], dtype=object)[codes]
    table = [*(column.code_of.get(level, len(known)) for level in levels.tolist()), -1]
    return np.array(table, dtype=np.int64)[codes]


def _unlike_missing(column: InputColumn, level: Any) -> Any:
    """The level itself, or another unseen text if it is what stands for a missing value."""
    if level != column.missing_text:
        return level
    while level == column.missing_text or level in column.code_of:
        level = f"{level}?"
    return level
