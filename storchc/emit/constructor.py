"""The constructor of a generated module: what the user passes, params, methods."""

from __future__ import annotations

from storchc.analysis.estimator import Constant, Estimator
from storchc.analysis.facts.asked import asked_of
from storchc.analysis.facts.rows import row_wise
from storchc.catalogue import methods
from storchc.emit.context import known_size
from storchc.emit.outline import Outline
from storchc.emit.places import place
from storchc.emit.text import default
from storchc.ir.defaults import Initial, Numbers
from storchc.ir.nodes import Callee, ModuleOption, Param, Passed, Sample
from storchc.python.expressions import (
    NONE,
    Choice,
    Imported,
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
from storchc.python.names import DISTRIBUTIONS, METHODS, PACKAGE, SAMPLERS
from storchc.python.printer import WIDTH, statement, write

INDENT = 8


def signature(outline: Outline) -> list[str]:
    """The head of the constructor; its parameters without a default come first."""
    callees = sorted(outline.graph.callees.values(), key=_has_default)
    parameters = ["self", *(_parameter(outline, c) for c in callees)]
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


def _parameter(outline: Outline, callee: Callee) -> str:
    if callee.kind == "function":
        function = outline.text("Callable")
        kind = f"{function}[..., {_returned(outline, callee.results)}]"
        default_ = f" = {write(outline.constant(f'default {callee.name}'))}" if callee.path else ""
        return f"{callee.name}: {kind}{default_}"
    if callee.kind == "distribution":
        kind = outline.identifiers.text(Imported("DistributionLike", DISTRIBUTIONS))
    elif callee.kind == "module":  # a method of one too
        kind = outline.identifiers.text(outline.runtime("ModuleLike"))
    else:
        kind = outline.text("nn.Module")
    return f"{callee.name}: {kind} | None = None" if callee.default else f"{callee.name}: {kind}"


def _returned(outline: Outline, results: tuple[Passed, ...]) -> str:
    """The type of what a function returns."""
    tensor = outline.text("Tensor")
    types = [
        f"tuple[{', '.join([tensor] * len(result.items))}]" if result.is_tuple else tensor
        for result in results
    ]
    return types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"


def users_imports(outline: Outline) -> list[str]:
    """Imports of functions that the story names by their path, and of methods of the user's."""
    lines = []
    for callee in outline.graph.callees.values():
        if callee.path is not None:
            module, _, member_ = callee.path.rpartition(".")
            lines.append(_import(module, member_, outline.constant(f"default {callee.name}")))
    for use in outline.graph.uses.values():
        lines.append(_import(use.module, use.name, outline.constant(f"use {use.name}")))
    return sorted(lines)


def _import(module: str, wanted: str, alias: Py) -> str:
    line = f"from {module} import {wanted}"
    return line if write(alias) == wanted else f"{line} as {write(alias)}"


def body(outline: Outline) -> list[str]:
    """The statements of the constructor."""
    lines = [f"{' ' * INDENT}{_super(outline)}"]
    for callee in outline.graph.callees.values():
        lines += _set(outline, callee.name, _callee(outline, callee))
    for param in outline.graph.params:
        lines += _set(outline, param.name, _param(outline, param))
    chosen = {s.name: _method(outline, s) for s in outline.graph.samples}
    made = call(outline.runtime("Methods"), *([table(chosen)] if chosen else []))
    lines += statement("self.methods = ", outline.identifiers.resolve(made), INDENT)
    inside = [literal(outline.module.attributes[name]) for name in outline.estimation.jumps.inside]
    return lines + (statement("", call("self.look_into", *inside), INDENT) if inside else [])


def _super(outline: Outline) -> str:
    if "super" in outline.identifiers.public:
        return f"{outline.identifiers.text(outline.runtime('StoryModule'))}.__init__(self)"
    return "super().__init__()"


def _set(outline: Outline, story_name: str, value: Py) -> list[str]:
    target = f"self.{outline.module.attributes[story_name]} = "
    return statement(target, outline.identifiers.resolve(value), INDENT)


def _callee(outline: Outline, callee: Callee) -> Py:
    if callee.kind == "function":
        return name(callee.name)
    where = place(outline.graph.source, callee.span)
    given = name(callee.name), literal(callee.name), literal(where)
    if callee.kind == "distribution":
        known = outline.estimation
        needed = map(literal, asked_of(known.graph, known.estimators, callee.name))
        module = call(outline.runtime("as_distribution"), *given, *needed)
    else:
        module = call(outline.runtime("as_module"), *given)
    if "frozen" in callee.flags:
        return call(outline.runtime("Frozen"), module)
    if callee.default is None:
        return module
    absent = infix("is", name(callee.name), NONE)
    made = default(callee.default)
    if callee.takes_first:
        made = call(outline.runtime("FirstResult"), made)
    return Choice(made, absent, module)


def _param(outline: Outline, param: Param) -> Py:
    sizes = tuple_of(*(known_size(outline.graph, s, s.value or 0) for s in param.type.shape))
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


def _method(outline: Outline, node: Sample) -> Py:
    estimator = outline.estimation.estimators[node.name]
    options = {k: _constant(outline, v) for k, v in _options(estimator).items()}
    if "baseline" in estimator.values:
        options["baseline"] = literal("learned")
    if estimator.sampler is not None and estimator.sampler.name != "MonteCarlo":
        own = {k: _constant(outline, v) for k, v in _sampler_options(estimator).items()}
        options["sampler"] = call(_sampler(outline, estimator.sampler.name), **own)
    if estimator.baseline == "moving_average" and any(slots := _slots(outline, node)):
        options["slots"] = tuple_of(*map(literal, slots))
    if (steps := _averaged_steps(outline, node, estimator)) is not None:
        options["steps"] = literal(steps)
    return call(_class(outline, estimator), **_count(node, estimator), **options)


def _slots(outline: Outline, node: Sample) -> list[str]:
    """What averages are kept under: the plates that are mixed on the way to their costs."""
    groups = outline.estimation.groups.get(node.name, {})
    return ["-".join(outline.graph.order(mixed)) for mixed in groups]


def _sampler_options(estimator: Estimator) -> dict[str, Constant]:
    """The constants of a sampler, those left out that are said to the calls or to the compiler."""
    said = {"distinct", "covers"}
    return {k: v for k, v in estimator.sampler_constants.items() if k not in said}


def _averaged_steps(outline: Outline, node: Sample, estimator: Estimator) -> int | None:
    """The steps of which a moving average has one each: 0 where that is not known before a call.

    None: one stands for all.
    """
    if len(node.loops) != 1 or estimator.baseline != "moving_average":
        return None
    loop = outline.graph.loop_by_name[node.loops[0]]
    return loop.bound.value or 0


def _options(estimator: Estimator) -> dict[str, Constant]:
    """The constants of the constructor; a critic of the catalogue's methods comes at the call."""
    constants = estimator.constants.items()
    if estimator.entry is None:
        return dict(constants)
    return {k: v for k, v in constants if not isinstance(v, ModuleOption)}


def _class(outline: Outline, estimator: Estimator) -> Py:
    if estimator.entry is None:
        return outline.module.constants[f"use {estimator.name}"]
    return Imported(estimator.name, METHODS)


def _sampler(outline: Outline, sampler: str) -> Py:
    """The class of a sampler; one that shares its name with a method stays behind its module."""
    if methods.lookup(sampler) is not None:
        return member(Imported("samplers", PACKAGE), sampler)
    return Imported(sampler, SAMPLERS)


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


def _constant(outline: Outline, value: Constant) -> Py:
    if isinstance(value, ModuleOption):
        return name(value.name)
    return literal(value)


def method_modules(outline: Outline) -> list[str]:
    """The attributes that only the options of methods use: theirs to train."""
    callees, owned = outline.graph.callees, outline.story.owned
    held = {n for n in owned if n not in callees or _trainable(callees[n])}
    return [attribute for n, attribute in outline.module.attributes.items() if n in held]


def _trainable(callee: Callee) -> bool:
    """Whether a method may train it; a distribution of the user's is the model's alone."""
    return callee.kind == "module" and callee.learns


def row_wise_modules(outline: Outline) -> list[Py]:
    """The attributes of modules whose rows must be independent: a sample above, and the place."""
    known, graph = outline.estimation, outline.estimation.graph
    found = row_wise(graph, known.dependence, known.estimators)
    return [
        tuple_of(
            *map(
                literal, (outline.module.attributes[n], found[n], place(graph.source, callee.span))
            )
        )
        for n, callee in graph.callees.items()
        if n in found
    ]
