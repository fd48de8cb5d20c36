"""The YAML form of a story: every statement in parts, every part in the story's own words."""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from pathlib import Path

import storchc
from storchc.diagnostics.diagnostic import Problems
from storchc.source import Source, Span
from storchc.syntax import tree
from storchc.syntax.parser import parse

KEYS = {
    tree.Dim: "dims",
    tree.Plate: "plates",
    tree.Input: "inputs",
    tree.Param: "params",
    tree.Module: "modules",
    tree.Function: "functions",
    tree.Declared: "distributions",
}
PLACE = re.compile(r"\w+\.(story|yaml):\d+")
DECLARED = re.compile(r"\w+\s+(\w+)\s*(.*)", re.DOTALL)


def meaning(path: Path) -> str:
    """The module of a story without its comments, and without the places of its story."""
    return ast.dump(ast.parse(PLACE.sub("there", storchc.compile(path))))


def yaml_twin(text: str) -> str:
    """``text``, a story without ``use``, in YAML."""
    source = Source("twin.story", text)
    story = parse(source, Problems())
    assert story is not None
    declared: dict[str, list[str]] = defaultdict(list)
    for declaration in story.declarations:
        declared[KEYS[type(declaration)]].append(_declaration(declaration, source))
    lines = [f"story: {story.name.id}"]
    lines += [f"doc: {json.dumps(story.doc)}"] if story.doc else []
    for key, entries in declared.items():
        lines += [f"{key}:", *(f"  {entry}" for entry in entries)]
    return "\n".join([*lines, "steps:", *_steps(story.steps, source, "  ")]) + "\n"


def _declaration(declaration: tree.Declaration, source: Source) -> str:
    found = DECLARED.fullmatch(source.cut(declaration.span))
    assert found is not None
    name, rest = found.groups()
    match declaration:
        case tree.Plate():
            return f"- {name} {rest}".rstrip()
        case tree.Dim():
            return f"{name}: {rest.removeprefix('=').strip()}"
        case tree.Module() | tree.Function() | tree.Declared():
            return f"{name}: {json.dumps(rest.removeprefix(':').strip())}"
        case _:
            return f"{name}: {json.dumps(rest) if rest else ''}"


def _steps(steps: tuple[tree.Step, ...], source: Source, indent: str) -> list[str]:
    return [f"{indent}{line}" for step in steps for line in _step(step, source)]


def _step(step: tree.Step, source: Source) -> list[str]:
    if not isinstance(step, tree.For):
        kind = type(step).__name__.lower()
        return [f"- {kind}: {{{', '.join(_parts(step, source))}}}"]
    header = source.cut(step.header).removeprefix("for").removesuffix(":").strip()
    *body, last = step.body
    stops = [f"  stop: {_cut(last.condition.span, source)}"] if _ends(last) else []
    inner = _steps(tuple(body) if _ends(last) else step.body, source, "    ")
    return [f"- for: {json.dumps(header)}", "  do:", *inner, *stops]


def _ends(step: tree.Step) -> bool:
    return isinstance(step, tree.StopWhen)


def _parts(step: tree.Step, source: Source) -> list[str]:
    match step:
        case tree.Compute(names, value):
            return [f"name: [{_listed(names)}]", f"value: {_cut(value.span, source)}"]
        case tree.Sample(name, law, each, method, sampler, plate):
            parts = [f"name: {name.id}", f"from: {_cut(law.span, source)}"]
            parts += [f"each: [{_listed(each)}]"] if each else []
            parts += [f"with: {_cut(method.span, source)}"] if method else []
            parts += [f"using: {_cut(sampler.span, source)}"] if sampler else []
            return parts + ([f"in: {plate.id}"] if plate else [])
        case tree.Observe(name, value, law):
            parts = [f"name: {name.id}", f"from: {_cut(law.span, source)}"]
            same = isinstance(value, tree.Name) and value.id == name.id
            return parts if same else [*parts, f"value: {_cut(value.span, source)}"]
        case tree.Cost(name, value) | tree.Report(name, value):
            return [f"name: {name.id}", *([f"value: {_cut(value.span, source)}"] if value else [])]
    raise TypeError(step)


def _listed(names: tuple[tree.Name, ...]) -> str:
    return ", ".join(name.id for name in names)


def _cut(span: Span, source: Source) -> str:
    return json.dumps(source.cut(span))
