"""Prove every cell of the matrix, print it, and write the page: ``make certify``.

With ``--pairs`` every ordered pair of methods instead: the second half of ``make certify-all``.
"""

from __future__ import annotations

import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import storchc
from tests.certification.matrix.cells import Cell, examine
from tests.certification.matrix.made import MADE
from tests.certification.matrix.page import (
    PAGE,
    PAIRS_PAGE,
    Row,
    constructs_section,
    families_section,
    page,
    pairs_page,
)
from tests.certification.matrix.pairs import examine_pair, pairs
from tests.certification.matrix.situations import SITUATIONS
from tests.certification.matrix.subjects import SUBJECTS, Subject
from tests.certification.matrix.variances import section


def main(arguments: list[str]) -> int:
    """An exit status: 1 where a cell is wrong."""
    with ProcessPoolExecutor(initializer=quietly) as workers:
        return prove_pairs(workers) if arguments == ["--pairs"] else prove_cells(workers)


def quietly() -> None:
    """Say nothing of baselines that do not learn."""
    warnings.simplefilter("ignore", storchc.StoryWarning)


def row(subject: Subject) -> Row:
    """One method in every situation."""
    return subject, {name: examine(subject, name) for name in SITUATIONS}


def prove_cells(workers: ProcessPoolExecutor) -> int:
    """Every method in every situation, and the variances."""
    variances, rows = workers.submit(section), list[Row]()
    for subject, cells in workers.map(row, (*SUBJECTS, *MADE)):
        rows.append((subject, cells))
        print(f"{subject.label} at {subject.family}")
        for name, cell in cells.items():
            show(SITUATIONS[name].title, cell)
    found = [cell for _, cells in rows for cell in cells.values()]
    methods, families = rows[: len(SUBJECTS)], rows[len(SUBJECTS) :]
    sections = [families_section(families), constructs_section(), variances.result()]
    return conclude(found, PAGE, page(methods, sections))


def prove_pairs(workers: ProcessPoolExecutor) -> int:
    """Every method above every method."""
    found = {}
    for pair, cell in zip(pairs(), workers.map(examine_pair, pairs(), chunksize=8), strict=True):
        found[pair] = cell
        show(" above ".join(method.written for method in pair), cell)
    return conclude(list(found.values()), PAIRS_PAGE, pairs_page(found))


def show(title: str, cell: Cell) -> None:
    """One line."""
    mark = "WRONG  " if cell.verdict == "wrong" else ""
    print(f"    {title:14} {mark}{cell.words}", flush=True)


def conclude(cells: list[Cell], file: Path, text: str) -> int:
    """Write the page where no cell is wrong."""
    wrong = sum(cell.verdict == "wrong" for cell in cells)
    if wrong:
        print(f"{wrong} of {len(cells)} cells are wrong; docs/{file.name} is left as it was")
        return 1
    file.write_text(text, encoding="utf-8")
    print(f"all {len(cells)} cells are certified or refused: docs/{file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
