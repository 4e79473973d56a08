"""The page on searches: gains are those of the rows, paired by seed, and epochs add up."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

with pytest.MonkeyPatch.context() as patched:
    patched.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    search, search_report = map(importlib.import_module, ("search", "search_report"))

DEFAULTS, SEARCH, UNPRUNED = "defaults", "search", "search, nothing pruned"
FOLDS = "search, four folds"


def row(net: tuple[str, str], variant: str, seed: int, mean: float, epochs: int | None) -> Any:
    """One run; a search's best trial is 0.05 ahead of its first."""
    promised = {} if epochs is None else {"best_score": 0.55, "first_score": 0.5}
    return {
        "set": net[0],
        "architecture": net[1],
        "variant": variant,
        "seed": seed,
        "n_trials": 40 * (variant != DEFAULTS),
        "mean": mean,
        "epochs_searched": epochs,
        "n_train": 80,
        "n_test": 20,
        "machine": "one machine",
        "torch": "2.13.0",
        "date": "2026-11-24",
    } | promised


def runs() -> list[dict[str, Any]]:
    """Two nets that have all variants on two seeds, and one that has them by halves."""
    whole = [
        row(net, variant, seed, means[seed], epochs)
        for net in (("one", "PLE"), ("one", "MMOE"))
        for variant, epochs, means in (
            (DEFAULTS, None, (0.5, 0.6)),
            (SEARCH, 60, (0.52, 0.63)),
            (UNPRUNED, 100, (0.53, 0.62)),
            (FOLDS, 140, (0.54, 0.65)),
        )
        for seed in (0, 1)
    ]
    by_halves = [
        row(("two", "PLE"), DEFAULTS, 0, 0.4, None),
        row(("two", "PLE"), SEARCH, 0, 0.41, 50),
        row(("two", "PLE"), DEFAULTS, 1, 0.9, None),
        row(("two", "PLE"), UNPRUNED, 1, 0.9, 80),
    ]
    return by_halves + whole


@pytest.fixture
def tables(tmp_path: Path) -> list[dict[tuple[str, ...], list[str]]]:
    """Of each table on the page, the cells behind what tells its rows apart."""
    results = tmp_path / "search.jsonl"
    results.write_text("\n".join(json.dumps(each) for each in runs()))
    search_report.write_report(results)
    written = results.with_suffix(".md").read_text()
    assert written.startswith("# 40 trials against the defaults")
    found: list[dict[tuple[str, ...], list[str]]] = []
    for line in written.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "set":
            found.append({})
            n_keys = cells.index("seeds")
        elif line.startswith("|") and cells[0] != "---":
            found[-1][tuple(cells[:n_keys])] = cells[n_keys:]
    return found


@pytest.mark.parametrize("architecture", ["MMOE", "PLE"])
def test_a_search_gains_what_its_rows_gain_over_the_defaults(
    tables: Any, architecture: str
) -> None:
    gains, _ = tables
    for scored, mean, gained, epochs in (
        ("one quarter", "0.5750", "+25.0", "60"),
        ("four folds", "0.5950", "+45.0", "140"),
    ):
        cells = gains["one", architecture, scored]
        assert [*cells[:4], *cells[5:]] == ["2", "1", "0.5500", mean, "+50.0", epochs]
        assert cells[4].startswith(f"{gained} ± ")


def test_rows_are_by_set_and_architecture(tables: Any) -> None:
    gains, pruning = tables
    ways = ("one quarter", "four folds")
    nets = [("one", "MMOE"), ("one", "PLE")]
    assert list(gains) == [(*net, way) for net in nets for way in ways] + [
        ("two", "PLE", "one quarter")
    ]
    assert list(pruning) == nets


def test_pruning_is_judged_against_the_same_searches_unpruned(tables: Any) -> None:
    _, pruning = tables
    for architecture in ("MMOE", "PLE"):
        seeds, fits, whole, pruned, saved, gain = pruning["one", architecture]
        assert (seeds, fits, whole, pruned, saved) == ("2", "1", "100", "60", "40%")
        assert gain.startswith("+0.0 ± ")


def test_only_seeds_that_have_both_variants_count(tables: Any) -> None:
    gains, _ = tables
    cells = gains["two", "PLE", "one quarter"]
    assert cells == ["1", "1", "0.4000", "0.4100", "+10.0", "+50.0", "50"]


def test_a_figure_is_the_mean_of_all_fits_of_what_was_found() -> None:
    frame = pd.DataFrame(runs())
    again = frame[frame["variant"] == SEARCH]
    refits = pd.concat([again.assign(mean=again["mean"] + more) for more in (0.01, 0.08)])
    averaged = search_report.averaged(frame, refits)

    def of(set_: str, variant: str, column: str) -> list[float]:
        is_run = (averaged["set"] == set_) & (averaged["variant"] == variant)
        return averaged[is_run & (averaged["architecture"] == "PLE")][column].tolist()

    assert of("one", SEARCH, "mean") == pytest.approx([0.55, 0.66])
    assert of("one", DEFAULTS, "mean") == pytest.approx([0.5, 0.6])
    assert of("two", SEARCH, "fits") == [3]
    assert len(averaged) == len(frame)


def test_texts_of_what_was_found_are_values_again() -> None:
    found = {"lr": 0.003, "expert_widths": (64, 32), "weighting": "static", "task_weights": None}
    found |= {"expert_norm": True, "tower_widths": (), "n_levels": 2}
    row = {"best_params": {name: str(value) for name, value in found.items()}}
    assert search.parameters(row) == found
    assert search.parameters({}) == {}
