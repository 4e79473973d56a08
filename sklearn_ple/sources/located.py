"""`located`: errors that say where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def located(place: object) -> Iterator[None]:
    """What goes wrong inside is said to be of this place."""
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError) as error:
        raise ValueError(f"{place}: this is no Parquet file that can be read: {error}") from error
    except TypeError as error:
        raise TypeError(f"{place}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
