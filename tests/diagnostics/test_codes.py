"""Every code has a page whose examples hold, and a golden case."""

import re
from pathlib import Path

import pytest

from storchc.diagnostics.codes import CODES, PAGES, page
from storchc.diagnostics.diagnostic import Diagnostic
from storchc.driver import check_story

HERE = Path(__file__).parent
NOT_TEXT = {"S100"}  # a page is text and cannot hold bytes that are none
BLOCK = re.compile(r"^```(story|yaml)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(markdown: str, heading: str) -> list[tuple[str, bytes]]:
    """The stories in the section called ``heading``, each with its suffix."""
    _, found, rest = markdown.partition(f"\n## {heading}\n")
    assert found, f"no section {heading}"
    section = rest.partition("\n## ")[0]
    return [(kind, text.encode()) for kind, text in BLOCK.findall(section)]


def check(kind: str, text: bytes) -> list[Diagnostic]:
    return check_story(f"example.{kind}", text).diagnostics


@pytest.mark.parametrize("code", CODES)
def test_page(code: str) -> None:
    markdown = page(code)
    assert markdown.startswith(f"# {code}: {CODES[code]}\n")
    examples, instead = blocks(markdown, "Example"), blocks(markdown, "Instead")
    assert examples or code in NOT_TEXT, "an example shows more than words"
    for example in examples:
        assert code in [diagnostic.code for diagnostic in check(*example)]
    for story in instead:
        assert check(*story) == []


def test_every_page_belongs_to_a_code() -> None:
    assert {path.stem for path in PAGES.iterdir()} == set(CODES)


def test_every_code_has_a_golden_case() -> None:
    assert {path.name[:4] for path in HERE.iterdir() if path.is_dir()} - {"__py"} == set(CODES)


def test_codes_are_grouped() -> None:
    assert [code for code in CODES if not re.fullmatch("S[1-5][0-9]{2}", code)] == []
