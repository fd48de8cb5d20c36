"""The parser: a loop over tables that are made of the grammar beforehand.

It knows the place of everything, calls back for each rule as it reduces, and recurses nowhere,
however deep the text nests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from storchc.diagnostics.terminals import END
from storchc.records import dataclass
from storchc.source import Span

PASSES_ON = "passes"
"""The callback of a rule that passes its one part on."""

OTHER = "_OTHER"
"""The terminal of a character that no terminal begins with."""

Recipe = tuple[tuple[int, bool], ...]
"""The parts of a rule that its callback is given: each by its index, or -1 for one that may be
absent and is; and whether it is a list whose items stand there."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What the parser goes by; a state is a number.

    ``actions``: by state what comes next, a terminal or a rule. A number from 0 is the state to go
    on with; ~n reduces by rule n. ``scanners``: by state the pattern of what may come next, each
    terminal a group of its name, after what is ignored; ``anything`` that of all terminals.
    ``rules``: the name, the number of parts, the callback, and what it is given, if not all.
    ``starts``: the first state and the last.
    """

    actions: Sequence[dict[str, int]]
    scanners: Sequence[int]
    patterns: Sequence[str]
    anything: str
    rules: Sequence[tuple[str, int, str, Recipe | None]]
    starts: dict[str, tuple[int, int]]


@dataclass(slots=True)
class Token:
    """A terminal as it stands in the text."""

    kind: str
    text: str
    span: Span


class Unexpected(Exception):
    """``found`` stands where no rule goes on.

    ``accepted`` are the terminals that could stand there, ``read`` is what was made of the text.
    """

    def __init__(self, found: Token, accepted: set[str], read: list[Any]) -> None:
        super().__init__(found, accepted)
        self.found, self.accepted, self.read = found, accepted, read


class Parser:
    """Parses by ``tables``; what a rule makes is the method of ``callbacks`` that it names.

    Where there is none, it is the list of its parts.
    """

    def __init__(self, tables: Tables, callbacks: object) -> None:
        self._tables = tables
        self._patterns: dict[int, re.Pattern[str]] = {}
        self._callbacks = [getattr(callbacks, rule[2], _listed) for rule in tables.rules]
        self._ends = {last for _, last in tables.starts.values()}
        self._passing: dict[tuple[int, str, str], int] = {}

    def parse(self, text: str, span: Span, start: str) -> Any:
        """The value of the part ``span`` of ``text``, read by the rule ``start``.

        Raises ``Unexpected``, or whatever a callback raises.
        """
        actions, rules, scanners = self._tables.actions, self._tables.rules, self._tables.scanners
        patterns, callbacks, passing = self._patterns, self._callbacks, self._passing
        state, last = self._tables.starts[start]
        states, values = [state], list[Any]()
        place, end = span.start, span.end
        while True:
            pattern = patterns.get(scanners[state]) or self._pattern(scanners[state])
            match = pattern.match(text, place, end)
            if match is None:
                raise self._lost(text, Span(place, end), states, values)
            kind = match.lastgroup or END
            action = actions[state].get(kind)
            while action is not None and action < 0:
                name, size, _, recipe = rules[~action]
                parts = values[-size:]
                del values[-size:], states[-size:]
                given = parts if recipe is None else _given(parts, recipe)
                values.append(callbacks[~action](given))
                below = states[-1]
                known = passing.get((below, name, kind))
                state = self._passed(below, name, kind) if known is None else known
                if state == last and kind == END:
                    return values[-1]
                states.append(state)
                action = actions[state].get(kind)
            first, behind = match.span(kind)
            found = Token(kind, match[kind], Span(first, behind))
            if action is None:
                raise self._stuck(found, place, states, values)
            values.append(found)
            states.append(action)
            state, place = action, behind

    def _pattern(self, number: int) -> re.Pattern[str]:
        """Compiled when it is first needed: most stories need few."""
        found = self._patterns[number] = re.compile(self._tables.patterns[number])
        return found

    def _passed(self, below: int, name: str, kind: str) -> int:
        """The state behind ``below`` and a rule before the terminal ``kind``.

        Rules that only pass a value on, as those of the ranks of operators, are passed at once.
        """
        actions, at = self._tables.actions, name
        while True:
            state = actions[below][at]
            action = actions[state].get(kind, 0)
            rule = None if action >= 0 else self._tables.rules[~action]
            if rule is None or rule[2] != PASSES_ON:
                self._passing[below, name, kind] = state
                return state
            at = rule[0]

    def _lost(self, text: str, rest: Span, states: list[int], values: list[Any]) -> Unexpected:
        """No terminal that may come next stands here; another, or none at all, does."""
        match = re.compile(self._tables.anything).match(text, rest.start, rest.end)
        assert match is not None and match.lastgroup is not None
        kind = match.lastgroup
        found = Token(kind, match[kind], Span(*match.span(kind)))
        return self._stuck(found, rest.start, states, values)

    def _stuck(self, found: Token, place: int, states: list[int], values: list[Any]) -> Unexpected:
        if found.kind == END:  # no blanks before it
            found = Token(END, "", Span(place, place))
        terminals = [name for name in self._tables.actions[states[-1]] if name.isupper()]
        accepted = {kind for kind in terminals if self._accepts(states, kind)}
        return Unexpected(found, accepted or {END}, values)

    def _accepts(self, states: list[int], kind: str) -> bool:
        """Whether ``kind`` could come next; tables also say so of what fails further on."""
        stack = list(states)
        while True:
            action = self._tables.actions[stack[-1]].get(kind)
            if action is None or action >= 0:
                return action is not None
            name, size, *_ = self._tables.rules[~action]
            del stack[-size:]
            stack.append(self._tables.actions[stack[-1]][name])
            if kind == END and stack[-1] in self._ends:
                return True


def _listed(parts: list[Any]) -> list[Any]:
    return parts


def _given(parts: list[Any], recipe: Recipe) -> list[Any]:
    given: list[Any] = []
    for index, is_list in recipe:
        if index < 0:
            given.append(None)
        elif not is_list:
            given.append(parts[index])
        elif given:
            given += parts[index]
        else:
            given = parts[index]  # not copied: a list grows by an item at a time
    return given
