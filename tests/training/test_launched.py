"""When processes share a fit, and which device each takes."""

from __future__ import annotations

import pytest
import torch

from sklearn_ple.training import launched, own_device, process_group


def test_a_process_alone_shares_with_nobody() -> None:
    with process_group() as group:
        assert group is None


@pytest.mark.parametrize("size", ["1", "2"])
def test_one_process_and_a_worker_of_a_process_make_no_group(
    size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", size)
    monkeypatch.setattr(launched, "parent_process", object)
    with process_group() as group:
        assert group is None
        assert not torch.distributed.is_initialized()


@pytest.mark.parametrize(
    ("device", "local_rank", "taken"),
    [
        ("auto", "2", "cuda:2"),
        ("cuda", "1", "cuda:1"),
        ("auto", "4", "cuda:1"),  # more processes than GPUs
        ("auto", None, "cuda:0"),
        ("cuda:0", "2", "cuda:0"),
        ("cpu", "2", "cpu"),
    ],
)
def test_every_process_of_a_host_takes_a_gpu_of_its_own(
    device: str, local_rank: str | None, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    if local_rank is not None:
        monkeypatch.setenv("LOCAL_RANK", local_rank)
    assert own_device(device) == taken


@pytest.mark.parametrize(("device", "taken"), [("auto", "cpu"), ("mps", "mps"), ("cuda", "cuda")])
def test_without_a_gpu_all_but_auto_stays_what_was_asked_for(
    device: str, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert own_device(device) == taken
