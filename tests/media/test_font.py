"""Letters of few cells."""

from __future__ import annotations

import string

from ivsim.media import font


def test_legible() -> None:
    """Small letters become capitals, accents are left out, and what there is no letter for is a question mark."""
    assert font.legible("Café\tß 1:0 {ok}") == "CAFE SS 1:0 {OK}"
    assert font.legible("日本 🎉") == "?? ?"


def test_signs() -> None:
    """All that can be printed in ASCII can be told apart."""
    signs = [sign for sign in string.printable.strip() if sign == font.legible(sign)]
    assert len(signs) == 94 - 26
    drawn = {sign: font.cells(sign) for sign in signs}
    assert len(set(drawn.values())) == len(signs)
    assert all(0 <= column < font.WIDTH and 0 <= row < font.HEIGHT for cells in drawn.values() for column, row in cells)
