"""What is not resumed, not overwritten and not lost, and what the error says."""

from __future__ import annotations

import errno
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from architecture_walk import small
from people import make_people
from power_cut import BUSY, PowerCut, PowerCutError, assert_same, cut_short
from sklearn.model_selection import GridSearchCV

from sklearn_ple import (
    CGCEstimator,
    DWAWeighting,
    MultiTaskSearchCV,
    PLEEstimator,
    Regression,
    mtl_gain_report,
    oof_predict_frame,
)
from sklearn_ple.base import MultiTaskEstimator, SharedParameters
from sklearn_ple.base.fit.identity import MAY_CHANGE, described, fingerprint
from sklearn_ple.base.fit.memory_rows import check_rows_of
from sklearn_ple.features import read_columns
from sklearn_ple.training import CheckpointFolder, checkpoint_files

X, Y = make_people(157)
X_VAL, Y_VAL = make_people(61, seed=1)


def model(folder: Any, cls: type[MultiTaskEstimator] = PLEEstimator, **changes: Any) -> Any:
    return small(cls, **BUSY | {"checkpoint_dir": folder} | changes)


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A directory with a fit that was cut in its third epoch."""
    cut_short(model(tmp_path), 3, X, Y)
    return tmp_path


OTHER: dict[str, Any] = {
    "tasks": {"spent": Regression(loss="huber")},
    "class_weight": {"bought": "balanced"},
    "categorical_features": ["visits"],
    "numeric_encoding": "standard",
    "embedding_dim": 7,
    "tower_widths": (5, 3),
    "activation": "tanh",
    "dropout": 0.2,
    "weighting": DWAWeighting(temperature=3.0),
    "task_weights": None,
    "optimizer": "sgd",
    "lr": 0.02,
    "weight_decay": 0.5,
    "lr_schedule": "constant",
    "batch_size": 31,
    "max_epochs": 6,
    "early_stopping": True,
    "validation_fraction": 0.3,
    "weight_averaging": None,
    "precision": "float64",
    "compile": True,
    "random_state": 1,
}


def test_every_parameter_is_compared_or_may_change() -> None:
    assert set(OTHER) | MAY_CHANGE == set(SharedParameters.__annotations__)


@pytest.mark.parametrize("name", OTHER)
def test_another_parameter(begun: Path, name: str) -> None:
    now = re.escape(described(OTHER[name]))
    with pytest.raises(ValueError, match=rf"of another fit: {name} \(was .*, is {now}\)\. To go"):
        model(begun, **{name: OTHER[name]}).fit(X, Y, resume=True)


def test_a_parameter_of_the_architecture(begun: Path) -> None:
    with pytest.raises(ValueError, match=r"another fit: n_levels \(was 2, is 3\)\. To go on"):
        model(begun, n_levels=3).fit(X, Y, resume=True)


def test_another_architecture(begun: Path) -> None:
    with pytest.raises(ValueError, match="estimator .was .*PLEEstimator, is .*CGCEstimator"):
        model(begun, CGCEstimator).fit(X, Y, resume=True)


OTHER_DATA: dict[str, tuple[Any, str]] = {
    "fewer rows": (
        lambda: {"X": X[:150], "y": Y[:150]},
        r"X \(was 157 rows of 5 columns, is 150 rows of 5 columns\)",
    ),
    "a number": (
        lambda: {"X": X.assign(visits=X["visits"].where(X.index != 70, 99))},
        r"fit: column 'visits' of X \(was content \w+, is content \w+\)\. To",
    ),
    "a gap": (
        lambda: {"X": X.assign(plan=X["plan"].where(X.index != 70, None))},
        r"fit: column 'plan' of X \(was content \w+, is content \w+\)\. To",
    ),
    "a label": (
        lambda: {"y": Y.assign(shade=Y["shade"].where(Y.index != 70, "red"))},
        r"fit: target 'shade' of y \(was content \w+, is content \w+\)\. To",
    ),
    "a name": (
        lambda: {"y": Y.rename(columns={"shade": "tint"})},
        r"target 'shade' of y \(was content \w+, is none\), target 'tint' of y \(was none, is",
    ),
    "rows in another order": (
        lambda: {"X": X[::-1], "y": Y[::-1]},
        r"column 'age' of X .* and \d+ more",
    ),
    "a weight": (
        lambda: {"sample_weight": np.where(np.arange(157) == 70, 2.0, 1.0)},
        r"fit: sample_weight \(was",
    ),
    "rows to stop by": (
        lambda: {"X_val": X_VAL, "y_val": Y_VAL},
        r"fit: X_val \(was not given, is 61 rows of 5 columns\)",
    ),
}


@pytest.mark.parametrize("case", OTHER_DATA)
def test_other_data(begun: Path, case: str) -> None:
    changes, message = OTHER_DATA[case]
    with pytest.raises(ValueError, match=message):
        model(begun).fit(**{"X": X, "y": Y} | changes(), resume=True)


CONTAINERS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "polars": lambda table: pytest.importorskip("polars").from_pandas(table),
    "Arrow": lambda table: pytest.importorskip("pyarrow").Table.from_pandas(table),
    "nullable dtypes": lambda table: table.convert_dtypes(),
    "column by column": lambda table: pd.concat([table[name] for name in table], axis=1),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_data_in_another_container_are_the_same(begun: Path, container: str) -> None:
    """Not how columns lie in memory, but what they hold."""
    x, y = CONTAINERS[container](X), CONTAINERS[container](Y)
    assert_same(model(None).fit(X, Y), model(begun).fit(x, y, resume=True), X)


def test_what_is_and_is_not_the_same_content() -> None:
    def said(values: list[Any], labels: list[Any]) -> list[str]:
        columns = read_columns(pd.DataFrame({"a": values}))
        found = fingerprint(check_rows_of(columns, labels, None), None)
        return [found["column 'a' of X"], found["target 'y0' of y"]]

    numbers, texts = [0.0, math.nan, 2.0, 3.0], ["a", None, "b", "c"]
    assert said(numbers, texts) == said([-0.0, -math.nan, 2, 3], texts)
    same = said(numbers, texts)
    for k in range(4):
        other_number, other_text = numbers.copy(), texts.copy()
        other_number[k], other_text[k] = 7.0, "d"
        assert said(other_number, texts)[0] != same[0]
        assert said(numbers, other_text)[1] != same[1]
        assert said(other_text, texts)[0] != said(texts, texts)[0]
    assert said(numbers[::-1], texts[::-1]) != same


def test_a_random_state_object_in_another_state(tmp_path: Path) -> None:
    cut_short(model(tmp_path, random_state=np.random.RandomState(3)), 3, X, Y)
    with pytest.raises(ValueError, match=r"random_state \(was a RandomState, \w+, is a RandomSt"):
        model(tmp_path, random_state=np.random.RandomState(4)).fit(X, Y, resume=True)


def test_a_fit_that_went_on_from_another_is_not_begun_anew(tmp_path: Path) -> None:
    first = model(None, warm_start=True).fit(X, Y).set_params(checkpoint_dir=tmp_path)
    cut_short(first, 8, X, Y)
    with pytest.raises(ValueError, match=r"begins \(was after epoch 5, with weights \w+, is anew"):
        model(tmp_path, warm_start=True).fit(X, Y, resume=True)


def test_refused_checkpoints_stay_as_they_are(begun: Path) -> None:
    before = {file.name: file.read_bytes() for file in begun.glob("*.pt")}
    for settings, options in (({"lr": 0.5}, {"resume": True}), ({}, {}), ({"lr": 0.5}, {})):
        with pytest.raises(ValueError, match=r"of another fit|was stopped after epoch 2"):
            model(begun, **settings).fit(X, Y, **options)
    assert {file.name: file.read_bytes() for file in begun.glob("*.pt")} == before
    assert_same(model(None).fit(X, Y), model(begun).fit(X, Y, resume=True), X)


def test_a_fit_that_was_stopped_is_not_overwritten(begun: Path) -> None:
    with pytest.raises(ValueError, match=r"after epoch 2, and would be lost\. Go on with fit\(.*"):
        model(begun).fit(X, Y)


def test_a_fit_that_ended_is_replaced(tmp_path: Path) -> None:
    model(tmp_path, max_epochs=5).fit(X, Y)
    model(tmp_path, max_epochs=2).fit(X, Y)
    assert [file.name for file in CheckpointFolder(tmp_path).files()] == [
        "epoch-000001.pt",
        "epoch-000002.pt",
    ]


def test_checks_of_the_rows_come_before_anything_is_replaced(tmp_path: Path) -> None:
    model(tmp_path).fit(X, Y)
    before = {file.name: file.read_bytes() for file in tmp_path.glob("*.pt")}
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model(tmp_path).fit(X, Y[:70])
    assert {file.name: file.read_bytes() for file in tmp_path.glob("*.pt")} == before


def test_resume_without_a_directory() -> None:
    with pytest.raises(ValueError, match="nothing to go on from: checkpoint_dir is None"):
        model(None).fit(X, Y, resume=True)


@pytest.mark.parametrize("value", [3, True, b"run"])
def test_what_is_no_path(value: Any) -> None:
    with pytest.raises(ValueError, match="'checkpoint_dir' parameter"):
        model(value).fit(X, Y)


def test_the_one_before_a_damaged_one(begun: Path) -> None:
    newest = CheckpointFolder(begun).files()[-1]
    newest.write_bytes(newest.read_bytes()[:-100])
    with pytest.warns(UserWarning, match=rf"Checkpoint {re.escape(str(newest))} is passed over"):
        one = model(begun).fit(X, Y, resume=True)
    assert_same(model(None).fit(X, Y), one, X)


def test_if_none_is_whole_that_is_an_error(begun: Path) -> None:
    """A fresh start would hide that hours of work are gone, and remove what might be mended."""
    files = CheckpointFolder(begun).files()
    for file in files:
        file.write_bytes(b"")
    with (
        pytest.warns(UserWarning, match="is passed over"),
        pytest.raises(ValueError, match=r"can be read, of \['epoch-000001.pt', 'epoch-000002.pt'"),
    ):
        model(begun).fit(X, Y, resume=True)
    assert CheckpointFolder(begun).files() == files


def test_without_resume_damaged_ones_are_replaced(begun: Path) -> None:
    for file in CheckpointFolder(begun).files():
        file.write_bytes(b"")
    with pytest.warns(UserWarning, match="is passed over"):
        model(begun).fit(X, Y)
    assert CheckpointFolder(begun).read_newest()["epochs_done"] == 5


def test_other_circumstances_are_a_warning(begun: Path) -> None:
    newest = CheckpointFolder(begun).files()[-1]
    state = torch.load(newest, weights_only=True)
    circumstances = state["circumstances"] | {"torch": "1.0", "threads": "4"}
    torch.save(state | {"circumstances": circumstances}, newest)
    with pytest.warns(UserWarning, match=r"torch \(was 1.0, is .*threads \(was 4, is 1\).*very sa"):
        one = model(begun).fit(X, Y, resume=True)
    assert_same(model(None).fit(X, Y), one, X)


def test_a_directory_that_is_in_use(tmp_path: Path) -> None:
    with (
        CheckpointFolder(tmp_path),
        pytest.raises(ValueError, match="belongs to another fit, which still runs"),
    ):
        model(tmp_path).fit(X, Y)
    model(tmp_path).fit(X, Y)


def test_a_place_that_cannot_be_written_to_is_an_error_before_training(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(OSError, match="checkpoint_dir='.*run' can't be written to"):
        model(tmp_path / "a file" / "run", callbacks=[PowerCut(1)]).fit(X, Y)


def test_a_disk_without_room_is_an_error_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = checkpoint_files.shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(checkpoint_files.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OSError, match="has 0.0 MB of free space, and 3 checkpoints take 0.* MB"):
        model(tmp_path, callbacks=[PowerCut(1)]).fit(X, Y)


def test_a_disk_that_fills_up_is_a_warning_and_the_fit_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epochs 3 and 4 can't be written; 2 stays whole until 5 is there."""
    save = torch.save

    def full_for_a_while(state: Any, file: Any) -> None:
        if state["epochs_done"] in (3, 4):
            file.write(b"PK half of it")
            raise OSError(errno.ENOSPC, "No space left on device")
        save(state, file)

    monkeypatch.setattr(checkpoint_files.torch, "save", full_for_a_while)
    with pytest.warns(RuntimeWarning, match=r"after epoch \d could not be .* left on device") as w:
        one = model(tmp_path).fit(X, Y)
    assert [re.search(r"epoch (\d)", str(each.message))[1] for each in w] == ["3", "4"]
    assert_same(model(None).fit(X, Y), one, X)
    assert [file.name for file in CheckpointFolder(tmp_path).files()] == [
        "epoch-000002.pt",
        "epoch-000005.pt",
    ]


def test_history_that_is_no_data_is_no_reason_to_end_a_fit(tmp_path: Path) -> None:
    class Set(PowerCut):
        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            net.history.record("mine", {1})

    with pytest.warns(UserWarning, match=r"can't keep .* 'mine' \(a set\)"):
        one = model(tmp_path, callbacks=[Set(9)]).fit(X, Y)
    assert one.history_["mine"].notna().all()
    assert one.predict_frame(X).equals(model(None).fit(X, Y).predict_frame(X))


def test_a_search_in_one_process_leaves_the_last_fit(tmp_path: Path) -> None:
    """One directory, one fit at a time: each that ended gives way to the next."""
    search = GridSearchCV(model(tmp_path, max_epochs=2), {"lr": [0.01, 0.02]}, cv=2)
    search.fit(X, Y)
    again = model(tmp_path, max_epochs=2, callbacks=[PowerCut(1)], **search.best_params_)
    assert_same(search.best_estimator_, again.fit(X, Y, resume=True), X)


def test_fits_by_the_dozen_keep_none(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    settings = {"max_epochs": 1, "checkpoint_dir": folder}
    net = small(PLEEstimator, **settings)
    oof_predict_frame(net, X, Y, cv=2)
    search = MultiTaskSearchCV(net, {"lr": [0.01, 0.02]}, n_trials=2, cv=2, refit=False)
    search.fit(X, Y)
    mtl_gain_report({"PLE": net}, X, Y, cv=2, n_bootstrap=2, progress=False)
    assert not folder.exists()


def test_the_refit_of_a_search_keeps_some(tmp_path: Path) -> None:
    net = small(PLEEstimator, max_epochs=2, checkpoint_dir=tmp_path)
    search = MultiTaskSearchCV(net, {"lr": [0.01, 0.02]}, n_trials=2, cv=2, random_state=0)
    search.fit(X, Y)
    assert len(CheckpointFolder(tmp_path).files()) == 2
    assert search.best_estimator_.checkpoint_dir == tmp_path


def test_an_error_gives_the_directory_back(begun: Path) -> None:
    with pytest.raises(PowerCutError):
        model(begun, callbacks=[PowerCut(4)]).fit(X, Y, resume=True)
    with CheckpointFolder(begun) as folder:
        assert folder.read_newest()["epochs_done"] == 3
