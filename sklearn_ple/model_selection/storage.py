"""Where trials are kept: in memory, or in a database that outlives a process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sklearn_ple.model_selection.quiet import quiet

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage
    from optuna.study import Study

SQLITE_PATIENCE = 60  # seconds that a worker waits for another one's write


def resilient_storage(
    url: str, *, heartbeat_interval: int = 60, max_retries: int | None = 3
) -> RDBStorage:
    """Open a database for trials, in which those of a killed worker are tried again.

    A running trial gives a sign of life at every interval. One that has given none for two of them
    is taken for dead by whoever starts a trial next, and waits to be tried again with the same
    parameters. `MultiTaskSearchCV` opens a URL like this; make the storage yourself for other
    intervals, or for a study of your own.

    Parameters
    ----------
    url : str
        As SQLAlchemy has it: "sqlite:///search.db", "postgresql+psycopg://user@host/name". The
        driver must be installed. SQLite is for workers on one machine.
    heartbeat_interval : int, default=60
        Seconds.
    max_retries : int or None, default=3
        How often a trial is tried again; None for ever.

    Returns
    -------
    optuna.storages.RDBStorage

    Raises
    ------
    ImportError
        If the database's driver is not installed.

    Examples
    --------
    >>> from sklearn_ple.model_selection import resilient_storage
    >>> storage = resilient_storage("sqlite:///:memory:", heartbeat_interval=5)
    >>> storage.get_heartbeat_interval()
    5
    """
    from optuna.exceptions import ExperimentalWarning
    from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback

    is_sqlite = url.startswith("sqlite")
    options: dict[str, Any] = (
        {"connect_args": {"timeout": SQLITE_PATIENCE}} if is_sqlite else {"pool_pre_ping": True}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RDBStorage(
            url,
            engine_kwargs=options,
            heartbeat_interval=heartbeat_interval,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retries),
        )


@contextmanager
def opened(storage: str | BaseStorage | None, *, shared: bool) -> Iterator[BaseStorage]:
    """A storage for the time of a search.

    Parameters
    ----------
    storage : str, optuna.storages.BaseStorage or None
        A URL, or a storage, which is taken as it is; None for nothing that lasts.
    shared : bool
        Whether several processes are to see it; if nothing lasts, it is a file for that time.

    Raises
    ------
    ValueError
        If several processes are to see what is in the memory of one.
    """
    from optuna.storages import InMemoryStorage, JournalStorage
    from optuna.storages.journal import JournalFileBackend

    in_memory = isinstance(storage, InMemoryStorage) or storage in (
        "sqlite://",
        "sqlite:///:memory:",
    )
    if shared and in_memory:
        raise ValueError(
            f"storage={storage!r} is the memory of one process, which other workers can't see: "
            f"take None, or a file or database."
        )
    if isinstance(storage, str):
        yield resilient_storage(storage)
    elif storage is not None:
        yield storage
    elif not shared:
        yield InMemoryStorage()
    else:
        with TemporaryDirectory() as folder:
            yield JournalStorage(JournalFileBackend(str(Path(folder) / "trials.log")))


def kept(study: Study) -> Study:
    """The same study in memory, for when its database or file is not there."""
    import optuna

    if isinstance(study._storage, optuna.storages.InMemoryStorage):
        return study
    memory = optuna.storages.InMemoryStorage()
    with quiet():
        optuna.copy_study(
            from_study_name=study.study_name, from_storage=study._storage, to_storage=memory
        )
        return optuna.load_study(
            study_name=study.study_name, storage=memory, sampler=study.sampler, pruner=study.pruner
        )


def has_heartbeat(study: Study) -> bool:
    """Whether trials of dead workers are found out."""
    interval = getattr(study._storage, "get_heartbeat_interval", None)
    return interval is not None and interval() is not None
