"""The package imports a room when one of its names is asked for, and looks as if it always had."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_ple

SOURCE = Path(sklearn_ple.__file__)
ROOMS = {each.parent.name for each in SOURCE.parent.glob("*/__init__.py")}


def shown_to_type_checkers() -> dict[str, str]:
    """Name to module, of the imports that are for type checkers alone."""
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_type_checkers_see_every_name_there_is() -> None:
    assert [*shown_to_type_checkers(), "__version__"] == sklearn_ple.__all__


@pytest.mark.parametrize("name", sklearn_ple.__all__)
def test_every_name_is_that_of_its_room(name: str) -> None:
    found = getattr(sklearn_ple, name)
    if name != "__version__":
        assert found is getattr(importlib.import_module(shown_to_type_checkers()[name]), name)
    assert name in dir(sklearn_ple)


def test_every_room_is_an_attribute() -> None:
    for room in ROOMS:
        assert getattr(sklearn_ple, room) is importlib.import_module(f"sklearn_ple.{room}")
        assert room in dir(sklearn_ple)


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="'sklearn_ple' has no attribute 'PLEEstimater'"):
        _ = sklearn_ple.PLEEstimater
    with pytest.raises(ImportError):
        exec("from sklearn_ple import PLEEstimater")
    assert not hasattr(sklearn_ple, "__wrapped__")


def in_a_new_process(script: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.slow
def test_star_import_and_attributes_in_a_new_process() -> None:
    script = (
        "import sys, sklearn_ple; first = 'sklearn' in sys.modules, 'torch' in sys.modules;"
        "sklearn_ple.nn.Gate, sklearn_ple.PLEEstimator; exec('from sklearn_ple import *');"
        "print(first, sorted(set(sklearn_ple.__all__) - set(dir())))"
    )
    assert in_a_new_process(script) == "(False, False) []"


@pytest.mark.slow
def test_tasks_come_without_scikit_learn() -> None:
    script = (
        "import sys; from sklearn_ple import Count, Regression; print('sklearn' in sys.modules)"
    )
    assert in_a_new_process(script) == "False"
