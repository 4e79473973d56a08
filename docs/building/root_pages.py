"""The Markdown files of the repository's root that are pages of the site, with their links mended.

In the repository a page of ``docs/`` links to ``../CHANGELOG.md``, and that file to
``docs/architecture.md``; on the site the former is ``project/changelog.md``. A link to an example
leads to its page in the gallery.
"""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import relpath

from reference_pages import write_if_changed

PAGES = {"CHANGELOG.md": "project/changelog.md", "CONTRIBUTING.md": "project/contributing.md"}
ELSEWHERE = {"README.md": "index.md"}
EXAMPLE = re.compile(r"^examples/(plot_\w+)\.py$")
LINK = re.compile(r"\]\(([^)\s:]+?)(#[^)\s]*)?\)")


def write_root_pages(repository: Path, docs: Path) -> None:
    """Write each page of `PAGES` into the site's folder."""
    for source, page in PAGES.items():
        text = (repository / source).read_text(encoding="utf-8")
        write_if_changed(docs / page, _relinked(text, at=".", page=page))


def relink(text: str, docname: str) -> str:
    """A page of the site with its links to files of the root turned to where these are now."""
    folder = f"docs/{docname}".rpartition("/")[0]
    return _relinked(text, at=folder, page=f"{docname}.md")


def _relinked(text: str, *, at: str, page: str) -> str:
    """Links of a text that lies in the folder `at` of the repository and is a page of the site."""
    folder = page.rpartition("/")[0] or "."

    def turned(match: re.Match[str]) -> str:
        target = place_of(relpath(f"{at}/{match[1]}"))
        return f"]({relpath(target, folder)}{match[2] or ''})" if target else match[0]

    return LINK.sub(turned, text)


def place_of(file: str) -> str | None:
    """Where on the site a file of the repository is, None if it is not there."""
    if example := EXAMPLE.match(file):
        return f"gallery/{example[1]}.rst"
    return (PAGES | ELSEWHERE).get(
        file, file.removeprefix("docs/") if file.startswith("docs/") else None
    )
