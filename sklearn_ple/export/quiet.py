"""Exporting without what torch says of itself meanwhile."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# The exporter's own, and those of the two packages that it translates and simplifies with.
_LOGGERS = ("torch.onnx", "onnx_ir", "onnxscript")


@contextmanager
def quietly() -> Iterator[None]:
    """Hide warnings of torch's own old calls, and what its exporter logs short of errors."""
    levels = {logger: logger.level for logger in map(logging.getLogger, _LOGGERS)}
    for logger, level in levels.items():
        logger.setLevel(max(level, logging.ERROR))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
