"""Pages of studies: figures in their tables are those of the rows, compared with a hand's work."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

with pytest.MonkeyPatch.context() as patched:
    patched.syspath_prepend(str(Path(__file__).resolve().parents[2] / "benchmarks"))
    synthetic_report, real_report, sparse_report, study_page = (
        importlib.import_module(each)
        for each in ("synthetic_report", "real_report", "sparse_report", "study_page")
    )

STAMP = {"machine": "one machine", "torch": "2.13.0", "threads": 1, "date": "2026-11-24"}


def synthetic_rows() -> list[dict[str, Any]]:
    """Squared errors of 0.5 and 0.8 alone; 0.1 and 0.2 less in PLE, whose seeds differ by 0.01."""
    lower = {
        "SingleTask": (0, 0),
        "SharedBottom": (0, -0.1),
        "MMOE": (0.05, 0.1),
        "PLE": (0.1, 0.2),
    }
    return [
        {"scheme": scheme, "correlation": correlation, "seed": seed, "n_train": n_train}
        | {"mse": [0.5 - first + 0.01 * seed * bool(first), 0.8 - second], "variance": [2.0, 4.0]}
        | {"n_parameters": 1234, "lr": 0.001, "dropout": 0.0}
        | STAMP
        for n_train in (100, 1_400_000)
        for seed in (0, 1, 2)
        for correlation in (0.2, 1.0)
        for scheme, (first, second) in lower.items()
    ]


def real_rows() -> list[dict[str, Any]]:
    """Two tasks; PLE gains 0.02 in one and loses 0.01 in the other, on each of three splits."""
    above = {"boosting": (0.05, 0.0), "SingleTask": (0, 0), "PLE": (0.02, -0.01)}
    return [
        {"set": name, "scheme": scheme, "seed": seed, "n_train": 80, "n_test": 20, "seconds": 3.0}
        | {"figures": {"a": 0.5 + first + 0.1 * seed, "b": 0.25 + second}}
        | STAMP
        for name in ("one", "two", "one, official split")
        for seed in (0, 1, 2)
        for scheme, (first, second) in above.items()
    ]


def written(report: Any, rows: list[dict[str, Any]], folder: Path, *more: Any) -> str:
    results = folder / "study.jsonl"
    results.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    report.write_report(results, *more)
    assert results.with_suffix(".png").stat().st_size > 10_000
    return results.with_suffix(".md").read_text()


def cells(page: str, *first: str) -> list[str]:
    """The cells of the row of a table that begins with these."""
    start = f"| {' | '.join(first)} |"
    (line,) = [line for line in page.splitlines() if line.startswith(start)]
    return [cell.strip() for cell in line.removeprefix(start).strip("|").split("|")]


def test_a_synthetic_page_has_gains_in_r2_and_in_squared_error(tmp_path) -> None:
    points = dict.fromkeys(("SingleTask", "SharedBottom", "MMOE", "PLE"), (1e-3, 0.0))
    page = written(synthetic_report, synthetic_rows(), tmp_path, points)
    # Task 1 of PLE: (0.1 - 0.01 * mean seed) / 2; task 2: 0.2 / 4, without any spread.
    gains = cells(page, "PLE", "task 1")
    assert [gain.strip("*").partition(" ")[0] for gain in gains] == ["+45.0", "+45.0"]
    assert cells(page, "PLE", "task 2") == ["**+50.0 ± 0.0**"] * 2
    assert cells(page, "SharedBottom", "task 2") == ["**-25.0 ± 0.0**"] * 2
    assert cells(page, "SharedBottom", "task 1") == ["+0.0 ± 0.0"] * 2
    assert "SharedBottom -0.1000, MMOE +0.1400, PLE +0.2900. PLE over MMOE: 2.07" in page
    assert "one machine, torch 2.13.0, 2026-11-24" in page
    assert "seeds 0 to 2" in page


def test_the_tuning_seed_judges_nothing() -> None:
    rows = synthetic_rows()
    tuning = [row | {"seed": synthetic_report.TUNING_SEED, "mse": [9.0, 9.0]} for row in rows]
    assert synthetic_report.tidy(rows + tuning).equals(synthetic_report.tidy(rows))


def test_a_real_page_compares_with_the_twin_and_with_boosting(tmp_path) -> None:
    page = written(real_report, real_rows(), tmp_path, {"two": {"max_epochs": 7}})
    for name in ("one", "two"):
        section = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
        # (0.02 - 0.01) / 2 over the twin; (0.02 - 0.05 - 0.01) / 2 over boosting.
        assert cells(section, "PLE") == ["0.4300", "**+5.0 ± 0.0**", "1 / 1", "**-20.0 ± 0.0**"]
        assert cells(section, "SingleTask")[1:] == ["-", "-", "**-25.0 ± 0.0**"]
        assert cells(section, "boosting")[3] == "-"
    assert cells(page.partition("official split")[2], "PLE")[:2] == ["0.6200", "0.2400"]
    assert "`max_epochs=7`" in page.partition("## two")[2]
    assert "max_epochs" not in page.partition("## two")[0]


def test_a_sparse_page_has_the_gain_of_each_share(tmp_path) -> None:
    schemes = {"boosting": 0.0, "SingleTask": 0.01, "SharedBottom": 0.03, "MMOE": 0.0, "PLE": 0.05}
    rows = [
        {"set": name, "share": share, "scheme": scheme, "seed": seed, "n_labels": 9}
        | {"figures": {"income": 0.8 - 0.1 * share + above * share + 0.01 * seed, "hours": 0.3}}
        | STAMP
        for seed in (0, 1, 2)
        for name in ("adult", "census, 50 rows")
        for share in (0.9, 0.5)
        for scheme, above in schemes.items()
    ]
    page = written(sparse_report, rows, tmp_path)
    for name in ("adult", "census, 50 rows"):
        assert cells(page, name, "50%", "PLE") == ["**+20.0 ± 0.0**", "**+25.0 ± 0.0**"]
        assert cells(page, name, "90%", "PLE") == ["**+36.0 ± 0.0**", "**+45.0 ± 0.0**"]
        assert cells(page, name, "90%", "MMOE") == ["**-9.0 ± 0.0**", "+0.0 ± 0.0"]
    section = page.partition("## adult\n")[2].partition("\n## ")[0]
    spread = np.std([0.0, 0.01, 0.02], ddof=1)
    assert cells(section, "90%", "boosting") == [f"0.7200 ± {spread:.4f}", "0.3000 ± 0.0000"]


def test_an_interval_that_leaves_out_zero_is_bold() -> None:
    row = {"gain": 0.0123, "holm_high": 0.0145, "verdict": "improved"}
    assert study_page.gain_cell(row) == "**+12.3 ± 2.2**"
    assert study_page.gain_cell(row | {"verdict": "no evidence"}) == "+12.3 ± 2.2"
