"""Labels of a target in one pass stand for all rows: kinds, classes, means and deviances."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sklearn_ple.sources import LabelDigest, as_targets
from sklearn_ple.tasks import Count, Regression, TaskSet, read_targets, resolve_tasks

N = 20_011
RNG = np.random.default_rng(0)
COLUMNS: dict[str, Any] = {
    "floats": RNG.normal(size=N),
    "few floats": RNG.integers(9, size=N) / 4,
    "with gaps": np.where(RNG.random(N) < 0.3, np.nan, RNG.normal(7, 3, N)),
    "0 and 1": RNG.integers(2, size=N),
    "0.0 and 1.0 with gaps": np.where(RNG.random(N) < 0.3, np.nan, RNG.integers(2, size=N)),
    "whole numbers": RNG.integers(30, 41, size=N),
    "small integers": RNG.integers(5, size=N).astype(np.int8),
    "booleans": RNG.random(N) < 0.3,
    "text": RNG.choice(["no", "yes", "perhaps"], N),
    "text with gaps": pd.Series(RNG.choice(["no", "yes", None], N)),
    "booleans with gaps": pd.Series(RNG.choice([True, False, None], N), dtype=object),
    "category": pd.Series(pd.Categorical(RNG.choice(list("xyz"), N))),
    "one constant": np.full(N, 3.5),
    "counts": RNG.poisson(50, N),
    "very many counts": RNG.integers(10**7, size=N),
    "large integers": RNG.integers(2**60, 2**60 + 9, size=N),
    "large integers with gaps": pd.array(
        [None if i % 5 == 0 else 2**60 + i % 7 * 512 for i in range(N)], dtype="Int64"
    ),
    "large, unsigned": RNG.integers(2**63 - 4, 2**63 + 4, size=N, dtype=np.uint64),
    "large and small": RNG.choice([-(2**53) - 1, -1, 2**53, 2**53 + 1], N),
    "very many large integers": RNG.integers(2**60, 2**62, size=N),
}


def _targets(name: str) -> Any:
    return read_targets(pd.DataFrame({"y": COLUMNS[name]}))


def _digested(name: str, weight: np.ndarray, n_parts: int = 13) -> tuple[Any, np.ndarray]:
    digest = LabelDigest("y")
    frame = pd.DataFrame({"y": COLUMNS[name]})
    cuts = np.linspace(0, N, n_parts + 1).astype(int)
    for start, stop in pairwise(cuts):
        digest.add(read_targets(frame.iloc[start:stop]).columns[0], weight[start:stop])
    declared = _targets(name).declared_categorical
    return as_targets([digest], is_1d=False, declared_categorical=declared)


@pytest.mark.filterwarnings("ignore::sklearn_ple.TaskInferenceWarning")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", COLUMNS)
def test_tasks_fitted_to_the_digest_are_those_of_all_rows(name: str, weighted: bool) -> None:
    weight = np.random.default_rng(1).uniform(0.5, 3, N) if weighted else np.ones(N)
    rows, (digest, its) = _targets(name), _digested(name, weight)
    kinds = resolve_tasks("auto", digest)
    assert kinds == resolve_tasks("auto", rows)
    (got,) = TaskSet.fit(kinds, digest, its)
    (expected,) = TaskSet.fit(kinds, rows, weight[:, None])
    np.testing.assert_allclose(got.baseline_, expected.baseline_, rtol=1e-9)
    assert got.null_deviance_ == pytest.approx(expected.null_deviance_, rel=1e-9)
    if expected.classes_ is not None:
        assert got.classes_.dtype == expected.classes_.dtype
        assert got.classes_.tolist() == expected.classes_.tolist()
        assert list(map(type, got.classes_)) == list(map(type, expected.classes_))
    if isinstance(expected, Regression):
        np.testing.assert_allclose(
            [got.mean_, got.scale_], [expected.mean_, expected.scale_], rtol=1e-9
        )


@pytest.mark.parametrize("name", ["counts", "very many counts", "few floats"])
def test_counts(name: str) -> None:
    (digest, its), rows = _digested(name, np.ones(N)), _targets(name)
    (got,) = TaskSet.fit([Count()], digest, its)
    (expected,) = TaskSet.fit([Count()], rows, np.ones((N, 1)))
    np.testing.assert_allclose(got.baseline_, expected.baseline_, rtol=1e-9)
    assert got.null_deviance_ == pytest.approx(expected.null_deviance_, rel=1e-4)


def test_columns_of_different_lengths_become_one_table() -> None:
    one, other, none = LabelDigest("one"), LabelDigest("other"), LabelDigest("none")
    one.add(np.array([2, 5, 5, 3]), np.array([1.0, 2.0, 4.0, 3.0]))
    other.add(np.array(["no", None, "no"], dtype=object), np.ones(3))
    none.add(np.full(3, np.nan), np.ones(3))
    targets, weight = as_targets([one, other, none], is_1d=False, declared_categorical=[False] * 3)
    assert targets.columns[0].tolist() == [2, 3, 5]
    assert targets.columns[0].dtype == np.int64
    assert weight[:, 0].tolist() == [1, 3, 6]
    assert weight[:, 1].tolist() == [2, 0, 0]
    assert weight[:, 2].sum() == 0


def test_large_integers_are_counted_up_to_a_limit() -> None:
    few, many = LabelDigest("few"), LabelDigest("many")
    for start in (0, 10_000):
        few.add(2**60 + np.arange(10_000), np.ones(10_000))
        many.add(2**60 + start + np.arange(10_000), np.ones(10_000))
    assert few.is_exact
    assert len(few.labels()[0]) == 10_000
    assert not many.is_exact
    assert many.labels()[1].sum() == 20_000


def test_large_integers_beside_fractions_are_floats_as_in_memory() -> None:
    digest = LabelDigest("y")
    digest.add(np.array([2**60 + 1, 2**60 + 2, 7]), np.array([1.0, 2.0, 4.0]))
    digest.add(np.array([0.5]), np.ones(1))
    labels, weight = digest.labels()
    assert labels.tolist() == [0.5, 7.0, 2.0**60]
    assert weight.tolist() == [1, 4, 3]


def test_infinity_is_named() -> None:
    with pytest.raises(ValueError, match="Target 'price' holds infinity"):
        LabelDigest("price").add(np.array([1.0, np.inf]), np.ones(2))


def test_text_beside_numbers_is_the_tasks_to_complain_of() -> None:
    digest = LabelDigest("y")
    digest.add(np.array([1, 2]), np.ones(2))
    digest.add(np.array(["a", "b"], dtype=object), np.ones(2))
    targets, weight = as_targets([digest], is_1d=True, declared_categorical=[False])
    with warnings.catch_warnings(), pytest.raises(ValueError, match="mix types"):
        TaskSet.fit(resolve_tasks("auto", targets), targets, weight)
