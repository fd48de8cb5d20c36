"""What the compiler has to say about a story: data first, words made from it elsewhere."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from storchc.diagnostics.cells import plain
from storchc.records import dataclass
from storchc.source import Span

Severity = Literal["error", "warning"]
Stage = Literal["syntax", "names", "types", "analysis"]

_STAGES: dict[str, Stage] = {"1": "syntax", "2": "names", "3": "types"}


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains a diagnostic, with a few words about it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnostic before it is tied to a file: what is wrong, where, and how to mend it.

    ``message`` states the fact: lower case, no full stop, names in backticks.
    ``help`` says how to mend it. ``code`` is a key of ``storchc.diagnostics.codes.CODES``.
    """

    code: str
    message: str
    span: Span
    help: str
    labels: tuple[Label, ...] = ()
    severity: Severity = "error"

    @property
    def stage(self) -> Stage:
        """What a story must have right before this can be wrong; codes are numbered by it."""
        return _STAGES.get(self.code[1], "analysis")


@dataclass(frozen=True, slots=True)
class DiagnosticLabel:
    """A label with the place written out, as in JSON."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem in a file. Lines and columns count from 1, in characters; ends are exclusive."""

    code: str
    severity: Severity
    message: str
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    labels: tuple[DiagnosticLabel, ...]
    help: str


class StoryError(Exception):
    """A story has errors. ``diagnostics`` lists them, warnings included, in the file's order."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n".join(in_short(d) for d in diagnostics if d.severity == "error"))


class StoryWarning(UserWarning):
    """What is doubtful in a story that is loaded all the same."""


def in_short(diagnostic: Diagnostic) -> str:
    """A diagnostic without its source, for exceptions and warnings of Python."""
    d = diagnostic
    return f"{plain(d.file)}:{d.line}:{d.column}: {d.code}: {d.message}\n  help: {d.help}"


@dataclass(slots=True)
class Problems:
    """Collects what the stages find, so that one run reports as much as it can."""

    found: list[Problem] = field(default_factory=list)
    _seen: set[Problem] = field(default_factory=set, repr=False, compare=False)

    def add(self, problem: Problem) -> None:
        """Keep ``problem`` unless the same one stands at the same place already."""
        if problem not in self._seen:
            self._seen.add(problem)
            self.found.append(problem)

    @property
    def fatal(self) -> bool:
        """Whether an error is among them."""
        return any(p.severity == "error" for p in self.found)
