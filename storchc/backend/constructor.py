"""The constructor of a generated module: what the user passes, params, methods."""

from __future__ import annotations

from storchc.analysis.estimator import Constant, Estimator
from storchc.analysis.facts.rows import row_wise
from storchc.backend.block import place
from storchc.backend.text import default
from storchc.backend.writer import Writer
from storchc.catalogue import methods
from storchc.ir.defaults import Initial, Numbers
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, ModuleOption, Param, Sample, Slot
from storchc.python.expressions import (
    NONE,
    Choice,
    Py,
    call,
    infix,
    list_of,
    literal,
    member,
    method,
    name,
    table,
    tuple_of,
)
from storchc.python.names import RUNTIME
from storchc.python.printer import WIDTH, statement, write
from storchc.python.reserved import ATTRIBUTES

INDENT = 8


def attribute_names(graph: Graph) -> dict[str, str]:
    """The attribute that holds each param, module and function."""
    names = [p.name for p in graph.params] + list(graph.callees)
    found: dict[str, str] = {}
    for wanted in names:
        attribute = wanted
        while attribute in ATTRIBUTES or (attribute != wanted and attribute in names):
            attribute += "_"
        found[wanted] = attribute
    return found


def signature(writer: Writer) -> list[str]:
    """The head of the constructor; its parameters without a default come first."""
    callees = sorted(writer.graph.callees.values(), key=_has_default)
    parameters = ["self", *(_parameter(writer, c) for c in callees)]
    flat = f"    def __init__({', '.join(parameters)}) -> None:"
    if len(flat) <= WIDTH:
        return [flat]
    pad = " " * INDENT
    inner = [f"{pad}{', '.join(parameters)}"]
    if len(inner[0]) > WIDTH:
        inner = [f"{pad}{parameter}," for parameter in parameters]
    return ["    def __init__(", *inner, "    ) -> None:"]


def _has_default(callee: Callee) -> bool:
    return callee.default is not None or callee.path is not None


def _parameter(writer: Writer, callee: Callee) -> str:
    if callee.kind == "function":
        kind = f"{write(writer.torch('Callable'))}[..., {_returned(writer, callee.results)}]"
        default_ = f" = {write(writer.constants[f'default {callee.name}'])}" if callee.path else ""
        return f"{callee.name}: {kind}{default_}"
    kind = write(member(writer.torch("nn"), "Module"))
    return f"{callee.name}: {kind} | None = None" if callee.default else f"{callee.name}: {kind}"


def _returned(writer: Writer, slots: tuple[Slot, ...]) -> str:
    """The type of what a function returns."""
    tensor = write(writer.torch("Tensor"))
    types = [
        f"tuple[{', '.join([tensor] * len(slot.items))}]" if slot.is_tuple else tensor
        for slot in slots
    ]
    return types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"


def users_imports(writer: Writer) -> list[str]:
    """Imports of functions that the story names by their path, and of methods of the user's."""
    lines = []
    for callee in writer.graph.callees.values():
        if callee.path is not None:
            module, _, member_ = callee.path.rpartition(".")
            lines.append(_import(module, member_, writer.constants[f"default {callee.name}"]))
    for use in writer.graph.uses.values():
        lines.append(_import(use.module, use.name, writer.constants[f"use {use.name}"]))
    return sorted(lines)


def _import(module: str, wanted: str, alias: Py) -> str:
    line = f"from {module} import {wanted}"
    return line if write(alias) == wanted else f"{line} as {write(alias)}"


def body(writer: Writer) -> list[str]:
    """The statements of the constructor."""
    lines = [f"{' ' * INDENT}{_super(writer)}"]
    for callee in writer.graph.callees.values():
        lines += _set(writer, callee.name, _callee(writer, callee))
    for param in writer.graph.params:
        lines += _set(writer, param.name, _param(writer, param))
    chosen = {s.name: _method(writer, s) for s in writer.graph.samples}
    made = call(writer.runtime("Methods"), *([table(chosen)] if chosen else []))
    lines += statement("self.methods = ", writer.identifiers.imports(made), INDENT)
    inside = [literal(writer.attributes[name]) for name in writer.estimation.jumps.inside]
    return lines + (statement("", call("self.look_into", *inside), INDENT) if inside else [])


def _super(writer: Writer) -> str:
    if "super" in writer.identifiers.public:
        return f"{write(writer.runtime('StoryModule'))}.__init__(self)"
    return "super().__init__()"


def _set(writer: Writer, story_name: str, value: Py) -> list[str]:
    target = f"self.{writer.attributes[story_name]} = "
    return statement(target, writer.identifiers.imports(value), INDENT)


def _callee(writer: Writer, callee: Callee) -> Py:
    if callee.kind == "function":
        return name(callee.name)
    where = literal(place(writer.graph.source, callee.span))
    module = call(writer.runtime("as_module"), name(callee.name), literal(callee.name), where)
    if callee.default is None:
        return module
    given = infix("is", name(callee.name), NONE)
    return Choice(default(callee.default), given, module)


def _param(writer: Writer, param: Param) -> Py:
    sizes = tuple_of(*(literal(s.value) for s in param.type.shape))
    return call("nn.Parameter", _initial(param.init, sizes))


def _initial(init: Initial, sizes: Py) -> Py:
    """The initial value of a param."""
    kind, numbers = init.name, map(_number, init.numbers)
    match kind:
        case "full" | "zeros" | "ones":
            return call(f"torch.{kind}", sizes, *numbers)
        case "tensor":
            return call("torch.tensor", *numbers, dtype=call("torch.get_default_dtype"))
        case "normal" | "uniform":
            return method(call("torch.empty", sizes), f"{kind}_", *numbers)
        case _:
            return call(f"nn.init.{kind}_", call("torch.empty", sizes))


def _number(number: Numbers) -> Py:
    """A number of an initialiser, or lists of them."""
    return list_of(*map(_number, number)) if isinstance(number, tuple) else literal(number)


# --- methods -------------------------------------------------------------------------------------


def _method(writer: Writer, node: Sample) -> Py:
    estimator = writer.estimation.estimators[node.name]
    options = {k: _constant(writer, v) for k, v in _options(estimator).items()}
    if "baseline" in estimator.values:
        options["baseline"] = literal("learned")
    if estimator.sampler is not None and estimator.sampler.name != "MonteCarlo":
        own = {k: _constant(writer, v) for k, v in _sampler_options(estimator).items()}
        options["sampler"] = call(_sampler(writer, estimator.sampler.name), **own)
    if estimator.baseline == "moving_average" and any(slots := _slots(writer, node)):
        options["slots"] = tuple_of(*map(literal, slots))
    if (steps := _averaged_steps(writer, node, estimator)) is not None:
        options["steps"] = literal(steps)
    return call(_class(writer, estimator), **_count(node, estimator), **options)


def _slots(writer: Writer, node: Sample) -> list[str]:
    """What averages are kept under: the plates that are mixed on the way to their costs."""
    groups = writer.estimation.credit.groups.get(node.name, {})
    return ["-".join(writer.graph.order(mixed)) for mixed in groups]


def _sampler_options(estimator: Estimator) -> dict[str, Constant]:
    """The constants of a sampler, those left out that are said to the calls or to the compiler."""
    said = {"distinct", "covers"}
    return {k: v for k, v in estimator.sampler_constants.items() if k not in said}


def _averaged_steps(writer: Writer, node: Sample, estimator: Estimator) -> int | None:
    """The steps of which a moving average has one each: 0 where that is not known before a call.

    None: one stands for all.
    """
    if len(node.loops) != 1 or estimator.baseline != "moving_average":
        return None
    loop = writer.graph.loop_by_name[node.loops[0]]
    return loop.bound.value or 0


def _options(estimator: Estimator) -> dict[str, Constant]:
    """The constants of the constructor; a critic of the catalogue's methods comes at the call."""
    constants = estimator.constants.items()
    if estimator.entry is None:
        return dict(constants)
    return {k: v for k, v in constants if not isinstance(v, ModuleOption)}


def _class(writer: Writer, estimator: Estimator) -> Py:
    if estimator.entry is None:
        return writer.constants[f"use {estimator.name}"]
    return writer.identifiers.use(estimator.name, RUNTIME)


def _sampler(writer: Writer, sampler: str) -> Py:
    """The class of a sampler; one that shares its name with a method stays behind its module."""
    if methods.lookup(sampler) is not None:
        return member(writer.runtime("samplers"), sampler)
    return writer.runtime(sampler)


def _count(node: Sample, estimator: Estimator) -> dict[str, Py]:
    """How many, where the sample opens its own plate; a user's method has its own default."""
    if estimator.entry is None:
        return {}
    if estimator.enumerated:
        return {} if estimator.budget is None else {"budget": literal(estimator.budget)}
    stated = {option.name for option in (estimator.sampler or estimator.entry).options}
    if node.joins:
        return {"k": literal(estimator.count)} if estimator.joint else {}
    return {"n": literal(estimator.count)} if "n" in stated else {}


def _constant(writer: Writer, value: Constant) -> Py:
    if isinstance(value, ModuleOption):
        return name(value.name)
    return literal(value)


def method_modules(writer: Writer) -> list[str]:
    """The attributes that only the options of methods use: theirs to train."""
    return [attribute for n, attribute in writer.attributes.items() if n in writer.owned]


def row_wise_modules(writer: Writer) -> list[Py]:
    """The attributes of modules whose rows must be independent: a sample above, and the place."""
    known, graph = writer.estimation, writer.estimation.graph
    found = row_wise(graph, known.dependence, known.estimators)
    return [
        tuple_of(*map(literal, (writer.attributes[n], found[n], place(graph.source, callee.span))))
        for n, callee in graph.callees.items()
        if n in found
    ]
