"""The whole generated module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from storchc.analysis.estimation import Estimation
from storchc.emit import constructor
from storchc.emit.calls import event_of, one_of, result_constant, results_constant
from storchc.emit.code import Code
from storchc.emit.context import Context, known_size
from storchc.emit.expressions import translate
from storchc.emit.function import Body
from storchc.emit.layout import Kept, layout
from storchc.emit.outline import Outline, outline
from storchc.emit.places import place, safe_name
from storchc.emit.text import docstring
from storchc.ir.expression import CallUser
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, Input
from storchc.lower.program import lower
from storchc.lower.story import story_of
from storchc.program.operation import Operation
from storchc.program.slots import Slot
from storchc.python.expressions import (
    Imported,
    Local,
    Py,
    builtin,
    call,
    index,
    literal,
    member,
    method,
    name,
    table,
    tuple_of,
)
from storchc.python.layout import lines
from storchc.python.names import DISTRIBUTIONS
from storchc.python.naming import named
from storchc.python.printer import statement, write
from storchc.python.statements import Assign, Do, Statement, all_used
from storchc.records import dataclass
from storchc.version import __version__

INDENT = 8
"""Columns on the left of the body of a method."""

TEMPLATES = Path(__file__).parent / "templates"


def generate(graph: Graph, estimation: Estimation) -> str:
    """The source of the PyTorch module of a checked story."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Python source, not markup
    )
    parts = _parts(estimation.written.graph, estimation)
    return environment.get_template("module.py.jinja").render(parts)


def _parts(graph: Graph, estimation: Estimation) -> dict[str, object]:
    story = story_of(graph, estimation)
    known = outline(story)
    constants = _constants(known)
    forward = _forward(known, lower(story))
    base = known.identifiers.text(known.runtime("StoryModule"))
    estimate = known.identifiers.text(known.runtime(_estimate_class(known)))
    init = constructor.body(known)
    parts: dict[str, object] = {
        "version": __version__,
        "file": safe_name(graph.source),
        "docstring": f'"""The story `{graph.name}` as a PyTorch module."""',
        "name": graph.name,
        "base": base,
        "class_docstring": docstring(graph.doc or f"The story `{graph.name}`.", 4),
        "attributes": _attributes(known),
        "init_signature": constructor.signature(known),
        "init": init,
        "forward_signature": _forward_signature(known),
        "estimate": estimate,
        "forward_docstring": _forward_docstring(graph),
        "forward": [*forward.lines],
        "constants": [*constants, *_layout(known, forward, bool(constants))],
    }
    parts["dims"] = _dims(known)
    parts["imports"] = known.identifiers.lines(constructor.users_imports(known))
    return parts


# --- module level --------------------------------------------------------------------------------


def _constants(known: Outline) -> list[str]:
    lines: list[str] = []
    for item in known.graph.inputs:
        lines += _constant(known, f"input {item.name}", _input(known, item))
    called = _called(known.graph)
    for callee in known.graph.callees.values():
        if callee.kind == "distribution":
            lines += _constant(known, f"{callee.name}:law", _law(known, callee))
        elif callee.name in called:
            lines += _results(known, callee)
    return lines


def _dims(known: Outline) -> list[str]:
    """The constant dims that the module speaks of, in the order of the story."""
    own, dims = known.identifiers.own, known.graph.dims.values()
    source = known.graph.source
    lines = [f"{own[d.name]} = {d.value}  # {place(source, d.span)}" for d in dims if d.name in own]
    return [*lines, ""] if lines else []


def _results(known: Outline, callee: Callee) -> list[str]:
    """The records that check what a callee returns; several are counted first."""
    where = place(known.graph.source, callee.span)
    wanted = [t for slot in callee.results for t in slot.items]
    if len(wanted) == 1:
        code = result_constant(known.graph, callee, wanted[0], where)
        return _constant(known, f"{callee.name}:0", code)
    slots = callee.results
    count = len(wanted) if len(slots) == 1 else len(slots)
    code = results_constant(callee, count, where)
    lines = _constant(known, callee.name, code)
    several = known.module.constants[callee.name]
    for position, type_ in enumerate(wanted):
        code = one_of(known.graph, several, position, type_)
        lines += _constant(known, f"{callee.name}:{position}", code)
    return lines


def _law(known: Outline, callee: Callee) -> Py:
    """The record that asks a distribution of the user's, and checks what it returns."""
    (result,) = callee.results[0].items
    return call(
        Imported("Declared", DISTRIBUTIONS),
        literal(callee.name),
        tuple_of(*(literal(item.rank) for slot in callee.arguments for item in slot.items)),
        event_of(known.graph, result),
        literal(result.dtype),
        literal(place(known.graph.source, callee.span)),
    )


def _constant(known: Outline, key: str, code: Py) -> list[str]:
    """The statement that defines what the module knows by ``key``."""
    target = write(known.module.constants[key])
    return statement(f"{target} = ", known.identifiers.resolve(code), 0)


def _layout(known: Outline, forward: _Forward, below: bool) -> list[str]:
    """The constant that says how an estimate is stored, set off from what stands above it."""
    said = "# the plates of samples, costs and reports, outermost first"
    lines = _constant(known, "the layout", forward.layout.layout)
    lines = [line for made in forward.layout.plates for line in _shared(known, *made)] + lines
    return ["", said, *lines] if below else [said, *lines]


def _shared(known: Outline, target: Py, plates: Py) -> list[str]:
    """The statement of a tuple of plates that lines of the layout share."""
    texts = known.identifiers.text(builtin("str"))
    tuples = known.identifiers.text(builtin("tuple"))
    return statement(f"{write(target)}: {tuples}[{texts}, ...] = ", plates, 0)


def _called(graph: Graph) -> set[str]:
    return {e.callee for e in graph.parts if isinstance(e, CallUser)}


def _input(known: Outline, item: Input) -> Py:
    plates = [literal(p) for p in known.graph.order(item.type.plates)]
    event = [
        literal(s.dim or str(s)) if s.value is None else known_size(known.graph, s, s.value)
        for s in item.type.shape
    ]
    arguments = [
        literal(item.name),
        tuple_of(*plates),
        tuple_of(*event),
        literal(item.type.dtype),
        literal(place(known.graph.source, item.span)),
    ]
    jumping = (j.value.span for j in known.estimation.jumps.guarded if item.name in j.motion.inputs)
    jump = next(jumping, None)
    marked = {} if jump is None else {"jump": literal(place(known.graph.source, jump))}
    return call(known.runtime("Input"), *arguments, **marked)


def _attributes(known: Outline) -> list[str]:
    lines = []
    order, kinks = known.estimation.order, known.estimation.jumps.order
    if order is not None or kinks is not None:
        lines.append(f"    order = {min(o for o in (order, kinks) if o is not None)}")
    if kinks is not None:
        lines.append(f"    kinks = {kinks}")
    owned = constructor.method_modules(known)
    if owned:
        lines += statement("method_modules = ", tuple_of(*map(literal, owned)), 4)
    apart = constructor.row_wise_modules(known)
    if apart:
        lines += statement("row_wise = ", tuple_of(*apart), 4)
    return ["", *lines] if lines else []


# --- forward -------------------------------------------------------------------------------------


def _forward_signature(known: Outline) -> list[str]:
    tensor = known.text("Tensor")
    mapping, mode = known.text("Mapping"), known.identifiers.text(known.runtime("Mode"))
    text, truth = (known.identifiers.text(builtin(n)) for n in ("str", "bool"))
    lines = ["self"]
    for item in known.graph.inputs:
        kinds = [tensor]
        if not item.type.plates and not item.type.shape:
            kinds.append(known.identifiers.text(builtin(item.type.dtype)))
        lines.append(f"{item.name}: {' | '.join(kinds)}")
    return [
        *lines,
        "*",
        f"given: {mapping}[{text}, {tensor} | {mode}] | {mode} | None = None",
        f"keep_param_grads: {truth} = False",
        f"generator: {known.text('torch.Generator')} | None = None",
    ]


def _forward_docstring(graph: Graph) -> str:
    shapes = "; ".join(f"{i.name} {_declared(graph, i)}" for i in graph.inputs)
    said = docstring(f"Estimate the expected total cost{f' ({shapes})' if shapes else ''}.", 8)
    return "".join(said)


def _declared(graph: Graph, item: Input) -> str:
    return f"[{', '.join([*graph.order(item.type.plates), *map(str, item.type.shape)])}]"


@dataclass(frozen=True, slots=True)
class _Forward:
    """The lines of ``forward``, and the constants that say how its tensors are stored."""

    lines: tuple[str, ...]
    layout: Kept


def _forward(known: Outline, program: Sequence[Operation]) -> _Forward:
    inputs = {item: Local(item.name) for item in known.graph.inputs}
    held = {Slot("value", i.name): Code(local, i.type.plates) for i, local in inputs.items()}
    context = Context(known.module, translate, held, frozenset())
    body = Body(context, held)
    body.write(program)
    head = _head(known, inputs, frozenset(all_used(body.statements)))
    parameters = {local: item.name for item, local in inputs.items()}
    statements = named([*head, *body.statements], known.identifiers, parameters)
    context = replace(context, held=body.held)
    return _Forward(tuple(lines(statements, INDENT)), layout(context, known.identifiers.hidden))


def _watched(known: Outline) -> bool:
    """Whether a method trains parameters of its own."""
    estimators = known.estimation.estimators.values()
    return any(e.trains for e in estimators if e.entry is not None)


def _estimate_class(known: Outline) -> str:
    return "WatchedEstimate" if _watched(known) else "Estimate"


def _head(
    known: Outline, inputs: Mapping[Input, Local], wanted: frozenset[Local]
) -> Iterator[Statement]:
    """Inputs checked, sizes read, the ``wanted`` variables that the body uses."""
    module = known.module
    if not wanted.isdisjoint((module.methods, module.replayed)):
        yield Assign(module.methods, call("self.methods_for", name("given")))
    if module.replayed in wanted:
        replayed = call(known.runtime("replayed_values"), name("given"), module.methods)
        yield Assign(module.replayed, replayed)
    every: dict[str, Py] = {item.name: local for item, local in inputs.items()}
    floats = {item.name: every[item.name] for item in inputs if item.type.dtype == "float"}
    own = {p.name: member(name("self"), module.attributes[p.name]) for p in known.graph.params}
    if inputs:
        values = {**floats, **own} or every
        where = [literal(place(known.graph.source, known.graph.inputs[0].span))]
        agreed = call(known.runtime("agreement"), table(values), *where[: len(values) - 1])
        yield Assign(module.like, agreed)
        yield from _checked_inputs(known, inputs, wanted)
    elif module.like in wanted:
        yield Assign(module.like, next(iter(own.values()), call("torch.empty", tuple_of())))


def _checked_inputs(
    known: Outline, inputs: Mapping[Input, Local], wanted: frozenset[Local]
) -> Iterator[Statement]:
    module = known.module
    kind = index(builtin("dict"), builtin("str"), builtin("int"))
    yield Assign(module.checked, table({}), annotation=kind)
    for item, local in inputs.items():
        check = known.constant(f"input {item.name}")
        checked = method(check, "check", local, module.checked, module.like)
        yield Assign(local, checked)
    context = Context(module, translate, {}, frozenset())
    fits = [
        Do(
            method(
                known.constant(f"input {item.name}"),
                "fits",
                local,
                tuple_of(*map(context.size, item.type.shape)),
            )
        )
        for item, local in inputs.items()
        if _made_of_dims(item)
    ]
    wanted |= frozenset(all_used(fits))
    for bound, local in module.sizes.items():
        if local in wanted:
            yield Assign(local, index(module.checked, literal(bound)))
    yield from fits


def _made_of_dims(item: Input) -> bool:
    """Whether a size of the event is neither a number nor a free dim that stands alone."""
    return any(s.value is None and s.dim is None for s in item.type.shape)
