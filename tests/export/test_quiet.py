"""What is hidden while a model is exported, and that nothing stays hidden."""

from __future__ import annotations

import logging
from contextlib import suppress

import pytest

from sklearn_ple.export.quiet import quietly

NAMES = ["torch.onnx", "onnx_ir", "onnx_ir._convenience", "onnxscript.optimizer"]


@pytest.mark.parametrize("name", NAMES)
def test_warnings_are_hidden_and_errors_are_not(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger(name)
    with quietly():
        logger.warning("ambiguous")
        logger.error("broken")
    logger.warning("heard again")
    assert caplog.messages == ["broken", "heard again"]


@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG, logging.CRITICAL])
@pytest.mark.parametrize("name", ["torch.onnx", "onnx_ir", "onnxscript"])
def test_a_users_own_level_is_never_lowered_and_comes_back(
    name: str, level: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger(name)
    monkeypatch.setattr(logger, "level", level)
    with suppress(OSError), quietly():
        during = logger.level
        raise OSError("no space left")
    assert during == max(level, logging.ERROR)
    assert logger.level == level
