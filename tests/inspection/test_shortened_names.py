"""Names in pictures are short, and still tell what they name apart."""

from __future__ import annotations

import pytest

from sklearn_ple.inspection.drawing import shortened

NAMES = {
    "short ones": (["a", "bb"], ["a", "bb"]),
    "just short enough": (["abcdefgh"], ["abcdefgh"]),
    "other beginnings": (["abcdefghij", "bcdefghijk"], ["abcdefg…", "bcdefgh…"]),
    "other ends": (["abcdefghi 1", "abcdefghi 2", "c"], ["abc…hi 1", "abc…hi 2", "c"]),
    "other middles": (["x" * 9 + "1abcdefgh", "x" * 9 + "2abcdefgh"], ["…1abcdef", "…2abcdef"]),
    "one and the same": (["abcdefghij"] * 2, ["abcdefg…"] * 2),
    "nowhere near": (["abcdefghijk1mnopqrst", "abcd" + "x" * 16], ["abcdefg…", "abcdxxx…"]),
    "none": ([], []),
}


@pytest.mark.parametrize("name", NAMES)
def test_eight_letters_at_most(name: str) -> None:
    given, expected = NAMES[name]
    assert shortened(given, 8) == expected
