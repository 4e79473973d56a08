"""A record of what models with planted errors are fitted on."""

from __future__ import annotations

from typing import Any

import pytest
from planted import Planted


@pytest.fixture
def fits() -> list[tuple[Any, ...]]:
    """What `Planted` models were fitted on, in order: errors, seed, row numbers."""
    Planted.fits.clear()
    return Planted.fits
