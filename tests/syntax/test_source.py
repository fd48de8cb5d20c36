"""Places in the text of a story."""

from __future__ import annotations

import tracemalloc

import pytest

from storchc.source import Source


@pytest.mark.parametrize(
    "text", ["", "\n", "a", "a\n", "ab\n\ncd", "\n" * 200, "x y\n" * 321 + "z"]
)
def test_every_character_has_its_line_and_column(text: str) -> None:
    source = Source("s", text)
    lines = text.split("\n")
    for offset in range(len(text) + 1):
        before = text[:offset].split("\n")
        place = source.position(offset)
        assert (place.line, place.column) == (len(before), len(before[-1]) + 1)
    assert [source.line(i + 1) for i in range(len(lines))] == lines


def test_a_text_of_short_lines_takes_little_beside_itself() -> None:
    text = "\n" * 1_000_000
    tracemalloc.start()
    source = Source("s", text)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert source.position(999_999).line == 1_000_000
    assert most < 0.2 * len(text)
    assert kept < 0.1 * len(text)
