"""The whole generated module."""

from __future__ import annotations

from pathlib import Path

from storchc.analysis.estimation import Estimation
from storchc.backend import constructor
from storchc.backend.block import Block, place, safe_name
from storchc.backend.calls import one_of, result_constant, results_constant
from storchc.backend.expressions import translate
from storchc.backend.layout import layout
from storchc.backend.loops import write_node
from storchc.backend.loss import Loss
from storchc.backend.scores import ScoreSums
from storchc.backend.storage import storage_of
from storchc.backend.text import docstring
from storchc.backend.timed import shown
from storchc.backend.writer import Writer
from storchc.ir.expression import CallUser, SequenceOf
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, Input
from storchc.python.expressions import Call, Py, call, index, literal, method, name, table, tuple_of
from storchc.python.names import Identifiers
from storchc.python.printer import statement, write
from storchc.version import __version__

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
    writer = _writer(graph, estimation)
    constants = _constants(writer)
    writer.constants["the layout"] = name(writer.identifiers.hidden("layout"))
    forward = _forward(writer)
    base = write(writer.runtime("StoryModule"))
    estimate = write(writer.runtime(_estimate_class(writer)))
    init = constructor.body(writer)
    parts: dict[str, object] = {
        "version": __version__,
        "file": safe_name(graph.source),
        "docstring": f'"""The story `{graph.name}` as a PyTorch module."""',
        "name": graph.name,
        "base": base,
        "class_docstring": docstring(graph.doc or f"The story `{graph.name}`.", 4),
        "attributes": _attributes(writer),
        "init_signature": constructor.signature(writer),
        "init": init,
        "forward_signature": _forward_signature(writer),
        "estimate": estimate,
        "forward_docstring": _forward_docstring(graph),
        "forward": forward,
        "constants": constants + _constant(writer, "the layout", layout(writer)),
    }
    parts["imports"] = writer.identifiers.lines(constructor.users_imports(writer))
    return parts


def _writer(graph: Graph, estimation: Estimation) -> Writer:
    public = frozenset({graph.name, *graph.callees, *(i.name for i in graph.inputs)})
    identifiers = Identifiers(public)
    storage, sequenced = storage_of(graph, estimation), _sequenced(graph)
    writer = Writer(graph, estimation, storage, identifiers, translate, sequenced)
    writer.attributes = constructor.attribute_names(graph)
    writer.owned = estimation.ownership.owned
    for item in graph.inputs:
        writer.locals[item.name] = item.name
        writer.stored[item.name] = item.type.plates
    for plate in graph.data_plates:
        writer.locals[plate] = identifiers.local(plate)
    for dim in graph.dims.values():
        if dim.value is None:
            writer.locals[dim.name] = identifiers.local(dim.name)
    for use in graph.uses.values():
        writer.constants[f"use {use.name}"] = name(identifiers.foreign(use.name))
    for callee in graph.callees.values():
        if callee.path is not None:
            hidden = identifiers.hidden(f"default_{callee.name}")
            writer.constants[f"default {callee.name}"] = name(hidden)
    return writer


# --- module level --------------------------------------------------------------------------------


def _constants(writer: Writer) -> list[str]:
    lines: list[str] = []
    for item in writer.graph.inputs:
        lines += _defined(writer, f"input {item.name}", item.name, _input(writer, item))
    for callee_name in sorted(_called(writer.graph), key=list(writer.graph.callees).index):
        lines += _results(writer, writer.graph.callees[callee_name])
    return lines


def _results(writer: Writer, callee: Callee) -> list[str]:
    """The records that check what a callee returns; several are counted first."""
    where = place(writer.graph.source, callee.span)
    wanted = [t for slot in callee.results for t in slot.items]
    if len(wanted) == 1:
        code = result_constant(writer, callee, wanted[0], where)
        return _defined(writer, f"{callee.name}:0", callee.name, code)
    slots = callee.results
    count = len(wanted) if len(slots) == 1 else len(slots)
    code = results_constant(writer, callee, count, where)
    lines = _defined(writer, callee.name, callee.name, code)
    several = writer.constants[callee.name]
    for position, type_ in enumerate(wanted):
        code = one_of(several, position, type_)
        lines += _defined(writer, f"{callee.name}:{position}", f"{callee.name}_{position}", code)
    return lines


def _defined(writer: Writer, key: str, wanted: str, code: Py) -> list[str]:
    writer.constants[key] = name(writer.identifiers.hidden(wanted))
    return _constant(writer, key, code)


def _constant(writer: Writer, key: str, code: Py) -> list[str]:
    """The statement that defines what the module knows by ``key``."""
    target = write(writer.constants[key])
    return statement(f"{target} = ", writer.identifiers.imports(code), 0)


def _called(graph: Graph) -> set[str]:
    return {e.callee for e in graph.parts if isinstance(e, CallUser)}


def _sequenced(graph: Graph) -> frozenset[str]:
    """The names that ``sequence`` is taken of."""
    return frozenset(e.value.name for e in graph.parts if isinstance(e, SequenceOf))


def _input(writer: Writer, item: Input) -> Py:
    plates = [literal(p) for p in writer.graph.order(item.type.plates)]
    event = [literal(s.dim or str(s) if s.value is None else s.value) for s in item.type.shape]
    arguments = [
        literal(item.name),
        tuple_of(*plates),
        tuple_of(*event),
        literal(item.type.dtype),
        literal(place(writer.graph.source, item.span)),
    ]
    jumping = (
        j.value.span for j in writer.estimation.jumps.guarded if item.name in j.motion.inputs
    )
    jump = next(jumping, None)
    marked = {} if jump is None else {"jump": literal(place(writer.graph.source, jump))}
    return call(writer.runtime("Input"), *arguments, **marked)


def _attributes(writer: Writer) -> list[str]:
    lines = []
    order, kinks = writer.estimation.order, writer.estimation.jumps.order
    if order is not None or kinks is not None:
        lines.append(f"    order = {min(o for o in (order, kinks) if o is not None)}")
    if kinks is not None:
        lines.append(f"    kinks = {kinks}")
    owned = constructor.method_modules(writer)
    if owned:
        lines += statement("method_modules = ", tuple_of(*map(literal, owned)), 4)
    apart = constructor.row_wise_modules(writer)
    if apart:
        lines += statement("row_wise = ", tuple_of(*apart), 4)
    return ["", *lines] if lines else []


# --- forward -------------------------------------------------------------------------------------


def _forward_signature(writer: Writer) -> list[str]:
    tensor = write(writer.torch("Tensor"))
    mapping = write(writer.torch("Mapping"))
    text, truth = (write(writer.identifiers.builtin(n)) for n in ("str", "bool"))
    lines = ["self"]
    for item in writer.graph.inputs:
        kinds = [tensor]
        if not item.type.plates and not item.type.shape:
            kinds.append(write(writer.identifiers.builtin(item.type.dtype)))
        lines.append(f"{item.name}: {' | '.join(kinds)}")
    return [
        *lines,
        "*",
        f"given: {mapping}[{text}, {tensor}] | None = None",
        f"keep_param_grads: {truth} = False",
        f"generator: {write(writer.torch('torch.Generator'))} | None = None",
    ]


def _forward_docstring(graph: Graph) -> str:
    shapes = "; ".join(f"{i.name} {_declared(graph, i)}" for i in graph.inputs)
    return docstring(f"Estimate the expected total cost{f' ({shapes})' if shapes else ''}.", 8)


def _declared(graph: Graph, item: Input) -> str:
    return f"[{', '.join([*graph.order(item.type.plates), *map(str, item.type.shape)])}]"


def _forward(writer: Writer) -> list[str]:
    block = Block(writer.graph.source, writer.identifiers)
    watched = _watched(writer)
    for node in writer.graph.nodes:
        write_node(writer, block, node)
    writer.block = block
    loss = Loss(writer, block, ScoreSums(writer))
    loss.write()
    _finish(writer, block, loss)
    head = Block(writer.graph.source, writer.identifiers)
    _begin(writer, head, watched)
    return head.lines + block.lines


def _watched(writer: Writer) -> bool:
    """Whether a method trains parameters of its own."""
    estimators = writer.estimation.estimators.values()
    return any(e.trains for e in estimators if e.entry is not None)


def _estimate_class(writer: Writer) -> str:
    return "WatchedEstimate" if _watched(writer) else "Estimate"


def _begin(writer: Writer, block: Block, watched: bool) -> None:
    """Inputs checked, sizes read, the names that the body uses."""
    if watched:
        block.expression(call("self.begin_watched", name("given")))
    if "methods" in writer.internal:
        block.assign(writer.internal["methods"], name("self.methods"))
    if "replayed" in writer.internal:
        known = call(writer.runtime("replayed_values"), name("given"), writer.inner("methods"))
        block.assign(writer.internal["replayed"], known)
    floats = {i.name: name(i.name) for i in writer.graph.inputs if i.type.dtype == "float"}
    params = {p.name: writer.own(p.name) for p in writer.graph.params}
    if writer.graph.inputs:
        values = {**floats, **params} or {i.name: name(i.name) for i in writer.graph.inputs}
        where = [literal(place(writer.graph.source, writer.graph.inputs[0].span))]
        like = call(writer.runtime("agreement"), table(values), *where[: len(values) - 1])
        block.assign(write(writer.inner("like")), like)
        _check_inputs(writer, block)
    elif "like" in writer.internal:
        first = next(iter(params.values()), call("torch.empty", tuple_of()))
        block.assign(writer.internal["like"], first)


def _check_inputs(writer: Writer, block: Block) -> None:
    sizes = writer.inner("sizes")
    kind, key, number = (write(writer.identifiers.builtin(n)) for n in ("dict", "str", "int"))
    block.lines.append(f"        {write(sizes)}: {kind}[{key}, {number}] = {{}}")
    for item in writer.graph.inputs:
        arguments = name(item.name), sizes, writer.inner("like")
        block.assign(item.name, method(writer.constants[f"input {item.name}"], "check", *arguments))
    made = {i.name: i.type.shape for i in writer.graph.inputs if _made_of_dims(i)}
    events = {item: tuple_of(*map(writer.size, shape)) for item, shape in made.items()}
    for bound in (
        *writer.graph.data_plates,
        *(d.name for d in writer.graph.dims.values() if d.value is None),
    ):
        if bound in writer.sized:
            block.assign(writer.locals[bound], index(sizes, literal(bound)))
    for made_of, event in events.items():
        check = writer.constants[f"input {made_of}"]
        block.expression(method(check, "fits", name(made_of), event))


def _made_of_dims(item: Input) -> bool:
    """Whether a size of the event is neither a number nor a free dim that stands alone."""
    return any(s.value is None and s.dim is None for s in item.type.shape)


def _report(writer: Writer, report: str) -> Py:
    stepped = writer.stepping.reports.get(report)
    return name(writer.locals[report]) if stepped is None else stepped.py


def _finish(writer: Writer, block: Block, loss: Loss) -> None:
    graph = writer.graph
    has_plates = bool(graph.inputs)
    keywords: dict[str, Py] = {
        "sizes": writer.inner("sizes") if has_plates else table({}),
        "draws": table({s.name: writer.draw(s.name) for s in graph.samples}),
        "cost_values": table({c.name: shown(writer, c).py for c in graph.costs}),
    }
    if graph.reports:
        keywords["report_values"] = table({r.name: _report(writer, r.name) for r in graph.reports})
    if loss.own_losses:
        added = call(writer.runtime("added"), *map(name, loss.own_losses))
        keywords["own_loss"] = added
    estimate: Py = Call(
        writer.runtime(_estimate_class(writer)),
        (writer.inner("loss"), writer.constants["the layout"]),
        tuple(keywords.items()),
    )
    if _watched(writer):
        estimate = call("self.end_watched", estimate, name("given"))
    block.returns(estimate)
