"""The reference lists every public name, and links hold on the site as in the repository."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

import pytest
from pages import DOCS

import sklearn_ple

sys.path.append(str(DOCS / "building"))

from check_links import dead_links
from public_names import public_names
from reference_pages import write_reference
from root_pages import relink


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "reference"
    write_reference(folder)
    return folder


def packages() -> list[str]:
    walked = pkgutil.walk_packages(sklearn_ple.__path__, "sklearn_ple.")
    names = ["sklearn_ple", *(module.name for module in walked if module.ispkg)]
    return [name for name in names if hasattr(importlib.import_module(name), "__all__")]


def imported(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def entries(page: Path) -> set[str]:
    """Full names that a page of the reference lists, read as Sphinx reads it."""
    found, module = set(), ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.split()[-1]
        elif line.startswith(".. py:data:: "):
            found.add(line.split()[-1])
        elif module and line.startswith("   ") and line.strip().isidentifier():
            found.add(f"{module}.{line.strip()}")
    return found


def test_every_public_name_is_in_the_reference(reference: Path) -> None:
    listed = set().union(*(entries(page) for page in reference.glob("*.rst")))
    shown = {id(imported(name)) for name in listed}
    for package in packages():
        module = importlib.import_module(package)
        missing = [
            name
            for name in module.__all__
            if name != "__version__" and id(getattr(module, name)) not in shown
        ]
        assert not missing, package


def test_a_name_of_the_shop_window_is_shown_under_that_path(reference: Path) -> None:
    listed = set().union(*(entries(page) for page in reference.glob("*.rst")))
    window = {f"sklearn_ple.{name}" for name in sklearn_ple.__all__ if name != "__version__"}
    assert window <= listed


def test_a_name_is_shown_once(reference: Path) -> None:
    names = public_names()
    for name in names:
        assert sum(name.path in entries(page) for page in reference.glob("*.rst")) == 1, name.path
    assert len({name.path for name in names}) == len(names)


def test_pages_that_nothing_lists_are_removed_and_others_left_alone(tmp_path: Path) -> None:
    write_reference(tmp_path)
    stale = tmp_path / "names" / "sklearn_ple.gone.rst"
    kept = tmp_path / "names" / "sklearn_ple.PLEEstimator.rst"
    stale.parent.mkdir()
    stale.write_text("gone")
    kept.write_text("kept")
    before = (tmp_path / "nn.rst").stat().st_mtime_ns
    write_reference(tmp_path)
    assert not stale.exists()
    assert kept.read_text() == "kept"
    assert (tmp_path / "nn.rst").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("docname", "written", "on_the_site"),
    [
        ("inside", "../CHANGELOG.md", "project/changelog.md"),
        ("guide/tasks", "../../CONTRIBUTING.md#tests", "../project/contributing.md#tests"),
        ("guide/tasks", "../../README.md", "../index.md"),
        ("tutorial", "../examples/plot_funnel.py", "gallery/plot_funnel.rst"),
        ("guide/tasks", "../../examples/plot_funnel.py", "../gallery/plot_funnel.rst"),
        ("guide/tasks", "losses.md#weights", "losses.md#weights"),
        ("guide/tasks", "../methods.md", "../methods.md"),
        ("inside", "https://example.org/a.md", "https://example.org/a.md"),
        ("inside", "#here", "#here"),
    ],
)
def test_links_out_of_the_docs_lead_to_their_pages(
    docname: str, written: str, on_the_site: str
) -> None:
    assert relink(f"see [it]({written}).", docname) == f"see [it]({on_the_site})."


def test_dead_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "index.html").write_text(
        '<a href="sub/page.html#here">1</a><a href="sub/page.html#gone">2</a>'
        '<a href="missing.html">3</a><img src="missing.png"><a href="https://example.org/">4</a>'
    )
    (tmp_path / "sub" / "page.html").write_text('<p id="here"><a href="../index.html#">5</a></p>')
    assert list(dead_links(tmp_path)) == [
        "index.html: sub/page.html#gone",
        "index.html: missing.html",
        "index.html: missing.png",
    ]
