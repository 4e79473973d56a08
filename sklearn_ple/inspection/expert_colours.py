"""Colours of experts: grey where shared, a hue per task, lighter with the number in the group."""

from __future__ import annotations

from sklearn_ple.inspection.utilization import SHARED

Colour = tuple[float, float, float]
GREY: Colour = (0.45, 0.45, 0.45)
HUES_OF_TAB10 = (0, 1, 2, 3, 4, 5, 6, 8, 9)
MOST_LIGHTENED = 0.7


def expert_colours(experts: list[str]) -> dict[str, Colour]:
    """Choose a colour for each expert, named as in `expert_utilization`.

    Tasks come in the order of `experts` and the shared experts last, each group by number.
    """
    groups: dict[str, list[str]] = {}
    for expert in experts:
        groups.setdefault(owner_of(expert), []).append(expert)
    tasks = [owner for owner in groups if owner != SHARED]
    colours: dict[str, Colour] = {}
    for owner in sorted(groups, key=lambda owner: owner == SHARED):
        base = GREY if owner == SHARED else _hue(tasks.index(owner), len(tasks))
        members = sorted(groups[owner], key=_number)
        for number, expert in enumerate(members):
            colours[expert] = _lighter(base, MOST_LIGHTENED * number / max(len(members), 2))
    return colours


def owner_of(expert: str) -> str:
    """Return "income" for "income 2"."""
    return expert.rpartition(" ")[0]


def _number(expert: str) -> int:
    return int(expert.rpartition(" ")[2])


def _hue(k: int, n_tasks: int) -> Colour:
    from matplotlib import colormaps
    from matplotlib.colors import hsv_to_rgb

    if n_tasks <= len(HUES_OF_TAB10):
        red, green, blue, _ = colormaps["tab10"](HUES_OF_TAB10[k])
    else:
        red, green, blue = hsv_to_rgb((k / n_tasks, 0.75, 0.9 if k % 2 else 0.65))
    return float(red), float(green), float(blue)


def _lighter(colour: Colour, share: float) -> Colour:
    red, green, blue = (c + (1 - c) * share for c in colour)
    return red, green, blue
