"""Run the README's example and draw its picture: which experts each task uses.

python docs/building/draw_readme.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib

from sklearn_ple import ExpertUtilizationDisplay

REPOSITORY = Path(__file__).resolve().parents[2]
PICTURE = REPOSITORY / "docs" / "experts.png"


def main() -> None:
    """Execute the first Python block and save what its model's gates say."""
    matplotlib.use("Agg")
    block = re.search(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    assert block is not None
    names: dict[str, Any] = {}
    exec(block[1], names)
    display = ExpertUtilizationDisplay.from_estimator(names["model"], names["X_test"])
    display.figure_.savefig(PICTURE, dpi=110, bbox_inches="tight")


if __name__ == "__main__":
    main()
