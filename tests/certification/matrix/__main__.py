"""Prove every cell of the matrix, print it, and write the page: ``make certify``.

With ``--pairs`` every ordered pair of methods instead: the second half of ``make certify-all``.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import storchc
from tests.certification.matrix.cells import Cell, examine
from tests.certification.matrix.page import PAGE, PAIRS_PAGE, Row, page, pairs_page
from tests.certification.matrix.pairs import examine_pair, pairs
from tests.certification.matrix.situations import SITUATIONS
from tests.certification.matrix.subjects import SUBJECTS
from tests.certification.matrix.variances import section


def main(arguments: list[str]) -> int:
    """An exit status: 1 where a cell is wrong."""
    warnings.simplefilter("ignore", storchc.StoryWarning)
    return prove_pairs() if arguments == ["--pairs"] else prove_cells()


def prove_cells() -> int:
    """Every method in every situation."""
    rows: list[Row] = []
    for subject in SUBJECTS:
        cells = {name: examine(subject, name) for name in SITUATIONS}
        rows.append((subject, cells))
        print(f"{subject.label} at {subject.family}")
        for name, cell in cells.items():
            show(SITUATIONS[name].title, cell)
    return conclude(
        [cell for _, cells in rows for cell in cells.values()], PAGE, page(rows, [section()])
    )


def prove_pairs() -> int:
    """Every method above every method."""
    found = {}
    for first, second in pairs():
        found[first, second] = examine_pair((first, second))
        show(f"{first.written} above {second.written}", found[first, second])
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
