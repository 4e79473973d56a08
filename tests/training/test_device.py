"""Which device a name means, on machines with other devices than this one too."""

from __future__ import annotations

import pytest
import torch

from sklearn_ple.architectures import SharedBottomRegressor
from sklearn_ple.training import available_devices, device, dtype_of, resolve_device

MACHINES = {
    "no GPU": ["cpu"],
    "two GPUs": ["cpu", "cuda:0", "cuda:1"],
    "a Mac": ["cpu", "mps"],
}


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> object:
    def machine(name: str) -> None:
        monkeypatch.setattr(device, "available_devices", lambda: MACHINES[name])

    return machine


@pytest.mark.parametrize(
    ("machine", "name", "resolved"),
    [
        ("no GPU", "auto", "cpu"),
        ("no GPU", "cpu", "cpu"),
        ("two GPUs", "auto", "cuda:0"),
        ("two GPUs", "cuda", "cuda:0"),
        ("two GPUs", "cuda:1", "cuda:1"),
        ("two GPUs", "cpu", "cpu"),
        ("a Mac", "auto", "mps"),
        ("a Mac", "mps", "mps"),
    ],
)
def test_resolved(on: object, machine: str, name: str, resolved: str) -> None:
    on(machine)
    assert str(resolve_device(name)) == resolved


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ("no GPU", "cuda"),
        ("no GPU", "cuda:9"),
        ("no GPU", "mps"),
        ("two GPUs", "cuda:9"),
        ("two GPUs", "mps"),
        ("a Mac", "cuda:0"),
        ("two GPUs", "toaster"),
        ("two GPUs", ""),
    ],
)
def test_what_is_not_there_is_refused_with_a_list_of_what_is(
    on: object, machine: str, name: str
) -> None:
    on(machine)
    with pytest.raises(ValueError, match=f"device='{name}'") as refused:
        resolve_device(name)
    assert str(MACHINES[machine]) in str(refused.value)


def test_a_mac_has_no_double_precision(on: object) -> None:
    on("a Mac")
    with pytest.raises(ValueError, match="no float64"):
        resolve_device("mps", "float64")
    assert str(resolve_device("auto", "float64")) == "cpu"
    assert str(resolve_device("mps", "bf16-mixed")) == "mps"


def test_fit_refuses_and_lists() -> None:
    with pytest.raises(ValueError, match="cuda:99.*'cpu'"):
        SharedBottomRegressor(device="cuda:99").fit([[0.0], [1.0]], [0.0, 1.0])


def test_fit_resolves_auto_into_device_and_leaves_the_parameter() -> None:
    model = SharedBottomRegressor(device="auto", max_epochs=1, random_state=0)
    model.fit([[0.0], [1.0]], [0.0, 1.0])
    assert model.device == "auto"
    assert model.device_ == str(resolve_device("auto"))


def test_there_is_always_a_cpu() -> None:
    assert available_devices()[0] == "cpu"


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("float32", torch.float32), ("float64", torch.float64), ("bf16-mixed", torch.float32)],
)
def test_dtype_of_parameters(precision: str, dtype: torch.dtype) -> None:
    assert dtype_of(precision) == dtype
    model = SharedBottomRegressor(
        precision=precision, max_epochs=1, random_state=0, device="cpu"
    ).fit([[0.0], [1.0]], [0.0, 1.0])
    assert {p.dtype for p in model.module_.parameters()} == {dtype}
