"""Public names are documented as numpydoc asks, as `help` shows them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from pydoc import locate

import pytest
import torch
from numpydoc.docscrape import ClassDoc
from numpydoc.validate import ERROR_MSGS, validate

import sklearn_ple
from sklearn_ple.base import MultiTaskEstimator

CONFIGURATION = Path(__file__).resolve().parents[2] / "pyproject.toml"
CHECKS = tomllib.loads(CONFIGURATION.read_text())["tool"]["numpydoc_validation"]["checks"]
WANTED = set(ERROR_MSGS) - set(CHECKS)
ROOMS = [""] + [
    f".{room.name}" for room in pkgutil.iter_modules(sklearn_ple.__path__) if room.ispkg
]
METHODS = [
    name
    for name, thing in vars(MultiTaskEstimator).items()
    if not name.startswith("_") and (inspect.isfunction(thing) or name == "predict_proba")
]


def public_names() -> Iterator[str]:
    """Importable names, once each."""
    seen: set[object] = set()
    for room in ROOMS:
        module = importlib.import_module(f"sklearn_ple{room}")
        for name in module.__all__:
            thing = getattr(module, name)
            if (inspect.isclass(thing) or inspect.isfunction(thing)) and thing not in seen:
                seen.add(thing)
                yield f"sklearn_ple{room}.{name}"


def complaints(name: str) -> list[str]:
    """What numpydoc finds, unless parameters are documented where it does not look."""
    thing = locate(name)
    found = validate(name)["errors"]
    if inspect.isclass(thing) and _documents_elsewhere(thing):
        found = [(code, text) for code, text in found if code != "PR01"]
    return [f"{name}: {code} {text}" for code, text in found if code in WANTED]


def _documents_elsewhere(cls: type) -> bool:
    """Whether arguments are torch's, or fields of a dataclass that its "Attributes" describe."""
    if cls.__init__ is torch.nn.Module.__init__:
        return True
    entries = ClassDoc(cls)["Attributes"]
    attributes = {name for entry in entries for name in entry.name.split(", ")}
    return is_dataclass(cls) and {each.name for each in fields(cls) if each.init} <= attributes


@pytest.mark.parametrize("name", list(public_names()))
def test_public_names(name: str) -> None:
    assert not complaints(name)


@pytest.mark.parametrize("method", METHODS)
def test_methods_of_estimators(method: str) -> None:
    assert not complaints(f"sklearn_ple.PLEEstimator.{method}")


def test_the_shop_window_lists_what_it_holds() -> None:
    held = {name for name, thing in vars(sklearn_ple).items() if not inspect.ismodule(thing)}
    assert {name for name in held if not name.startswith("_")} | {"__version__"} == set(
        sklearn_ple.__all__
    )
