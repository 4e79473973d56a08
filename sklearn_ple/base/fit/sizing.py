"""What "auto" means: sizes and rates that follow from the number of rows and features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RULES = {
    "embedding": "16, or 8 from 64 numeric columns on",
    "dropout": "0.15, or 0.3 below 40 rows per feature",
    "weight_decay": "0.01, or 0.1 below 40 rows per feature;\n    with other optimisers 0",
    "batch_size": "512 from 16,384 rows on, and down to 64 below",
    "max_epochs": (
        "at most 150, and fewer from 4,000 rows on, down\n    to 8; below 1,000 rows as many as "
        "are best in a pilot run on four fifths of them, and below 400\n    rows 40"
    ),
    "averaging": "a fifth",
}

SCARCE_ROWS_PER_FEATURE = 40


@dataclass(frozen=True)
class Sizes:
    """Every "auto" resolved."""

    embedding_dim: int
    dropout: float
    lr: float
    weight_decay: float
    batch_size: int
    max_epochs: int
    weight_averaging: float | None
    n_quantile_knots: int
    n_distinct_knots: int


def resolve_sizes(
    params: Mapping[str, Any], *, n_rows: int, n_features: int, n_numeric: int, stops_early: bool
) -> Sizes:
    """Sizes for a training set; values the user gave are kept.

    Parameters
    ----------
    params : dict
        An estimator's parameters.
    n_rows, n_features, n_numeric : int
        Training rows, columns of X, and how many of those are numbers.
    stops_early : bool
        Whether held-out rows may end training before its last epoch.
    """
    scarce = n_rows < SCARCE_ROWS_PER_FEATURE * n_features

    def pick(name: str, value: Any) -> Any:
        return value if params[name] == "auto" else params[name]

    batch_size = pick("batch_size", min(512, max(64, 2 ** (n_rows // 64).bit_length())))
    batch_size = min(batch_size, n_rows)
    most_epochs = 150 if stops_early or n_rows >= 900 else 40
    decay = 0.1 if scarce else 0.01
    max_epochs = pick("max_epochs", int(min(most_epochs, max(8, 600_000 // n_rows))))
    n_steps = max_epochs * -(-n_rows // batch_size)
    n_knots = min(256, max(16, n_rows // max(1, n_numeric)))
    return Sizes(
        embedding_dim=pick("embedding_dim", 8 if n_numeric >= 64 else 16),
        dropout=pick("dropout", 0.3 if scarce else 0.15),
        lr=pick("lr", 2e-3 * (batch_size / 512) ** 0.5),
        weight_decay=pick("weight_decay", decay if params["optimizer"] == "adamw" else 0.0),
        batch_size=batch_size,
        max_epochs=max_epochs,
        weight_averaging=pick("weight_averaging", max(0.0, 1 - 5 / n_steps)),
        n_quantile_knots=n_knots // 4,
        n_distinct_knots=n_knots,
    )
