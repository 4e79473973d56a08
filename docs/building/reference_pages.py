"""The pages of the reference, written before Sphinx reads the folder.

One page a room, with a table of its public names; `autosummary` makes a page of each name. Nothing
is listed by hand: what a room's `__all__` lists is there, and what it no longer lists is gone.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_origin

from public_names import PACKAGE, PublicName, public_names

TITLES = {
    "architectures": "Estimators and sharing schemes",
    "tasks": "Tasks",
    "weighting": "Loss weighting",
    "metrics": "Metrics and scorers",
    "model_selection": "Splitting and searching",
    "inspection": "Inspection and displays",
    "datasets": "Data sets",
    "training": "Training",
    "base": "What an estimator is made of",
    "features": "Features",
    "nn": "Parts of networks",
    "splitting": "Folds and strata",
    "serving": "Serving",
    "archive": "Saved models as files",
}
INDEX = """\
Reference
=========

Every public name. What most people need is imported from ``sklearn_ple`` itself; parts for
extensions of one's own are imported from the packages they lie in.

.. toctree::
   :maxdepth: 1

{pages}
"""
TABLE = """\
.. currentmodule:: {module}

.. autosummary::
   :toctree: names
   :nosignatures:

{names}
"""


def write_reference(folder: Path) -> None:
    """Write the pages that differ from what is there, and remove those that nothing lists.

    Parameters
    ----------
    folder : Path
        Such as ``docs/reference``; made where it is missing.
    """
    names = public_names()
    by_room = {room: [name for name in names if name.room == room] for room in _rooms(names)}
    pages = {f"{room}.rst": room_page(room, found) for room, found in by_room.items()}
    pages["index.rst"] = INDEX.format(pages=_indented(by_room))
    for file, text in pages.items():
        write_if_changed(folder / file, text)
    kept = {folder / file for file in pages}
    kept |= {folder / "names" / f"{name.path}.rst" for name in names}
    for page in set(folder.rglob("*.rst")) - kept:
        page.unlink()


def write_if_changed(path: Path, text: str) -> None:
    """Leave a file alone that says the same, so that Sphinx need not read it again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def room_page(room: str, names: list[PublicName]) -> str:
    """What a room is for, and its names by where they are imported from."""
    title = TITLES.get(room, room.replace("_", " ").capitalize())
    parts = [f"{title}\n{'=' * len(title)}\n\n.. automodule:: {PACKAGE}.{room}\n"]
    modules = sorted({name.path.rpartition(".")[0] for name in names}, key=len)
    for module in modules:
        of_module = [name for name in names if name.path == f"{module}.{name.name}"]
        heading = f"From ``{module}``"
        parts.append(f"{heading}\n{'-' * len(heading)}\n")
        if code := [name.name for name in of_module if name.is_code]:
            parts.append(TABLE.format(module=module, names=_indented(code)))
        parts += [constant(name) for name in of_module if not name.is_code]
    return "\n".join(parts)


def constant(name: PublicName) -> str:
    """A name without a docstring, by what it holds."""
    return f".. py:data:: {name.path}\n\n   {_said(name.thing)}\n"


def _said(thing: Any) -> str:
    if isinstance(thing, Mapping):
        return f"By name: {_code(thing)}."
    if get_origin(thing) is Literal:
        return f"One of {_code(repr(choice) for choice in thing.__args__)}."
    if isinstance(thing, tuple | list | frozenset):
        return f"{_code(thing)}."
    text = re.sub(r"\b(?:\w+\.)+(?=\w)", "", str(thing))
    return f"``{re.sub(r'ndarray.*?]]', 'ndarray', text)}``, for annotations."


def _code(things: Iterable[object]) -> str:
    return ", ".join(f"``{each}``" for each in things)


def _rooms(names: list[PublicName]) -> list[str]:
    """Rooms with names, in the order of TITLES; those that it lacks come last."""
    there = {name.room for name in names}
    for room in there:
        importlib.import_module(f"{PACKAGE}.{room}")
    return [*(room for room in TITLES if room in there), *sorted(there - set(TITLES))]


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"   {line}" for line in lines)
