"""The certification matrix: no cell is wrong, and no method is left out."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from storchc.catalogue.methods import names
from storchc.catalogue.ranking import RANKED
from tests.certification.matrix.cells import examine
from tests.certification.matrix.constructs import CONSTRUCTS
from tests.certification.matrix.families import FAMILIES
from tests.certification.matrix.made import MADE
from tests.certification.matrix.page import PAGE, constructs_section, rows_of
from tests.certification.matrix.pairs import Pair, examine_pair, pairs
from tests.certification.matrix.situations import SITUATIONS
from tests.certification.matrix.subjects import SUBJECTS, Subject


def cells() -> list[Any]:
    """A part of those without a million draws; `make certify` proves all for the page."""
    quick = [cell for cell in product(SUBJECTS, SITUATIONS) if not cell[0].by_draws(cell[1])]
    made = [cell for cell in product(MADE, SITUATIONS) if not cell[0].by_draws(cell[1])]
    return [
        pytest.param(subject, place, id=f"{subject.label}-{subject.family}-{place}")
        for subject, place in [*quick[::3], *made[::9]]
    ]


@pytest.mark.parametrize(("subject", "place"), cells())
def test_no_cell_is_wrong(subject: Subject, place: str) -> None:
    cell = examine(subject, place)
    assert cell.verdict != "wrong", cell.words


def test_every_method_of_the_catalogue_is_in_the_matrix() -> None:
    assert {subject.name for subject in SUBJECTS} == set(names()) - {RANKED}  # it takes others


def test_every_family_of_the_matrix_has_a_row() -> None:
    assert {subject.family for subject in (*SUBJECTS, *MADE)} == set(FAMILIES)


def test_the_page_has_every_row_and_nothing_wrong() -> None:
    rows = rows_of(PAGE.read_text(encoding="utf-8"))
    assert set(rows) == {(subject.label, subject.family) for subject in (*SUBJECTS, *MADE)}, (
        "the page is written by `make certify`"
    )
    kinds = ("exact", "quadrature", "|z|", "¦z¦", "bias", "refused: S", "first order only")
    for row in rows.values():
        assert all(cell.startswith(kinds) for cell in row[: len(SITUATIONS)])


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_the_tests_of_a_construct_are_there(construct: str) -> None:
    for test in filter(None, CONSTRUCTS[construct]):
        file, _, name = test.partition("::")
        assert f"def {name}(" in (Path(__file__).parents[1] / file).read_text(encoding="utf-8")


def test_the_page_says_where_constructs_are_certified() -> None:
    assert constructs_section() in PAGE.read_text(encoding="utf-8")


def names_of(pair: Pair) -> str:
    return " above ".join(method.written for method in pair)


@pytest.mark.parametrize("pair", pairs(finite=True)[::11], ids=names_of)
def test_some_pairs_are_exact(pair: Pair) -> None:
    cell = examine_pair(pair)
    assert cell.verdict != "wrong", cell.words


@pytest.mark.certify
@pytest.mark.parametrize("pair", pairs(finite=True)[1::5], ids=names_of)
def test_more_pairs_are_exact(pair: Pair) -> None:
    """Every fifth; all of them by `make certify-all`."""
    cell = examine_pair(pair)
    assert cell.verdict != "wrong", cell.words


@pytest.mark.certify
@pytest.mark.parametrize("pair", pairs(finite=False)[::17], ids=names_of)
def test_some_pairs_are_right_by_draws(pair: Pair) -> None:
    """All of them by `make certify-all`."""
    cell = examine_pair(pair)
    assert cell.verdict != "wrong", cell.words
