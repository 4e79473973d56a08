"""A model that was fitted from files is a model like any other: saved, exported, resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from parquet_rows import FEATURES, estimator, make_rows, source, write
from skorch.callbacks import Callback

import sklearn_ple

ROWS = make_rows().assign(town=[f"town {i % 150 if i % 3 else 0}" for i in range(331)])
X = ROWS[FEATURES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("rows"), ROWS)


def test_saved_with_its_rare_levels(folder: Path, tmp_path: Path) -> None:
    model = estimator().fit(source(folder, max_categories=2))
    assert model._features.vocabularies[1].has_rare
    model.save(tmp_path / "model.zip")
    loaded = sklearn_ple.load(tmp_path / "model.zip")
    pd.testing.assert_frame_equal(loaded.predict_frame(X), model.predict_frame(X))


class _PowerCut(Callback):
    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if len(net.history) == 2:
            raise OSError("the power is gone")


def test_resumed_to_the_last_bit(folder: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"early_stopping": True, "batch_size": 40, "max_epochs": 4}
    options |= {"dropout": 0.1}
    whole = estimator(**options).fit(source(folder))
    options["checkpoint_dir"] = tmp_path / "checkpoints"
    with pytest.raises(OSError, match="the power is gone"):
        estimator(**options, callbacks=[("cut", _PowerCut())]).fit(source(folder))
    resumed = estimator(**options).fit(source(folder), resume=True)
    assert len(resumed.history_) == 4
    pd.testing.assert_frame_equal(resumed.predict_frame(X), whole.predict_frame(X))


def test_a_checkpoint_is_of_its_files_wherever_they_lie(folder: Path, tmp_path: Path) -> None:
    options: dict[str, Any] = {"checkpoint_dir": tmp_path / "checkpoints", "max_epochs": 3}
    with pytest.raises(OSError, match="the power is gone"):
        estimator(**options, callbacks=[("cut", _PowerCut())]).fit(source(folder))
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other", ROWS.assign(age=ROWS["age"] + 1))
    with pytest.raises(ValueError, match=r"another fit: files of X \(was content"):
        estimator(**options).fit(source(other), resume=True)
    (tmp_path / "same").mkdir()
    moved = write(tmp_path / "same", ROWS)
    resumed = estimator(**options).fit(source(moved), resume=True)
    assert np.isfinite(resumed.predict_frame(X)["spent"]).all()


def test_an_interrupted_fit_is_a_fitted_one(folder: Path) -> None:
    class _Interrupt(Callback):
        def on_batch_end(self, net: Any, **kwargs: Any) -> None:
            if len(net.history) == 2:
                raise KeyboardInterrupt

    model = estimator(batch_size=40, max_epochs=5, callbacks=[("interrupt", _Interrupt())])
    with pytest.raises(KeyboardInterrupt):
        model.fit(source(folder))
    assert np.isfinite(model.predict_frame(X)["spent"]).all()
