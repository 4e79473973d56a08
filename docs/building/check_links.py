"""Whether every link within a built site leads somewhere: to a page, a file, a place on a page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page links to, and the places on it that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag's links and names."""
        for name, value in attrs:
            if value and name in ("href", "src"):
                self.links.append(value)
            elif value and name in ("id", "name"):
                self.places.add(value)


@cache
def read(path: Path) -> Page:
    """Parse a page, once."""
    return Page(path.read_text(encoding="utf-8"))


def pages(site: Path) -> list[Path]:
    """All pages of a site, less what its theme keeps beside its scripts."""
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def dead_links(site: Path) -> Iterator[str]:
    """Each link that leads nowhere, behind the page that it is on.

    Parameters
    ----------
    site : Path
        The folder of a built site.
    """
    for path in pages(site):
        for link in dict.fromkeys(read(path).links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = path.parent / unquote(parts.path) if parts.path else path
            place = unquote(parts.fragment)
            is_page = target.suffix == ".html" and target.is_file()
            if not target.exists() or (is_page and place and place not in read(target).places):
                yield f"{path.relative_to(site)}: {link}"


def main(folder: str) -> None:
    """Report on a site, and fail where a link is dead."""
    site = Path(folder)
    dead = list(dead_links(site))
    n_links = sum(len(read(path).links) for path in pages(site))
    sys.stdout.write("\n".join([*dead, f"{n_links} links, {len(dead)} dead.\n"]))
    if dead or not n_links:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
