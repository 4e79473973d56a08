"""From a DataFrame to the encoded vector: look-ups against interpolation and loops over levels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_ple.features import FeatureTable, read_columns
from sklearn_ple.nn import FeatureEncoder

N_FIT, N_NEW = 61, 13
NUMBER_WIDTH, CATEGORY_WIDTH = 4, 3
COLOURS = ["blue", "green", "red"]
CITIES = ["a", "b", "c", "d", "e", "f", "g"]


def _frame(n: int, seed: int) -> pd.DataFrame:
    """Numbers with and without gaps, a constant, a small and a large category."""
    rng = np.random.default_rng(seed)
    gaps = rng.normal(size=n)
    gaps[rng.random(n) < 0.3] = np.nan
    return pd.DataFrame(
        {
            "plain": rng.normal(size=n),
            "colour": pd.Categorical(rng.choice(COLOURS, size=n)),
            "gaps": gaps,
            "constant": np.full(n, 2.5),
            "city": rng.choice(CITIES, size=n),
            "whole": rng.integers(0, 5, size=n) ** 2,
        }
    )


@pytest.fixture
def seen() -> pd.DataFrame:
    return _frame(N_FIT, 0)


@pytest.fixture
def new(seen: pd.DataFrame) -> pd.DataFrame:
    """Rows within the knots, but with levels that fit never saw."""
    frame = _frame(N_NEW, 1)
    for name in ("plain", "gaps"):
        frame[name] = frame[name].clip(seen[name].min(), seen[name].max())
    frame["colour"] = frame["colour"].astype(object)
    frame.loc[[2, 5], "colour"] = ["violet", "white"]
    frame.loc[[5, 7], "city"] = ["x", "y"]
    return frame


def _table(seen: pd.DataFrame, encoding: str) -> FeatureTable:
    return FeatureTable.fit(
        read_columns(seen), np.ones(N_FIT), categorical=[1, 4], encoding=encoding
    )


def _encoder(table: FeatureTable) -> FeatureEncoder:
    """With every weight a random number, in float64."""
    encoder = FeatureEncoder(
        **table.sizes(),
        number_width=NUMBER_WIDTH,
        category_width=CATEGORY_WIDTH,
    ).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.normal_(generator=generator)
    return encoder


def _encode(encoder: FeatureEncoder, table: FeatureTable, frame: pd.DataFrame) -> np.ndarray:
    prepared = table.prepare(read_columns(frame), np.float64)
    tensors = {name: torch.from_numpy(array) for name, array in prepared.items()}
    with torch.no_grad():
        return encoder(**tensors).numpy()


def _knot_vectors(encoder: FeatureEncoder, table: FeatureTable) -> list[np.ndarray]:
    """Per feature (knots, width): local value plus all increments up to the knot, by loops."""
    assert encoder.knots is not None
    values = encoder.knots.values.detach().numpy()
    increments = encoder.knots.increments.detach().numpy()
    vectors, row = [], 0
    for knots in table.knots:
        running, each = np.zeros(NUMBER_WIDTH), []
        for _ in knots:
            running = running + increments[row]
            each.append(values[row] + running)
            row += 1
        vectors.append(np.array(each))
    return vectors


def _interpolated(x: float, knots: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return np.array([np.interp(x, knots, column) for column in vectors.T])


def _by_level(weights: np.ndarray, levels: list[str], seen: pd.Series, value: str) -> np.ndarray:
    """A known level's row; the mean over training rows otherwise."""
    if value in levels:
        return weights[levels.index(value)]
    return np.mean([weights[levels.index(each)] for each in seen], axis=0)


def test_piecewise_linear_numbers(seen: pd.DataFrame, new: pd.DataFrame) -> None:
    table = _table(seen, "piecewise_linear")
    encoder = _encoder(table)
    encoded = _encode(encoder, table, new)
    vectors = _knot_vectors(encoder, table)
    missing = encoder.knots.missing.detach().numpy()
    names = ["plain", "gaps", "constant", "whole"]
    for i, row in new.reset_index(drop=True).iterrows():
        expected = []
        for j, name in enumerate(names):
            gone = pd.isna(row[name])
            expected.append(
                missing[0] if gone else _interpolated(row[name], table.knots[j], vectors[j])
            )
        got = encoded[i, len(names) : len(names) * (1 + NUMBER_WIDTH)]
        np.testing.assert_allclose(got, np.concatenate(expected), rtol=1e-10, atol=1e-10)


def test_categories(seen: pd.DataFrame, new: pd.DataFrame) -> None:
    table = _table(seen, "standard")
    encoder = _encoder(table)
    encoded = _encode(encoder, table, new)
    weights = encoder.categories.weight.detach().numpy()
    start = encoded.shape[1] - len(COLOURS) - CATEGORY_WIDTH
    for i, row in new.iterrows():
        one_hot = _by_level(np.eye(len(COLOURS)), COLOURS, seen["colour"], row["colour"])
        embedded = _by_level(weights, CITIES, seen["city"], row["city"])
        expected = np.concatenate([one_hot, embedded])
        # Training shares are kept in single precision, and only unseen levels read them.
        known = row["colour"] in COLOURS and row["city"] in CITIES
        np.testing.assert_allclose(
            encoded[i, start:], expected, rtol=1e-10 if known else 1e-6, atol=1e-10
        )


def test_numbers_come_first_and_untouched(seen: pd.DataFrame, new: pd.DataFrame) -> None:
    for encoding in ("standard", "quantile", "piecewise_linear"):
        table = _table(seen, encoding)
        numbers = table.prepare(read_columns(new), np.float64)["numbers"]
        encoded = _encode(_encoder(table), table, new)
        np.testing.assert_array_equal(encoded[:, : numbers.shape[1]], numbers)
