"""Reads a story in its YAML form into the same syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from storchc.diagnostics import syntax as words
from storchc.diagnostics import yaml_form
from storchc.diagnostics.diagnostic import Problems
from storchc.source import Source, Span
from storchc.syntax import tree
from storchc.syntax.builder import CallableSpec
from storchc.syntax.layout import CONTROL
from storchc.syntax.yaml_nodes import Mapping, Node, Scalar, Sequence, compose
from storchc.syntax.yaml_phrases import phrase

_DECLARATIONS = (
    "dims",
    "plates",
    "inputs",
    "params",
    "modules",
    "functions",
    "distributions",
    "use",
)
_TOP = ("story", "doc", *_DECLARATIONS, "steps")
_KINDS = ("compute", "sample", "cost", "observe", "report", "for")
_PARTS = {
    "compute": ("name", "value"),
    "sample": ("name", "from", "each", "with", "using", "in"),
    "cost": ("name", "value"),
    "observe": ("name", "value", "from"),
    "report": ("name", "value"),
}
_NEEDED = {"compute": ("name", "value"), "sample": ("name", "from"), "observe": ("name", "from")}
_NAME = re.compile(r"\s*[^\W\d]\w*\s*")


def read_yaml(source: Source, problems: Problems) -> tree.Story | None:
    """The tree of a story, or None when ``problems`` has got something fatal."""
    node = compose(source, problems)
    if node is None and not problems.fatal:
        problems.add(words.empty_story(Span(0, 0)))
    if node is None:
        return None
    story = _Reader(source, problems).story(node)
    return None if problems.fatal else story


@dataclass(frozen=True, slots=True)
class _Reader:
    """The readers of each part. What is wrong is reported and None stands in its place."""

    source: Source
    problems: Problems

    def story(self, node: Node) -> tree.Story | None:
        """The whole document."""
        if not isinstance(node, Mapping):
            self.problems.add(yaml_form.wrong_kind(node.span, "the story", "a mapping of keys"))
            return None
        top = self._mapping(node, "a story", _TOP)
        name = self._phrase(top["story"], "name", "`story`") if "story" in top else None
        if "story" not in top:
            self.problems.add(yaml_form.missing_key(Span(0, 0), "story", "the file"))
        doc = self._doc(top["doc"]) if "doc" in top else None
        declarations: list[tree.Declaration] = []
        for kind in _DECLARATIONS:
            if kind in top:
                declarations.extend(self._declarations(kind, top[kind]))
        steps = self._steps(top["steps"], 0) if "steps" in top else ()
        if self.problems.fatal or name is None:
            return None
        span = Span(0, len(self.source.text))
        return tree.Story(name, doc, tuple(declarations), steps, span)

    def _doc(self, node: Node) -> str | None:
        if not isinstance(node, Scalar):
            self.problems.add(yaml_form.wrong_kind(node.span, "`doc`", "a text"))
            return None
        hidden = CONTROL.search(node.value)
        if hidden is not None:
            self.problems.add(words.control_character(node.span, hidden.group()))
        if '"""' in node.value:
            self.problems.add(yaml_form.quotes_in_doc(node.span))
        return node.value

    # --- declarations ----------------------------------------------------------------------------

    def _declarations(self, kind: str, node: Node) -> Iterator[tree.Declaration]:
        if kind in ("plates", "use"):
            rule = "plate" if kind == "plates" else "use"
            found = (self._phrase(item, rule, f"an item of `{kind}`") for item in self._items(node))
            yield from (item for item in found if item is not None)
            return
        if _is_empty(node):
            return
        if not isinstance(node, Mapping):
            self.problems.add(yaml_form.wrong_kind(node.span, f"`{kind}`", "a mapping of names"))
            return
        for key, value in node.entries.values():
            name = self._phrase(key, "name", "this key")
            declared = None if name is None else self._declaration(kind, name, value)
            if declared is not None:
                yield declared

    def _declaration(self, kind: str, name: tree.Name, node: Node) -> tree.Declaration | None:
        span = name.span.to(node.span)
        match kind:
            case "dims":
                return self._dim(name, node, span)
            case "inputs":
                return self._input(name, node, span)
            case "params":
                found = self._phrase(node, "param_type", f"`{name.id}`")
                return found and tree.Param(name, found.sizes, found.init, span)
            case "modules":
                found = self._phrase(node, "module_entry", f"`{name.id}`")
                return found and _callable(tree.Module, name, found, span)
            case "distributions":
                found = self._phrase(node, "distribution_entry", f"`{name.id}`")
                return found and tree.Declared(
                    name, found.flags, found.arguments, found.results, span
                )
            case _:
                found = self._phrase(node, "function_entry", f"`{name.id}`")
                return found and _callable(tree.Function, name, found, span)

    def _dim(self, name: tree.Name, node: Node, span: Span) -> tree.Dim | None:
        if _is_empty(node):
            return tree.Dim(name, None, name.span)
        value = self._phrase(node, "expression", f"`{name.id}`")
        return value and tree.Dim(name, value, span)

    def _input(self, name: tree.Name, node: Node, span: Span) -> tree.Input | None:
        if _is_empty(node):
            return tree.Input(name, (), "float", name.span)
        found = self._phrase(node, "input_type", f"`{name.id}`")
        return found and tree.Input(name, found.sizes, found.dtype, span)

    # --- steps -----------------------------------------------------------------------------------

    def _steps(self, node: Node, depth: int) -> tuple[tree.Step, ...]:
        if depth == words.DEPTH + 1:
            self.problems.add(words.nested_too_deeply(node.span, "loops"))
            return ()
        found = (self._step(item, depth) for item in self._items(node))
        return tuple(step for step in found if step is not None)

    def _step(self, node: Node, depth: int) -> tree.Step | None:
        entries = node.entries if isinstance(node, Mapping) else {}
        kinds = [kind for kind in _KINDS if kind in entries]
        if not isinstance(node, Mapping) or len(kinds) != 1:
            self._no_step(node, entries, len(kinds))
            return None
        kind = kinds[0]
        if kind == "for":
            return self._loop(node, depth)
        self._mapping(node, "a step", (kind,))
        step: tree.Step | None = self._statement(kind, entries[kind][1])
        return step and replace(step, span=node.span)

    def _no_step(self, node: Node, entries: dict[str, tuple[Scalar, Node]], count: int) -> None:
        if len(entries) != 1:
            self.problems.add(yaml_form.not_a_step(node.span, count, _KINDS))
            return
        for key, _ in entries.values():
            self.problems.add(yaml_form.unknown_key(key.span, key.value, "a step", _KINDS))

    def _statement(self, kind: str, node: Node) -> Any:
        if not isinstance(node, Mapping):
            return self._phrase(node, kind, f"`{kind}`")
        parts = self._mapping(node, f"`{kind}`", _PARTS[kind])
        for key in _NEEDED.get(kind, ("name",)):
            if key not in parts:
                self.problems.add(yaml_form.missing_key(node.span, key, f"`{kind}`"))
                return None
        before = len(self.problems.found)
        step = self._structured(kind, parts, node.span)
        return step if len(self.problems.found) == before else None

    def _structured(self, kind: str, parts: dict[str, Node], span: Span) -> tree.Step:
        if kind == "compute":
            names = self._names(parts["name"], "`name`")
            return tree.Compute(names, self._expression(parts, "value"), span)
        name = self._phrase(parts["name"], "name", "`name`")
        match kind:
            case "sample":
                methods = self._method(parts, "with"), self._method(parts, "using")
                plate = self._phrase(parts["in"], "name", "`in`") if "in" in parts else None
                each = self._names(parts["each"], "`each`") if "each" in parts else ()
                law = self._expression(parts, "from")
                return tree.Sample(name, law, each, *methods, plate, span)
            case "cost":
                return tree.Cost(name, self._expression(parts, "value"), span)
            case "report":
                return tree.Report(name, self._expression(parts, "value"), span)
            case _:
                value = self._expression(parts, "value") if "value" in parts else name
                return tree.Observe(name, value, self._expression(parts, "from"), span)

    def _names(self, node: Node, what: str) -> tuple[tree.Name, ...]:
        if isinstance(node, Sequence):
            if not node.items:
                self.problems.add(yaml_form.no_names(node.span, what))
            return tuple(self._phrase(item, "name", "this name") for item in self._items(node))
        names: tuple[tree.Name, ...] = self._phrase(node, "names", what)
        return names

    def _expression(self, parts: dict[str, Node], key: str) -> Any:
        return self._phrase(parts[key], "expression", f"`{key}`") if key in parts else None

    def _method(self, parts: dict[str, Node], key: str) -> tree.Call | None:
        node = parts.get(key)
        if node is None:
            return None
        if isinstance(node, Scalar):
            return self._written_method(node, key)
        if not isinstance(node, Mapping) or len(node.entries) != 1:
            wanted = "a method: a text, or one name with its options"
            self.problems.add(yaml_form.wrong_kind(node.span, f"`{key}`", wanted))
            return None
        (name_node, options), *_ = node.entries.values()
        name = self._phrase(name_node, "name", f"`{key}`")
        return tree.Call(name, (), tuple(self._options(options)), node.span)

    def _written_method(self, node: Scalar, key: str) -> tree.Call | None:
        if not _NAME.fullmatch(node.value):
            called: tree.Call | None = self._phrase(node, "method", f"`{key}`")
            return called
        name = self._phrase(node, "name", f"`{key}`")
        return tree.Call(name, (), (), node.span)

    def _options(self, node: Node) -> Iterator[tree.Keyword]:
        if _is_empty(node):
            return
        if not isinstance(node, Mapping):
            self.problems.add(yaml_form.wrong_kind(node.span, "this", "a mapping of options"))
            return
        for key, value in node.entries.values():
            name = self._phrase(key, "name", "this key")
            yield tree.Keyword(name, self._option(value), key.span.to(value.span))

    def _option(self, node: Node) -> Any:
        if isinstance(node, Sequence):
            items = tuple(self._option(item) for item in node.items)
            return tree.ListOf(items, node.span)
        return self._phrase(node, "expression", "this option")

    def _loop(self, node: Mapping, depth: int) -> tree.For | None:
        parts = self._mapping(node, "a loop", ("for", "do", "stop"))
        loop: tree.For | None = None
        if isinstance(parts["for"], Scalar):
            loop = self._phrase(parts["for"], "loop", "`for`")
        else:
            self.problems.add(yaml_form.loop_in_parts(parts["for"].span))
        body = self._steps(parts["do"], depth + 1) if "do" in parts else ()
        whole = loop is not None and len(parts) == len(node.entries)
        if whole and not _has_steps(parts):
            self.problems.add(words.loop_without_do(parts["for"].span))
        if "stop" in parts:
            condition = self._expression(parts, "stop")
            key = node.entries["stop"][0].span
            body += (tree.StopWhen(condition, key.to(parts["stop"].span)),)
        key = node.entries["for"][0].span
        header = key.to(parts["for"].span)
        return loop and replace(loop, body=body, header=header, span=node.span)

    # --- nodes -----------------------------------------------------------------------------------

    def _phrase(self, node: Node, rule: str, what: str) -> Any:
        return phrase(node, rule, what, self.source.text, self.problems)

    def _mapping(self, node: Node, what: str, known: tuple[str, ...]) -> dict[str, Node]:
        """The values of a mapping by key, after a complaint about every unknown one."""
        if not isinstance(node, Mapping):
            self.problems.add(yaml_form.wrong_kind(node.span, what, "a mapping of keys"))
            return {}
        for key, _ in node.entries.values():
            if key.value not in known and key.value != "<<":
                self.problems.add(yaml_form.unknown_key(key.span, key.value, what, known))
        return {key.value: value for key, value in node.entries.values() if key.value in known}

    def _items(self, node: Node) -> list[Node]:
        if _is_empty(node):
            return []
        if isinstance(node, Sequence):
            return node.items
        self.problems.add(yaml_form.wrong_kind(node.span, "this", "a list"))
        return []


def _has_steps(loop: dict[str, Node]) -> bool:
    """Whether there is something under ``do``, right or wrong."""
    do = loop.get("do")
    return do is not None and not _is_empty(do) and do != Sequence(do.span)


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.value and not node.style


def _callable(
    kind: type[tree.Module] | type[tree.Function], name: tree.Name, spec: CallableSpec, span: Span
) -> tree.Module | tree.Function:
    return kind(name, spec.flags, spec.arguments, spec.results, spec.default, span)
