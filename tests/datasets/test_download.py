"""A download arrives whole or not at all."""

from __future__ import annotations

import io
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest

from sklearn_ple.datasets import download as module
from sklearn_ple.datasets.download import download


class Server:
    """Stands in for ``urlopen``: plays one event after the other, an error or an answer."""

    def __init__(self, *events: Exception | tuple[bytes, int]) -> None:
        self.events = list(events)

    def __call__(self, url: str, timeout: float) -> Any:
        event = self.events.pop(0)
        if isinstance(event, Exception):
            raise event
        answer: Any = io.BytesIO(event[0])
        answer.headers = {"Content-Length": str(event[1])}
        return answer


def refuse(code: int) -> HTTPError:
    return HTTPError("https://nowhere.test/a", code, "no", Message(), io.BytesIO())


def serve(monkeypatch: pytest.MonkeyPatch, *events: Exception | tuple[bytes, int]) -> Server:
    server = Server(*events)
    monkeypatch.setattr(module, "urlopen", server)
    return server


def test_file_is_saved_in_a_new_folder(tmp_path: Path) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(b"seven b")
    download(source.as_uri(), tmp_path / "new" / "copy.bin")
    assert (tmp_path / "new" / "copy.bin").read_bytes() == b"seven b"


@pytest.mark.parametrize(
    "failure", [URLError("no route"), refuse(503), TimeoutError(), (b"four", 9)]
)
def test_passing_failure_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: Any
) -> None:
    serve(monkeypatch, failure, failure, (b"whole", 5))
    download("https://nowhere.test/a", tmp_path / "a", n_retries=2, delay=0)
    assert (tmp_path / "a").read_bytes() == b"whole"


def test_last_failure_is_told_and_leaves_the_old_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    serve(monkeypatch, (b"fo", 5), (b"four", 5))
    with pytest.raises(OSError, match=r"nowhere\.test/a .* 4 of 5 bytes"):
        download("https://nowhere.test/a", tmp_path / "a", n_retries=1, delay=0)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"old")]


def test_refusal_is_not_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = serve(monkeypatch, refuse(404), (b"whole", 5))
    with pytest.raises(OSError, match="404"):
        download("https://nowhere.test/a", tmp_path / "a", delay=0)
    assert len(server.events) == 1


def test_waits_double(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    serve(monkeypatch, *[URLError("no route")] * 3, (b"whole", 5))
    download("https://nowhere.test/a", tmp_path / "a", delay=0.25)
    assert waits == [0.25, 0.5, 1.0]
