"""Downloading a file so that it arrives whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

TIMEOUT_SECONDS = 60


def download(url: str, target: Path, *, n_retries: int = 3, delay: float = 1.0) -> None:
    """Save what ``url`` holds as ``target``.

    The file is written beside its place and moved there when complete. After a failure it is
    tried again, ``n_retries`` times at most, waiting ``delay`` seconds and then twice as long
    each time. What the server refuses (status 4xx) is not asked for again.

    Raises
    ------
    OSError
        If the last attempt fails as well. ``target`` is then as it was before.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(n_retries + 1):
        try:
            _attempt(url, target)
            return
        except (OSError, HTTPException) as error:
            refused = isinstance(error, HTTPError) and error.code < 500
            if refused or attempt == n_retries:
                raise OSError(f"{url} could not be downloaded: {error}") from error
            time.sleep(delay * 2**attempt)


def _attempt(url: str, target: Path) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file, urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            shutil.copyfileobj(answer, file)
            announced = answer.headers.get("Content-Length")
            if announced is not None and file.tell() != int(announced):
                raise OSError(f"{file.tell()} of {announced} bytes arrived")
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
