"""``sequence(v)``: a variable of a loop's body in every step, as a first event dimension."""

from __future__ import annotations

from collections.abc import Container, Iterator

from storchc.catalogue import distributions
from storchc.diagnostics import loops as words
from storchc.ir.expression import Reference, SequenceOf, Value
from storchc.ir.types import ValueType
from storchc.syntax import tree
from storchc.syntax.walk import names, parts
from storchc.typing.context import Context, Refused


def every_step(steps: tuple[tree.Step, ...]) -> Iterator[tree.Step]:
    """The steps in order, those of a loop's body behind the loop."""
    for step in steps:
        yield step
        if isinstance(step, tree.For):
            yield from every_step(step.body)


def wanted_sequences(story: tree.Story) -> frozenset[str]:
    """The names that something looks at in steps that do not count.

    ``sequence`` is taken of them somewhere, they are reported, or reduced with ``over=`` together
    with those of elements that go on; a stateful function keeps those of all elements in mind.
    """
    if not any(isinstance(step, tree.For) for step in story.steps):
        return frozenset()  # there are no steps to look at
    callees = (node for node in story.declarations if isinstance(node, tree.Module | tree.Function))
    stateful = frozenset(c.name.id for c in callees if "stateful" in c.flags)
    declared = {d.name.id for d in story.declarations if isinstance(d, tree.Declared)}
    found: set[str] = set()
    laws: dict[str, set[str]] = {}
    for step in every_step(story.steps):
        match step:
            case tree.Report(name=name, value=None):
                found.add(name.id)
            case tree.For(carried=carried):
                found |= _looked_at(carried, stateful)
            case tree.Compute(names=(name,), value=tree.Call() as call) if _is_law(call, declared):
                laws[name.id] = {part.id for part in names(call)}
                found |= _looked_at(step, stateful)
            case _:
                found |= _looked_at(step, stateful)
    return frozenset(_through(found, laws))


def _looked_at(node: object, stateful: frozenset[str]) -> set[str]:
    """The names in such calls anywhere in a node of the syntax tree."""
    found: set[str] = set()
    for call in (part for part in parts(node) if isinstance(part, tree.Call)):
        if call.function.id == "sequence":
            found |= {arg.id for arg in call.args if isinstance(arg, tree.Name)}
        elif call.function.id in stateful or any(k.name.id == "over" for k in call.keywords):
            found |= {name.id for name in names(call)}
    return found


def _is_law(call: tree.Call, declared: Container[str]) -> bool:
    return call.function.id in declared or distributions.lookup(call.function.id) is not None


def _through(found: set[str], laws: dict[str, set[str]]) -> set[str]:
    """The names, and those that distributions among them are made of: these hold nothing."""
    waiting = [name for name in found if name in laws]
    while waiting:
        more = laws.pop(waiting.pop(), set()) - found
        found |= more
        waiting += [name for name in more if name in laws]
    return found


def sequence(ctx: Context, node: tree.Call) -> Value | None:
    """The typed sequence; None where its variable, or its loop, is wrong and reported."""
    name = _variable(node)
    key = ctx.place.ended if name.id == "alive" else name.id
    loops = ctx.loops
    if key is None or key not in loops.home:
        if key is not None and key not in ctx.types:
            raise ctx.refuse(name, "value")
        help = "it takes a variable that the body of a loop above defines"
        raise Refused(words.no_sequence(node.span, f"`{name.id}` belongs to no loop", help))
    home = loops.home[key]
    _check_place(ctx, name, home)
    ctx.use(name)
    type_ = ctx.types.get(key, loops.ended.get(key))
    bound = loops.bounds[home]
    if type_ is None or bound is None:
        return None
    if not isinstance(type_, ValueType):
        help = "take the sequence of its parameters, or of what is drawn from it"
        raise Refused(words.no_sequence(node.span, f"`{name.id}` is a distribution", help))
    whole = ValueType(type_.plates, (bound, *type_.shape), type_.dtype)
    return SequenceOf(Reference(key, type_, name.span), whole, node.span)


def _variable(node: tree.Call) -> tree.Name:
    """The name whose sequence is meant."""
    first = node.args[0] if node.args else None
    if isinstance(first, tree.Name):
        if len(node.args) > 1 or node.keywords:
            raise Refused(words.sequence_alone(first, node.span))
        return first
    help = "write `sequence(v)` with the name of a variable, or `compute` the value in the body"
    raise Refused(words.no_sequence(node.span, "this is not the name of a variable", help))


def _check_place(ctx: Context, name: tree.Name, home: str) -> None:
    """A sequence is taken where the loop has ended, in the step of the loops around it."""
    loops, inside = ctx.loops, ctx.place.inside
    if home in inside:
        raise Refused(words.sequence_inside(name, loops.headers[home]))
    if loops.parents[home] not in (None, *inside):
        raise Refused(words.sequence_too_deep(name, loops.headers[home]))
