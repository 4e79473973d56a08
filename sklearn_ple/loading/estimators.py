"""`load`: a saved model back as the estimator that it was."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sklearn_ple import architectures
from sklearn_ple.base import MultiTaskEstimator
from sklearn_ple.base.saving import load_estimator
from sklearn_ple.tasks.user_warning import warn_user

_LISTED = [getattr(architectures, name) for name in architectures.__all__]
ESTIMATORS = {each.__name__: each for each in _LISTED if issubclass(each, MultiTaskEstimator)}


def load(
    path: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None
) -> MultiTaskEstimator:
    """Load an estimator that its `save` wrote; no code in the file is run.

    Every class is looked up in a closed list of this package's, and a user's own in
    `custom_objects`; sums and sizes of all parts are checked first. What the file still decides is
    how large a network is built, so do not load what strangers send on a machine that must not run
    out of memory.

    The estimator predicts as it did, to the last bit where torch and the processor are the same.
    Its net, optimiser and random generators are where they were, so `partial_fit` and `warm_start`
    go on as they would have. `callbacks` and `checkpoint_dir` are None.

    Parameters
    ----------
    path : path-like
        A folder or a zip file.
    custom_objects : dict of str to type, default=None
        A user's own classes by name: estimators, tasks, loss weightings, optimisers, routings,
        couplings.

    Returns
    -------
    estimator
        Fitted; on the device it was on, or on the CPU where there is no such one.

    Raises
    ------
    FileNotFoundError
        If there is nothing under that path.
    SavedModelError
        If it is no whole saved model, of a newer format, or needs classes that were not given.

    Warns
    -----
    UserWarning
        If another minor version of this package wrote it.

    Examples
    --------
    >>> import tempfile
    >>> import sklearn_ple
    >>> from sklearn_ple import PLEEstimator, make_related_tasks
    >>> X, y = make_related_tasks(200, 3, random_state=0)
    >>> model = PLEEstimator(max_epochs=2, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.zip")
    ...     again = sklearn_ple.load(f"{folder}/model.zip")
    >>> bool((again.predict(X) == model.predict(X)).all())
    True
    """
    estimator, note = load_estimator(path, ESTIMATORS, custom_objects)
    if note:
        warn_user(note, UserWarning)
    return estimator
