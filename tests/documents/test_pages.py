"""Pages lead somewhere: every link within the project, and to every page a table of contents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import DOCS, PAGES, SITE, headings, name_of, prose

LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
CONTENTS = re.compile(r"^```\{toctree\}\n(?::\w+:.*\n)*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[tuple[Path, str]]:
    """Where a page's links within the project lead: a file, and a heading or nothing."""
    found = LINK.findall(prose(page))
    return [
        ((page.parent / path).resolve() if path else page, place)
        for path, place in found
        if "://" not in path
    ]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target, place in links(page):
        assert target.exists(), target
        if place and target.suffix == ".md":
            assert place in headings(target), f"{target.name}#{place}"


def test_every_page_of_the_site_is_in_a_table_of_contents() -> None:
    listed = {DOCS / "index.md"}
    for page in SITE:
        for contents in CONTENTS.findall(page.read_text(encoding="utf-8")):
            listed |= {
                found
                for entry in contents.split()
                for found in DOCS.glob(f"{page.parent.relative_to(DOCS) / entry}.md")
            }
    listed = {page.resolve() for page in listed}
    assert [name_of(page) for page in SITE if page not in listed] == []


@pytest.mark.parametrize("page", SITE, ids=name_of)
def test_a_page_has_one_title_and_comes_first_to_it(page: Path) -> None:
    titles = re.findall(r"^# .*$", prose(page), re.MULTILINE)
    assert len(titles) == 1
    assert page.read_text(encoding="utf-8").startswith(titles[0])
