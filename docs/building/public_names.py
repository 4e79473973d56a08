"""Every public name of the package: what `__all__` of the package or of a room lists."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sklearn_ple

PACKAGE = sklearn_ple.__name__


@dataclass(frozen=True)
class PublicName:
    """A thing, and the one path under which it is documented.

    Attributes
    ----------
    path : str
        As one should import it: ``sklearn_ple.PLEEstimator``, ``sklearn_ple.nn.Gate``.
    room : str
        The first room that lists it: ``architectures``.
    aliases : tuple of str
        All that it may be called in a docstring: its bare name, and every other path to it.
    thing : object
        The class, function or constant.
    """

    path: str
    room: str
    aliases: tuple[str, ...]
    thing: Any

    @property
    def name(self) -> str:
        """Without its path."""
        return self.path.rpartition(".")[2]

    @property
    def is_code(self) -> bool:
        """Whether it has a docstring of its own, as constants and aliases of types have not."""
        return inspect.isclass(self.thing) or inspect.isfunction(self.thing)


def packages() -> list[str]:
    """The package and its rooms that show something, nested ones after those that they lie in."""
    found = [
        module.name
        for module in pkgutil.walk_packages(sklearn_ple.__path__, f"{PACKAGE}.")
        if module.ispkg and hasattr(importlib.import_module(module.name), "__all__")
    ]
    return sorted([PACKAGE, *found], key=lambda name: (name.count("."), name))


def public_names() -> list[PublicName]:
    """All of them, once each, in the order of `__all__`; the shop window comes first."""
    found: dict[tuple[str, int], PublicName] = {}
    for package, name, thing in _listed():
        key, path = (name, id(thing)), f"{package}.{name}"
        room = package.removeprefix(PACKAGE).lstrip(".").partition(".")[0]
        before = found.get(key)
        if before is None:
            home = getattr(thing, "__module__", package)
            found[key] = PublicName(path, room, (name, path, f"{home}.{name}"), thing)
        else:
            aliases = (*before.aliases, path)
            found[key] = PublicName(before.path, before.room or room, aliases, thing)
    return list(found.values())


def _listed() -> Iterator[tuple[str, str, Any]]:
    for package in packages():
        module = importlib.import_module(package)
        for name in module.__all__:
            if name != "__version__":
                yield package, name, getattr(module, name)
