"""What all pages of studies have in common: a heading, where and when, tables in Markdown."""

from __future__ import annotations

import pandas as pd


def intro(title: str, command: str, rows: pd.DataFrame) -> str:
    """Heading, the command that makes the page, seeds, machines and dates of its runs."""

    def seen(name: str) -> str:
        values = sorted(str(value) for value in rows[name].unique())
        return values[0] if len(values) == 1 else f"{values[0]} to {values[-1]}"

    machines = " and ".join(sorted(rows["machine"].unique()))
    return (
        f"# {title}\n\nMade by `{command}`: seeds {seen('seed')}, {machines}, "
        f"torch {seen('torch')}, {seen('date')}."
    )


def markdown(table: pd.DataFrame) -> str:
    """A table of text, its index as first columns."""
    flat = table.reset_index()
    flat.columns = [str(name) for name in flat.columns]
    lines = [flat.columns, ["---"] * flat.shape[1], *flat.astype(str).to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign."""
    return f"{value:+.{digits}f}"


def gain_cell(row: pd.Series) -> str:
    """A judged gain in thousandths with half its interval; bold where that leaves out zero."""
    text = f"{signed(1000 * row['gain'])} ± {1000 * (row['holm_high'] - row['gain']):.1f}"
    return text if row["verdict"] == "no evidence" else f"**{text}**"


def page(parts: list[str]) -> str:
    """Parts with a blank line between them."""
    return "\n\n".join(parts) + "\n"
