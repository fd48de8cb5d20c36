"""Methods given from outside (``--method z='…'``) and diagnostics in more than one text."""

from __future__ import annotations

from collections.abc import Mapping

from storchc.diagnostics.cells import plain
from storchc.diagnostics.diagnostic import (
    Diagnostic,
    DiagnosticLabel,
    Label,
    Problem,
    Problems,
)
from storchc.records import dataclass
from storchc.source import Source, Span
from storchc.syntax.tree import Call

Overrides = Mapping[str, tuple[Call | None, Call | None]]
"""Method and sampler by the name of the sample."""


@dataclass(frozen=True, slots=True)
class Texts:
    """A story and the methods given for it, as if one text stood behind the other.

    ``starts[i]`` is where ``sources[i]`` begins, so that a span says by itself which text it is in.
    """

    sources: tuple[Source, ...]
    starts: tuple[int, ...]

    def by_name(self) -> dict[str, Source]:
        """The texts by the names that diagnostics give them."""
        return {source.name: source for source in self.sources}

    def locate(self, problem: Problem) -> Diagnostic:
        """Write out the places of ``problem``."""
        file, line, column, end_line, end_column = self._place(problem.span)
        return Diagnostic(
            problem.code,
            problem.severity,
            plain(problem.message),
            file,
            line,
            column,
            end_line,
            end_column,
            tuple(self._label(label) for label in problem.labels),
            plain(problem.help),
        )

    def _label(self, label: Label) -> DiagnosticLabel:
        return DiagnosticLabel(*self._place(label.span), plain(label.text))

    def _place(self, span: Span) -> tuple[str, int, int, int, int]:
        source, shift = self.sources[0], 0
        for other, begin in zip(self.sources, self.starts, strict=True):
            if span.start >= begin:
                source, shift = other, begin
        size = len(source.text)
        start = source.position(min(span.start - shift, size))
        end = source.position(min(max(span.end, span.start) - shift, size))
        return source.name, start.line, start.column, end.line, end.column


def given_name(sample: str) -> str:
    """What diagnostics call the text of the method that was given for a sample."""
    return f"<method of {sample}>"


def read_overrides(
    story: Source, methods: Mapping[str, str], problems: Problems
) -> tuple[Texts, Overrides]:
    """Parse the methods given by the names of samples; one that is wrong is left out."""
    from storchc.syntax.parser import parse_method

    sources, starts, overrides = [story], [0], {}
    for name, text in methods.items():
        start = starts[-1] + len(sources[-1].text) + 1
        sources.append(Source(given_name(name), text))
        starts.append(start)
        method, sampler = parse_method(" " * start + text, problems)  # so its spans start there
        if method is not None:
            overrides[name] = (method, sampler)
    return Texts(tuple(sources), tuple(starts)), overrides
