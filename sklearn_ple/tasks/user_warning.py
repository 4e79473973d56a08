"""Warnings that point at the user's own line."""

from __future__ import annotations

import sys
import warnings

_INSIDE = {"sklearn_ple", "sklearn", "joblib", "skorch", "optuna"}


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the innermost line outside this package and those it works through.

    However deep in a pipeline or a search the reason lies, that line is where something can be
    done about it. A fixed `stacklevel` cannot say how deep that is.
    """
    frame = sys._getframe(1)
    while _package(frame.f_globals) in _INSIDE and frame.f_back is not None:
        frame = frame.f_back
    warnings.warn_explicit(
        message,
        category,
        filename=frame.f_code.co_filename,
        lineno=frame.f_lineno,
        module=frame.f_globals.get("__name__"),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )


def _package(names: dict[str, object]) -> str:
    return str(names.get("__name__", "")).partition(".")[0]
