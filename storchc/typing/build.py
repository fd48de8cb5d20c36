"""The shapes stage: from the syntax tree to the typed graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from storchc.diagnostics import names as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
from storchc.ir.nodes import Input, Node, Param
from storchc.source import Source
from storchc.syntax import tree
from storchc.syntax.walk import names
from storchc.typing import declarations
from storchc.typing.context import Context
from storchc.typing.names import Scope, collect
from storchc.typing.sequences import every_step, wanted_sequences
from storchc.typing.steps import read_step

Overrides = Mapping[str, tuple[tree.Call | None, tree.Call | None]]
NO_OVERRIDES: Overrides = MappingProxyType({})


def build_graph(
    story: tree.Story, source: Source, problems: Problems, overrides: Overrides = NO_OVERRIDES
) -> Graph | None:
    """The typed graph of a story, or None when it has errors.

    ``overrides`` gives samples another method and sampler; a sample stays in its plate.
    """
    ctx = Context(collect(story, source, problems), problems)
    ctx.scope.used.update(_replaced(story, overrides))
    story = _overridden(story, overrides, problems)
    ctx.loops.sequenced = wanted_sequences(story)
    inputs, params = _declare(ctx, story)
    nodes = tuple(node for step in story.steps if (node := read_step(ctx, step)) is not None)
    if problems.fatal:
        return None
    _warn(ctx.scope, story, problems)
    return _graph(ctx, story, inputs, params, nodes)


def _overridden(story: tree.Story, overrides: Overrides, problems: Problems) -> tree.Story:
    if not overrides:
        return story
    samples = [step.name.id for step in every_step(story.steps) if isinstance(step, tree.Sample)]
    for name in overrides:
        if name not in samples:
            problems.add(words.override_without_sample(story.name, name, samples))
    return replace(story, steps=tuple(_with_method(step, overrides) for step in story.steps))


def _replaced(story: tree.Story, overrides: Overrides) -> Iterator[str]:
    """The names in the methods that ``overrides`` replaces: the story as written uses them."""
    for step in every_step(story.steps):
        if isinstance(step, tree.Sample) and step.name.id in overrides:
            yield from (name.id for name in names((step.method, step.sampler)))


def _with_method(step: tree.Step, overrides: Overrides) -> tree.Step:
    if isinstance(step, tree.For):
        return replace(step, body=tuple(_with_method(inner, overrides) for inner in step.body))
    if not isinstance(step, tree.Sample) or step.name.id not in overrides:
        return step
    method, sampler = overrides[step.name.id]
    return replace(step, method=method, sampler=sampler)


def _declare(ctx: Context, story: tree.Story) -> tuple[list[Input], list[Param]]:
    inputs: list[Input | None] = []
    params: list[Param | None] = []
    for node in story.declarations:
        match node:
            case tree.Dim():
                declarations.declare_dim(ctx, node)
            case tree.Plate():
                declarations.declare_plate(ctx, node)
            case tree.Input():
                inputs.append(declarations.declare_input(ctx, node))
            case tree.Param():
                params.append(declarations.declare_param(ctx, node))
            case tree.Module() | tree.Function():
                declarations.declare_callee(ctx, node)
            case tree.Declared():
                declarations.declare_distribution(ctx, node)
            case tree.Use():
                declarations.declare_use(ctx, node)
    declarations.check_bindings(ctx, story)
    return [i for i in inputs if i is not None], [p for p in params if p is not None]


def _graph(
    ctx: Context,
    story: tree.Story,
    inputs: list[Input],
    params: list[Param],
    nodes: tuple[Node, ...],
) -> Graph:
    types = ctx.loops.ended | ctx.types
    return Graph(
        name=story.name.id,
        name_span=story.name.span,
        doc=story.doc,
        source=ctx.scope.source,
        dims=ctx.dims,
        data_plates=ctx.data_plates,
        inputs=tuple(inputs),
        params=tuple(params),
        callees={name: callee for name, callee in ctx.callees.items() if callee is not None},
        uses=ctx.uses,
        nodes=nodes,
        sample_plates=tuple(ctx.opened),
        types={name: type_ for name, type_ in types.items() if type_ is not None},
        loop_names=tuple(ctx.loops.names.values()),
        sequenced=ctx.loops.sequenced,
    )


def _warn(scope: Scope, story: tree.Story, problems: Problems) -> None:
    """Name what nothing uses."""
    for node in (*story.declarations, *every_step(story.steps)):
        match node:
            case tree.Input() | tree.Param() | tree.Use() | tree.Declared():
                names: tuple[tree.Name, ...] = (node.name,)
            case tree.Module() | tree.Function():
                names = (node.name,)
            case tree.Compute():
                names = node.names
            case _:
                continue
        if scope.used.isdisjoint(name.id for name in names):
            problems.add(words.never_used(names[0]))
