"""Every Python block of README and docs runs, in order, each document in one namespace."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from matplotlib import pyplot as plt
from pages import PAGES, name_of

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(document: Path) -> list[tuple[int, str]]:
    """The first line's number, and the text, of each Python block."""
    text = document.read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start(1)) + 1, m[1]) for m in BLOCK.finditer(text)]


def run_session(source: str, namespace: dict[str, Any], document: Path, line: int) -> None:
    """Run a block of `>>>` lines and compare what it prints."""
    session = doctest.DocTestParser().get_doctest(
        source, namespace, document.name, str(document), line - 1
    )
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=FLAGS).run(
        session, out=said.append, clear_globs=False
    )
    namespace.update(session.globs)
    assert not failed.failed, "".join(said)


WITH_BLOCKS = [document for document in PAGES if blocks(document)]


@pytest.mark.slow
@pytest.mark.parametrize("document", WITH_BLOCKS, ids=name_of)
def test_blocks_run_as_they_stand(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for line, source in blocks(document):
        if source.startswith(">>>"):
            run_session(source, namespace, document, line)
        else:
            # Blank lines in front make line numbers in a traceback those of the document.
            text = "\n" * (line - 1) + source
            exec(compile(text, document, "exec", dont_inherit=True), namespace)
    plt.close("all")
