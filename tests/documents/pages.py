"""The Markdown pages that people write: those of the root, and those of the site."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
WRITTEN_BY_THE_BUILD = {DOCS / folder for folder in ("gallery", "project", "reference")}
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def is_written_by_hand(page: Path) -> bool:
    return not WRITTEN_BY_THE_BUILD & set(page.parents)


SITE = sorted(page for page in DOCS.rglob("*.md") if is_written_by_hand(page))
PAGES = sorted([*REPOSITORY.glob("*.md"), *SITE])


def name_of(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them and MyST after it."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.strip().replace(" ", "-") for title in kept}
