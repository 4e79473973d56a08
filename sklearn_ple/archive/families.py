"""`Family`: which objects a file may name, and how they are put down as plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sklearn_ple.archive.errors import SavedModelError


@dataclass(frozen=True)
class Family:
    """Objects of one kind.

    Attributes
    ----------
    base : type
        What they are instances of.
    known : dict of str to type
        The classes that a file may name by itself: a closed list. Others of the kind are a user's
        own, and come from `custom_objects`.
    state : callable or None
        An object to a plain value. None where the values are the classes themselves.
    make : callable
        A class and the plain value to an object.
    """

    base: type
    known: Mapping[str, type]
    state: Callable[[Any], Any] | None
    make: Callable[[type, Any], Any]

    def holds(self, value: Any) -> bool:
        """Whether a value is of this kind."""
        if self.state is None:
            return isinstance(value, type) and issubclass(value, self.base)
        return isinstance(value, self.base)

    def class_of(self, value: Any) -> type:
        """Its class, or the value itself where values are classes."""
        return value if self.state is None else type(value)

    def find(self, name: str, *, custom: bool, custom_objects: Mapping[str, Any]) -> type:
        """The class of that name.

        Raises
        ------
        SavedModelError
            If there is none, or it is not of this kind.
        """
        found = (custom_objects if custom else self.known).get(name)
        if found is None:
            raise SavedModelError(f"The file names a class {name!r}, which is none of ours.")
        if not (isinstance(found, type) and issubclass(found, self.base)):
            raise SavedModelError(
                f"custom_objects[{name!r}] is {found!r}; the file wants a {self.base.__name__}."
            )
        return found


def by_name(classes: Iterable[type]) -> dict[str, type]:
    """Classes by their names."""
    return {each.__name__: each for each in classes}


def family_of_records(base: type, classes: Iterable[type]) -> Family:
    """Dataclasses that are made again from their fields."""

    def state(record: Any) -> dict[str, Any]:
        return {each.name: getattr(record, each.name) for each in fields(record) if each.init}

    return Family(base, by_name(classes), state, lambda cls, given: cls(**given))


def family_of_recorded(base: type, classes: Iterable[type]) -> Family:
    """Modules that are made again from the arguments they were made with."""

    def make(cls: type, given: Any) -> Any:
        args, kwargs = given
        return cls(*args, **kwargs)

    return Family(base, by_name(classes), lambda module: module.made_with, make)
