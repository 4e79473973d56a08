"""Every example of the gallery runs, as a script and as a notebook, and is short."""

from __future__ import annotations

import ast
import json
import runpy
from pathlib import Path

import matplotlib
import nbformat
import pytest
from matplotlib import pyplot as plt
from nbclient import NotebookClient
from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF
from sphinx_gallery.notebook import jupyter_notebook
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
GALLERY = sorted(EXAMPLES.glob("plot_*.py"))
ORDER = runpy.run_path(str(EXAMPLES.parent / "docs" / "building" / "gallery_order.py"))["EXAMPLES"]

of_each = pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)


def as_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook that the site offers beside an example."""
    _, blocks = split_code_and_text_blocks(str(path))
    made = jupyter_notebook(blocks, DEFAULT_GALLERY_CONF, str(EXAMPLES))
    return nbformat.reads(json.dumps(made), as_version=4)


def code_of(notebook: nbformat.NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def test_the_gallery_knows_the_order_of_all_examples() -> None:
    assert sorted(ORDER) == [path.name for path in GALLERY]


@of_each
def test_an_example_is_short_and_says_what_it_is_about(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 80
    title, rule = lines[1:3]
    assert set(rule) == {"="}
    assert len(rule) == len(title)


@pytest.mark.slow
@of_each
def test_an_example_runs_from_top_to_bottom_wherever_it_lies(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matplotlib.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")
    assert not plt.get_fignums(), "a figure that is never shown"


@of_each
def test_the_notebook_is_the_script_statement_by_statement(path: Path) -> None:
    _, *statements = ast.parse(path.read_text(encoding="utf-8")).body  # first, what it is about
    in_cells = ast.parse(code_of(as_notebook(path))).body
    assert [ast.dump(each) for each in in_cells] == [ast.dump(each) for each in statements]


@pytest.mark.slow
def test_a_notebook_runs_in_a_kernel() -> None:
    notebook = as_notebook(EXAMPLES / "plot_first_fit.py")
    NotebookClient(notebook, timeout=300).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    tables = [o for o in outputs if "text/html" in o.get("data", {})]
    assert len(pictures) == 2
    assert len(tables) >= 4
