"""A real server that misbehaves: the data arrive whole and verified, or nothing is left behind."""

from __future__ import annotations

import gzip
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from sklearn_ple.datasets import census_files, census_table
from sklearn_ple.datasets import download as download_module

pytestmark = pytest.mark.reliability
Splits = dict[census_table.Subset, pd.DataFrame]
Writer = Callable[[pd.DataFrame], bytes]
Act = Callable[[BaseHTTPRequestHandler, bytes], None]
NAME = "census-income.data.gz"


def whole(request: BaseHTTPRequestHandler, content: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def dropped(request: BaseHTTPRequestHandler, content: bytes) -> None:
    """Half of it, then the end of the connection."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content[: len(content) // 2])


def reset(request: BaseHTTPRequestHandler, content: bytes) -> None:
    """Half of it, then the connection breaks instead of ending."""
    dropped(request, content)
    request.wfile.flush()
    at_once = struct.pack("ii", 1, 0)
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    request.connection.close()


def stalled(request: BaseHTTPRequestHandler, content: bytes) -> None:
    """Half of it, and then nothing for longer than anybody waits."""
    dropped(request, content)
    request.wfile.flush()
    time.sleep(1.0)


def truncated(request: BaseHTTPRequestHandler, content: bytes) -> None:
    """Half of it, without a word of how long it is."""
    request.send_response(200)
    request.end_headers()
    request.wfile.write(content[: len(content) // 2])


def altered(request: BaseHTTPRequestHandler, content: bytes) -> None:
    """Another table, in good order."""
    whole(request, gzip.compress(gzip.decompress(content).replace(b" 95, ", b" 94, ", 1)))


def a_page(request: BaseHTTPRequestHandler, content: bytes) -> None:
    """What a hotel's network answers to everything."""
    whole(request, b"<html>Please log in</html>")


def busy(request: BaseHTTPRequestHandler, content: bytes) -> None:
    request.send_error(503)


BAD: dict[str, Act] = {
    each.__name__: each for each in (dropped, reset, stalled, truncated, altered, a_page, busy)
}


class Script:
    """A server that does one thing after another, a request each, and then the last for ever."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.acts: list[Act] = [whole]
        self.n_asked = 0
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                act = script.acts[min(script.n_asked, len(script.acts) - 1)]
                script.n_asked += 1
                act(self, script.content)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

            def finish(self) -> None:
                with suppress(OSError, ValueError):  # the connection is gone, as was intended
                    super().finish()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/{NAME}"


@pytest.fixture
def script(splits: Splits, raw_text: Writer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    script = Script(gzip.compress(raw_text(splits["train"])))
    thread = Thread(target=script.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setitem(census_files.URLS, "train", (script.address,))
    monkeypatch.setattr(download_module, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(download_module, "urlopen", without_proxy)
    monkeypatch.setattr(download_module.time, "sleep", lambda seconds: None)
    yield script
    script.server.shutdown()
    script.server.server_close()
    thread.join()


def without_proxy(url: str, timeout: float) -> object:
    """`urlopen`, whatever proxy the environment names."""
    from urllib.request import ProxyHandler, build_opener

    return build_opener(ProxyHandler({})).open(url, timeout=timeout)


def fetch(home: Path) -> pd.DataFrame:
    return census_files.read_split("train", home, True)


def files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


@pytest.mark.parametrize("sort", ["dropped", "reset", "stalled", "busy"])
def test_a_bad_start_is_made_good(
    sort: str, script: Script, splits: Splits, tmp_path: Path
) -> None:
    script.acts = [BAD[sort], BAD[sort], whole]
    assert_frame_equal(fetch(tmp_path), splits["train"], check_dtype=False)
    assert script.n_asked == 3
    assert [path.name for path in files(tmp_path)] == [NAME]


@pytest.mark.parametrize("sort", BAD)
def test_nothing_is_left_and_a_later_fetch_is_whole(
    sort: str, script: Script, splits: Splits, tmp_path: Path
) -> None:
    script.acts = [BAD[sort]]
    with pytest.raises(OSError, match=r"could not be fetched.*127\.0\.0\.1"):
        fetch(tmp_path)
    assert files(tmp_path) == []
    script.acts = [whole]
    assert_frame_equal(fetch(tmp_path), splits["train"], check_dtype=False)


@pytest.mark.parametrize("sort", ["truncated", "altered", "a_page"])
def test_a_second_address_makes_good_what_the_first_got_wrong(
    sort: str, script: Script, splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.acts = [BAD[sort], whole]
    monkeypatch.setitem(census_files.URLS, "train", (script.address, script.address))
    assert_frame_equal(fetch(tmp_path), splits["train"], check_dtype=False)
    assert [path.name for path in files(tmp_path)] == [NAME]


def test_an_interrupt_leaves_nothing(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: object, target: object) -> None:
        target.write(source.read(100))
        raise KeyboardInterrupt

    monkeypatch.setattr(download_module.shutil, "copyfileobj", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path)
    assert files(tmp_path) == []
