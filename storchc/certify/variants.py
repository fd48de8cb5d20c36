"""Stories made of a story: smaller, with other methods, or with one of its costs alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from storchc.analysis.estimation import Estimation
from storchc.analysis.passes import analyse
from storchc.diagnostics.diagnostic import Problems
from storchc.emit.module import generate
from storchc.ir.graph import Graph
from storchc.loading import load_class
from storchc.overrides import read_overrides
from storchc.records import dataclass
from storchc.source import Source
from storchc.syntax import tree
from storchc.syntax.reading import read_story
from storchc.typing.build import build_graph
from storchc.typing.sequences import every_step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storchc.loading import LoadedStory

Chosen = tuple[tree.Call | None, tree.Call | None]
"""A method and a sampler, as a story writes them."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A story without errors: its tree, and what the compiler knows of it."""

    story: tree.Story
    source: Source
    graph: Graph
    estimation: Estimation

    def load(self) -> type[LoadedStory]:
        """The class of its module. Imports what the story imports."""
        code = generate(self.graph, self.estimation)
        return load_class(code, self.graph.name, self.source.name)


def checked(story: tree.Story, source: Source) -> Checked | None:
    """The story, where it has no errors."""
    problems = Problems()
    typed = build_graph(story, source, problems)
    if typed is None or problems.fatal:
        return None
    estimation = analyse(typed, problems)
    if problems.fatal or estimation is None:
        return None
    return Checked(story, source, estimation.graph, estimation)


def samples_of(story: tree.Story) -> list[tree.Sample]:
    """The samples of a story, those in loops too."""
    return [step for step in every_step(story.steps) if isinstance(step, tree.Sample)]


def changed(story: tree.Story, change: Callable[[tree.Step], Iterable[tree.Step]]) -> tree.Story:
    """The story with other steps in place of each; in loops too."""
    return replace(story, steps=_changed(story.steps, change))


def _changed(
    steps: tuple[tree.Step, ...], change: Callable[[tree.Step], Iterable[tree.Step]]
) -> tuple[tree.Step, ...]:
    made: list[tree.Step] = []
    for step in steps:
        if isinstance(step, tree.For):
            step = replace(step, body=_changed(step.body, change))
        made += change(step)
    return tuple(made)


def with_methods(story: tree.Story, methods: Mapping[str, Chosen]) -> tree.Story:
    """The story with these methods and samplers in place of its own, by the names of samples."""

    def change(step: tree.Step) -> Iterable[tree.Step]:
        if isinstance(step, tree.Sample) and step.name.id in methods:
            method, sampler = methods[step.name.id]
            return (replace(step, method=method, sampler=sampler),)
        return (step,)

    return changed(story, change)


def paying_only(story: tree.Story, cost: str) -> tree.Story:
    """The story in which nothing is paid but this cost; the others are values, if they have any."""

    def change(step: tree.Step) -> Iterable[tree.Step]:
        match step:
            case tree.Cost(name, value) if name.id != cost:
                return () if value is None else (tree.Compute((name,), value, step.span),)
            case tree.Observe(name) if name.id != cost:
                return ()
        return (step,)

    return changed(story, change)


def plain(sample: tree.Sample, n: int) -> Chosen:
    """The score function without anything that would lower its variance."""
    span = sample.span
    name = tree.Name("ScoreFunction", span)
    if sample.plate is not None:
        return tree.Call(name, (), (), span), None
    n_is = tree.Keyword(tree.Name("n", span), tree.Number(n, span), span)
    return tree.Call(name, (), (n_is,), span), None


def read_checked(name: str, data: bytes, methods: Mapping[str, str]) -> Checked:
    """The story of a file that has no errors, with methods in place of its own."""
    problems = Problems()
    source, story = read_story(name, data, problems)
    assert story is not None
    _, overrides = read_overrides(source, methods, problems)
    found = checked(with_methods(story, overrides), source)
    assert found is not None
    return found
