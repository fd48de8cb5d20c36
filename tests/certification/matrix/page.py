"""The matrix as a page: ``docs/certification.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.certification.matrix.cells import Cell
from tests.certification.matrix.constructs import CONSTRUCTS, SITUATED
from tests.certification.matrix.pairs import Pair
from tests.certification.matrix.sampling import REPLICATES
from tests.certification.matrix.situations import SITUATIONS
from tests.certification.matrix.subjects import Subject

__all__ = [
    "PAGE",
    "PAIRS_PAGE",
    "Row",
    "constructs_section",
    "families_section",
    "page",
    "pairs_page",
    "rows_of",
    "table",
]

PAGE = Path(__file__).parents[3] / "docs" / "certification.md"
PAIRS_PAGE = PAGE.with_name("certification-pairs.md")

Row = tuple[Subject, Mapping[str, Cell]]

INTRODUCTION = f"""\
# Certification

What is proved of every method, in every situation. Written by `make certify`, which fails where a
cell is wrong; the stories are in `tests/certification/matrix/situations.py`. `make certify-all`
proves every ordered pair of methods on two nodes too.

* **exact, N**: the generated module was run for each of the N outcomes of its samples; the expected
  cost and gradient (of second order the Hessian too) are those of the exact interpreter to 1e-9.
* **quadrature, N**: the same, over N nodes of the noise of a normal; of a point there is one.
* **|z| x**: the mean of {REPLICATES:,} estimates lies within 5 standard errors of the exact
  derivatives, in every coordinate; x is the largest distance.
* **bias p %**: a biased method; the distance of its expected gradient from the true one, relative
  to that. Its own formula or relaxed objective is certified where the last column says, or by
  the |z| beside the bias.
* **(bound)**: the costs join the draws of the sample, as in an importance-weighted bound.
* **refused: code**: the compiler refuses the story with this diagnostic.
* **first order only**: the method claims no higher derivative, and one raises.
"""

FAMILIES_INTRODUCTION = """\
## Families

The same of families that are made of others, of relaxations, and of a user's `distribution`, whose
values are compared with those of a family that the interpreter knows (`families.py`).

"""

PAIRS_INTRODUCTION = """\
# Certification of pairs

Every ordered pair of methods on two Bernoulli nodes, one above the other. Written by
`make certify-all`, which fails where a pair is wrong.

* **exact**: the expected gradient is the true one to 1e-9, over all outcomes.
* **draws**: within 5 standard errors of it, over a million estimates.
* **biased**: one of the two methods is; the expected gradient is that beside the exact
  expectation in the unbiased one's place, in the way that the word before it says. Of two biased
  methods, and of REBAR above a straight-through one, whose gradient it takes for the derivative of
  the value, nothing is known to compare with.
* a code: the compiler refuses the story with this diagnostic.
"""


def page(rows: Sequence[Row], sections: Sequence[str] = ()) -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, table(rows), *sections])


def families_section(rows: Sequence[Row]) -> str:
    """The families behind the methods."""
    return FAMILIES_INTRODUCTION + table(rows)


CONSTRUCTS_INTRODUCTION = """\
## Constructs

The tests that prove constructs of the language right, by what they stand in, and those in which a
broken variant fails; files are those of `tests/certification`. Hessians are proved with gradients
in those of the first five lines, of `VIMCO` and of `Expect`; `RELAX`, `LAX` and `normalize` are of
the first order, and a mode has no derivative. Where nothing stands no test of that kind does.

"""


def constructs_section() -> str:
    """What is not a method, nor a family."""
    lines = [_line(["construct", *SITUATED]), _line(["---"] * (len(SITUATED) + 1))]
    for construct, tests in CONSTRUCTS.items():
        lines.append(_line([construct, *(f"`{test}`" if test else "" for test in tests)]))
    return CONSTRUCTS_INTRODUCTION + "\n".join(lines) + "\n"


def table(rows: Sequence[Row]) -> str:
    """One line a method, in the order of the table of methods."""
    titles = [place.title for place in SITUATIONS.values()]
    lines = [
        _line(["method", "family", *titles, "own formula"]),
        _line(["---"] * (len(titles) + 3)),
    ]
    for subject, cells in rows:
        words = [cells[name].words.replace("|", "\\|") for name in SITUATIONS]
        own = f"`{subject.own}`" if subject.own else ""
        lines.append(_line([f"`{subject.label}`", subject.family, *words, own]))
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def rows_of(text: str) -> dict[tuple[str, str], list[str]]:
    """The rows of the matrix in a page, by method and family."""
    found = {}
    for line in text.splitlines():
        parts = [part.strip() for part in line.replace("\\|", "¦").strip("|").split("|")]
        if line.startswith("| `") and len(parts) == len(SITUATIONS) + 3:
            found[parts[0].strip("`"), parts[1]] = parts[2:]
    return found


def pairs_page(cells: Mapping[Pair, Cell]) -> str:
    """The page of the ordered pairs: a row for the method above, a column for the one below."""
    methods = list(dict.fromkeys(first for first, _ in cells))
    numbers = [str(i + 1) for i in range(len(methods))]
    lines = [_line(["", "above \\ below", *numbers]), _line(["---"] * (len(methods) + 2))]
    for number, first in zip(numbers, methods, strict=True):
        row = [_short(cells[first, second]) for second in methods]
        lines.append(_line([number, f"`{first.written}`", *row]))
    return "\n".join([PAIRS_INTRODUCTION, *lines]) + "\n"


def _short(cell: Cell) -> str:
    if cell.verdict == "refused":
        return cell.words.removeprefix("refused: ")
    kind = "exact" if cell.words.startswith("exact") else "draws" if "|z|" in cell.words else ""
    return ", ".join(filter(None, [kind, "biased" if cell.verdict == "biased" else ""]))
