"""Puts parsed lines together: title, docstring, declarations, steps, loops with their bodies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from storchc.diagnostics import syntax as words
from storchc.diagnostics.diagnostic import Problems
from storchc.source import Span
from storchc.syntax import tree
from storchc.syntax.builder import Title
from storchc.syntax.layout import DECLARATIONS, KEYWORDS, STEPS, Line

KINDS = (
    tree.Dim,
    tree.Plate,
    tree.Input,
    tree.Param,
    tree.Module,
    tree.Function,
    tree.Declared,
    tree.Use,
)
"""The kinds of declarations, in the order in which a tree lists them."""

Statement = Title | tree.Declaration | tree.Step


@dataclass(slots=True)
class _Block:
    """Steps of one indentation. ``loop`` is their ``for``: None when its line did not parse."""

    indent: int
    steps: list[tree.Step] = field(default_factory=list)
    is_body: bool = False
    loop: tree.For | None = None
    last: Line | None = None


@dataclass(slots=True)
class Assembly:
    """What has been read of a story so far."""

    problems: Problems
    _title: Title | None = None
    _doc: str | None = None
    _declarations: list[tree.Declaration] = field(default_factory=list)
    _blocks: list[_Block] = field(default_factory=lambda: [_Block(0)])
    _before: tuple[Line, Statement | None] | None = None
    _first_title: Line | None = None
    _first_step: Line | None = None

    def add(self, line: Line, node: Statement | None) -> None:
        """Take the next line; ``node`` is None when it did not parse."""
        self._indent(line)
        self._check_order(line)
        match node:
            case None | tree.For():
                pass
            case Title():
                self._title = self._title or node
            case (
                tree.Dim()
                | tree.Plate()
                | tree.Input()
                | tree.Param()
                | tree.Module()
                | tree.Function()
                | tree.Declared()
                | tree.Use()
            ):
                self._declarations.append(node)
            case _:
                self._blocks[-1].steps.append(node)
        self._before = (line, node)

    def document(self, line: Line, text: str) -> None:
        """Take the docstring."""
        if self._before is None or self._before[0].keyword != "story" or line.indent:
            start = line.span.start
            self.problems.add(words.misplaced_docstring(Span(start, start + 3)))
        self._doc = text
        self._before = (line, None)

    def finish(self, span: Span) -> tree.Story | None:
        """The whole story, if nothing was wrong."""
        self._check_body(-1)
        self._close(0)
        if self.problems.fatal or self._title is None:
            return None
        declared = tuple(sorted(self._declarations, key=lambda d: KINDS.index(type(d))))
        return tree.Story(self._title.name, self._doc, declared, tuple(self._blocks[0].steps), span)

    # --- indentation -----------------------------------------------------------------------------

    def _indent(self, line: Line) -> None:
        """Open and close blocks until ``line`` stands in the innermost one."""
        opener = self._check_body(line.indent)
        if opener is not None:
            self._open(line, opener)
        elif line.indent > self._blocks[-1].indent:
            if not self._below_unknown():
                self.problems.add(words.unexpected_indent(_first_word(line)))
            self._adopt(line)
        columns = tuple(block.indent for block in self._blocks)
        self._close(line.indent)
        if line.indent > self._blocks[-1].indent:
            self.problems.add(words.uneven_dedent(_first_word(line), columns))
            self._adopt(line)

    def _below_unknown(self) -> bool:
        """Whether the line before begins with no word of the language, and is reported."""
        return self._before is not None and self._before[0].keyword not in (*KEYWORDS, '"""')

    def _check_body(self, indent: int) -> tuple[Line, Statement | None] | None:
        """The ``for`` on the line before, when what follows at ``indent`` is its body."""
        if self._before is None or self._before[0].keyword != "for":
            return None
        if indent > self._blocks[-1].indent:
            return self._before
        _, node = self._before
        if node is not None:
            self.problems.add(words.empty_loop(node.span))
        return None

    def _open(self, line: Line, opener: tuple[Line, Statement | None]) -> None:
        loop = opener[1] if isinstance(opener[1], tree.For) else None
        self._blocks.append(_Block(line.indent, is_body=True, loop=loop))
        if len(self._blocks) == words.DEPTH + 2:
            self.problems.add(words.nested_too_deeply(_first_word(opener[0]), "loops"))

    def _adopt(self, line: Line) -> None:
        """Let lines at a wrong indentation belong to the block around, after one complaint."""
        around = self._blocks[-1]
        self._blocks.append(_Block(line.indent, around.steps, around.is_body))

    def _close(self, indent: int) -> None:
        while len(self._blocks) > 1 and self._blocks[-1].indent > indent:
            block = self._blocks.pop()
            if block.loop is not None and block.steps:
                span = block.loop.header.to(block.steps[-1].span)
                whole = replace(block.loop, body=tuple(block.steps), span=span)
                self._blocks[-1].steps.append(whole)

    # --- order -----------------------------------------------------------------------------------

    def _check_order(self, line: Line) -> None:
        if self._before is None and line.keyword != "story" and line.keyword in KEYWORDS:
            self.problems.add(words.missing_title(_first_word(line)))
        if line.keyword == "story":
            self._check_title(line)
        elif line.keyword in DECLARATIONS:
            self._check_declaration(line)
        elif line.keyword in STEPS:
            self._check_step(line)

    def _check_title(self, line: Line) -> None:
        if self._first_title is not None:
            first = _first_word(self._first_title)
            self.problems.add(words.second_title(_first_word(line), first))
        self._first_title = self._first_title or line

    def _check_declaration(self, line: Line) -> None:
        if self._blocks[-1].is_body:
            self.problems.add(words.indented_declaration(_first_word(line), line.keyword))
        elif self._first_step is not None:
            step = _first_word(self._first_step)
            self.problems.add(words.late_declaration(_first_word(line), line.keyword, step))

    def _check_step(self, line: Line) -> None:
        block = self._blocks[-1]
        if line.keyword == "stop" and not block.is_body:
            self.problems.add(words.stop_outside_loop(_first_word(line)))
        elif block.last is not None and block.last.keyword == "stop" and block.is_body:
            stop = _first_word(block.last)
            self.problems.add(words.stop_not_last(stop, _first_word(line)))
        self._first_step = self._first_step or line
        block.last = line


def _first_word(line: Line) -> Span:
    return Span(line.span.start, line.span.start + max(len(line.keyword), 1))
