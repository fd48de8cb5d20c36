"""A story made smaller, until its outcomes can be listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from storchc.certify.variants import Checked, changed, checked, samples_of
from storchc.records import dataclass
from storchc.syntax import tree
from storchc.syntax.walk import parts
from storchc.typing.sequences import every_step

SMALLEST = (2, 3)
"""What sizes are tried in place of a larger one, the first that the story allows."""

COUNTS = frozenset({"n", "k", "m"})
"""The options of methods and samplers that say how many values are drawn."""


@dataclass(frozen=True, slots=True)
class Place:
    """A number of the story that may be made smaller: whose it is, and where it stands."""

    kind: str
    name: str
    option: str
    value: int

    @property
    def label(self) -> str:
        """As it is shown: ``K``, ``n of z``, ``steps of t``."""
        if self.kind == "count":
            return f"{self.option} of {self.name}"
        return f"steps of {self.name}" if self.kind == "loop" else self.name


def shrunk(story: Checked, *, sizes: bool = True) -> tuple[Checked, dict[str, int]]:
    """The story with small sizes, steps and counts, and what was changed.

    ``sizes``: whether dims may be changed and loops shortened; modules that are given may not fit.
    """
    done: dict[str, int] = {}
    if sizes:  # layers of fixed sizes would not fit
        story = checked(_without_defaults(story.story), story.source) or story
    for place in list(_places(story.story)):
        if place.kind != "count" and not sizes:
            continue
        for value in SMALLEST:
            smaller = checked(_with(story.story, place, value), story.source)
            if value < place.value and smaller is not None:
                story, done[place.label] = smaller, value
                break
    return story, done


def _without_defaults(story: tree.Story) -> tree.Story:
    declared = (
        replace(d, default=None) if isinstance(d, tree.Module) else d for d in story.declarations
    )
    return replace(story, declarations=tuple(declared))


def _places(story: tree.Story) -> Iterator[Place]:
    for declared in story.declarations:
        if isinstance(declared, tree.Dim) and _is_large(declared.value):
            yield Place("dim", declared.name.id, "", _number(declared.value))
    for size in _written(story.declarations):
        yield Place("declared", f"[{size}]", "", size)
        yield Place("written", f"[{size}]", "", size)
    for step in every_step(story.steps):
        if isinstance(step, tree.For) and _is_large(step.bound):
            yield Place("loop", step.counter.id, "", _number(step.bound))
    for sample in samples_of(story):
        for call in (sample.method, sample.sampler):
            for option, value in _counts(call):
                if _is_large(value):
                    yield Place("count", sample.name.id, option, _number(value))


def _written(declarations: tuple[tree.Declaration, ...]) -> list[int]:
    """Large sizes that declarations have as numbers, the largest first."""
    found = {
        part.value
        for declared in declarations
        if not isinstance(declared, tree.Dim)
        for part in parts(declared)
        if isinstance(part, tree.Number) and _is_large(part)
    }
    return sorted((int(size) for size in found), reverse=True)


def _is_large(value: object) -> bool:
    return isinstance(value, tree.Number) and isinstance(value.value, int) and value.value > 2


def _number(value: Any) -> int:
    return int(value.value)


def _counts(call: tree.Call | None) -> Iterable[tuple[str, tree.Expression]]:
    """The options of a method or sampler that count draws; a positional one is the first."""
    if call is None:
        return ()
    named = [(k.name.id, k.value) for k in call.keywords if k.name.id in COUNTS]
    return [*(("n", value) for value in call.args[:1]), *named]


def _with(story: tree.Story, place: Place, value: int) -> tree.Story:
    if place.kind in ("declared", "written"):
        declared = _renumbered(story.declarations, place.value, value)
        every = place.kind == "written"
        steps = _renumbered(story.steps, place.value, value) if every else story.steps
        return replace(story, declarations=declared, steps=steps)
    if place.kind == "dim":
        declared = (_resized(d, place.name, value) for d in story.declarations)
        return replace(story, declarations=tuple(declared))

    def change(step: tree.Step) -> Iterable[tree.Step]:
        match step:
            case tree.For(counter=counter) if place.kind == "loop" and counter.id == place.name:
                return (replace(step, bound=tree.Number(value, step.span)),)
            case tree.Sample(name=name) if place.kind == "count" and name.id == place.name:
                method, sampler = (_counting(c, place, value) for c in (step.method, step.sampler))
                return (replace(step, method=method, sampler=sampler),)
        return (step,)

    return changed(story, change)


def _renumbered(node: Any, old: int, new: int) -> Any:
    """A part of the tree with another number wherever this one stands; the values of dims stay."""
    if isinstance(node, tuple):
        return tuple(_renumbered(part, old, new) for part in node)
    if isinstance(node, tree.Number):
        return replace(node, value=new) if node.value == old and _is_large(node) else node
    names = () if isinstance(node, tree.Dim) else getattr(type(node), "__dataclass_fields__", ())
    changes = {
        name: made
        for name in names
        if name not in ("span", "header")
        and (made := _renumbered(part := getattr(node, name), old, new)) is not part
        and made != part
    }
    return replace(node, **changes) if changes else node


def _resized(declared: tree.Declaration, name: str, value: int) -> tree.Declaration:
    if isinstance(declared, tree.Dim) and declared.name.id == name:
        return replace(declared, value=tree.Number(value, declared.span))
    return declared


def _counting(call: tree.Call | None, place: Place, value: int) -> tree.Call | None:
    if call is None:
        return None
    number = tree.Number(value, call.span)
    args = call.args
    if args and place.option == "n" and _is_large(args[0]):
        args = (number, *args[1:])
    keywords = (
        replace(k, value=number) if k.name.id == place.option and _is_large(k.value) else k
        for k in call.keywords
    )
    return replace(call, args=args, keywords=tuple(keywords))
