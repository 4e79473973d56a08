"""What is raised for a file that is no whole saved model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SavedModelError(ValueError):
    """A saved model can't be written or read; the message says what is wrong and what to do.

    The one error of reading a file that is damaged, incomplete, of a newer format, or that names
    a class which nobody handed over.
    """


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn whatever a broken file makes its readers raise into a `SavedModelError`."""
    try:
        yield
    except SavedModelError:
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise SavedModelError(
            f"{path} can't be read as a saved model: {type(error).__name__}: {reason}. It is "
            f"damaged, or was not written by `save`."
        ) from error
