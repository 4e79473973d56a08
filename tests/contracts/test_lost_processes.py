"""A process that leaves a shared fit ends it in all others at once, with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import launching
import pytest

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("lost_processes.py")
WAYS = ("raises", "bad rows", "other rows", "other settings", "interrupted", "nothing", "killed")
SECONDS = 15
Seen = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    """By process, what each fit raised."""
    folder = tmp_path_factory.mktemp("lost")
    launching.run_as_group(3, SCRIPT, [str(folder), *WAYS], lost=[1])
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(3)]


@pytest.mark.parametrize("rank", [0, 2])
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raises", "process 1 raised LookupError: the table has no such page"),
        ("bad rows", "process 1 raised ValueError: "),
        ("interrupted", "process 1 raised KeyboardInterrupt. "),
        ("killed", "process 1 is gone"),
    ],
)
def test_the_others_end_within_seconds_and_say_who_left_and_why(
    seen: list[Seen], rank: int, how: str, reason: str
) -> None:
    ended = seen[rank][how]
    assert ended["raised"] == "ProcessGroupError"
    assert reason in ended["message"]
    assert ended["message"].count(" raised ") <= 1, "who only lost another is named too"
    assert ended["late"] < SECONDS


def test_who_left_raises_its_own_error(seen: list[Seen]) -> None:
    raised = [seen[1][how]["raised"] for how in ("raises", "bad rows", "interrupted")]
    assert raised == ["LookupError", "ValueError", "KeyboardInterrupt"]


@pytest.mark.parametrize("how", ["other rows", "other settings"])
def test_processes_that_were_given_something_else_all_say_what(seen: list[Seen], how: str) -> None:
    name = {"other rows": "column 'a' of X", "other settings": "lr"}[how]
    for of_rank in seen:
        assert of_rank[how]["raised"] == "ProcessGroupError"
        assert f"They differ in {name}: process 0 has" in of_rank[how]["message"]


def test_a_fit_that_failed_leaves_the_processes_able_to_share_the_next(seen: list[Seen]) -> None:
    assert [of_rank["nothing"]["raised"] for of_rank in seen] == [None, None, None]
