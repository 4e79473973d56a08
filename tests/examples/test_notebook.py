"""The notebook is what its script writes, and runs."""

from __future__ import annotations

import runpy
from pathlib import Path

import nbformat
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPT = runpy.run_path(str(EXAMPLES / "make_first_fit.py"))


def test_the_notebook_is_the_one_its_script_writes() -> None:
    written = nbformat.read(EXAMPLES / "first_fit.ipynb", as_version=4)
    built = SCRIPT["build"]()
    assert [cell.source for cell in written.cells] == [cell.source for cell in built.cells]


def test_the_notebook_was_run_and_left_no_error_behind() -> None:
    written = nbformat.read(EXAMPLES / "first_fit.ipynb", as_version=4)
    code = [cell for cell in written.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert kinds <= {"display_data", "execute_result"}


@pytest.mark.slow
def test_the_notebook_runs() -> None:
    SCRIPT["run"](SCRIPT["build"]())
