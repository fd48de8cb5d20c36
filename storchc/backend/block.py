"""Lines of a generated function: the story line named above each block, shapes in comments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field

from storchc.python.expressions import Py, list_of
from storchc.python.names import Identifiers
from storchc.python.printer import WIDTH, statement, write
from storchc.records import dataclass
from storchc.source import Source, Span

INDENT = 8


@dataclass(slots=True)
class Block:
    """The body of a function, statement by statement, ``indent`` columns from the left."""

    source: Source
    identifiers: Identifiers
    lines: list[str] = field(default_factory=list)
    indent: int = INDENT
    told: Span | None = None  # the story line that was named last

    @property
    def pad(self) -> str:
        """What stands on the left of each line."""
        return " " * self.indent

    def story(self, span: Span, said: str = "") -> None:
        """Name the story line that the next statements come from, and what it says; once."""
        if span == self.told and not said:
            return
        self.note(f"{place(self.source, span)}  {said or shown(self.source, span)}")
        self.told = span

    def note(self, text: str) -> None:
        """A comment of our own, above a block."""
        self.told = None
        if not (self.lines and self.lines[-1].startswith(f"{self.pad[4:]}for ")):
            self.lines.append("")
        line = f"{self.pad}# {text}".rstrip()
        if len(line) > WIDTH:
            line = f"{line[: WIDTH - 1].rstrip()}…"
        self.lines.append(line)

    def assign(self, target: str, value: Py, comment: str = "") -> None:
        """``target = value  # comment``."""
        self._add(f"{target} = ", value, comment)

    def empty_list(self, target: str, of: Py) -> None:
        """``target: list[of] = []``."""
        kind = self.text(self.identifiers.builtin("list"))
        self._add(f"{target}: {kind}[{self.text(of)}] = ", list_of(), "")

    def expression(self, value: Py) -> None:
        """An expression for its effect."""
        self._add("", value, "")

    def returns(self, value: Py) -> None:
        """``return value``."""
        self.lines.append("")
        self._add("return ", value, "")

    def when(self, condition: str, value: Py) -> None:
        """``if condition: value``, on two lines."""
        self.lines.append(f"{self.pad}if {condition}:")
        self.lines += statement("", self.identifiers.imports(value), self.indent + 4)

    def when_assign(self, condition: str, target: str, value: Py) -> None:
        """``if condition: target = value``, on two lines."""
        self.lines.append(f"{self.pad}if {condition}:")
        self.lines += statement(f"{target} = ", self.identifiers.imports(value), self.indent + 4)

    @contextmanager
    def inside(self, head: str) -> Iterator[None]:
        """What is added now stands under ``head``."""
        self.lines.append(f"{self.pad}{head}")
        self.indent += 4
        yield
        self.indent -= 4

    def leave_when(self, condition: Py) -> None:
        """``if condition: break``, on two lines."""
        self.lines += [f"{self.pad}if {self.text(condition)}:", f"{self.pad}    break"]

    def text(self, value: Py) -> str:
        """An expression as text."""
        return write(self.identifiers.imports(value))

    def function(self, head: str, doc: str, body: Block) -> None:
        """A function within this one: its head, what it is, and its body."""
        self.lines += ["", f"{self.pad}{head}", f'{body.pad}"""{doc}"""', *body.lines, ""]

    def _add(self, prefix: str, value: Py, comment: str) -> None:
        lines = statement(prefix, self.identifiers.imports(value), self.indent)
        if comment and len(lines[-1]) + len(comment) + 4 <= WIDTH:
            lines[-1] += f"  # {comment}"
        self.lines += lines


def place(source: Source, span: Span) -> str:
    """``vae.story:13``; blanks in a file's name become ``_``."""
    return f"{safe_name(source)}:{source.position(span.start).line}"


def safe_name(source: Source) -> str:
    """The file's own name without its folders, fit for a comment or a string."""
    last = source.name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c if c.isprintable() and not c.isspace() else "_" for c in last) or "story"


def shown(source: Source, span: Span) -> str:
    """The first line of a statement as one line of printable text."""
    first = source.cut(span).partition("\n")[0]
    return " ".join("".join(c if c.isprintable() else " " for c in first).split())
