"""The grammar has no conflicts, and its tables are kept where nobody else can write."""

import os
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from lark import Lark

from storchc.source import Span
from storchc.syntax import tables as module
from storchc.syntax.lalr import Parser
from storchc.syntax.tables import STARTS, grammar, parser


def test_no_conflicts() -> None:
    """Runs after ``pip install -e '.[grammar]'``: lark loads that package whenever it is there."""
    pytest.importorskip("interegular")
    Lark(grammar(), parser="lalr", start=list(STARTS), strict=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "storchc"


def fresh() -> Parser:
    return parser.__wrapped__()


def sum_by(parsing: Parser) -> object:
    return parsing.parse("1 + x", Span(0, 5), "expression")


posix = pytest.mark.skipif(sys.platform == "win32", reason="about modes of files")


@posix
def test_kept_in_a_private_folder(folder: Path) -> None:
    fresh()
    assert folder.stat().st_mode & 0o777 == 0o700
    (kept,) = folder.iterdir()
    before = kept.stat().st_mtime_ns
    assert sum_by(fresh()) == sum_by(parser())
    assert [kept] == list(folder.iterdir())
    assert kept.stat().st_mtime_ns == before


@posix
def test_a_folder_of_others_is_not_used(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    fresh()
    assert list(folder.iterdir()) == []


@posix
def test_a_damaged_file_is_replaced(folder: Path) -> None:
    fresh()
    (kept,) = folder.iterdir()
    whole = kept.read_bytes()
    for damaged in (b"", whole[:100], b"nonsense" * 100):
        kept.write_bytes(damaged)
        sum_by(fresh())
        assert kept.read_bytes()[:32] == sha256(kept.read_bytes()[32:]).digest()


@posix
def test_a_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    assert module._cache_file("") is None
    sum_by(fresh())
