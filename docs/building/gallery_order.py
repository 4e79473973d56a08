"""In what order the gallery shows examples: that of a first acquaintance."""

from __future__ import annotations

EXAMPLES = [
    "plot_first_fit.py",
    "plot_mixed_columns.py",
    "plot_missing_labels.py",
    "plot_funnel.py",
    "plot_seesaw.py",
    "plot_expert_utilization.py",
    "plot_search.py",
    "plot_calibration.py",
    "plot_one_task.py",
    "plot_score_combination.py",
    "plot_custom_task.py",
    "plot_custom_architecture.py",
]


def place(file: str) -> tuple[int, str]:
    """The key to sort by; an example that the list lacks comes after it."""
    return (EXAMPLES.index(file) if file in EXAMPLES else len(EXAMPLES)), file
