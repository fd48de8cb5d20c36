"""Declarations: dims, plates, inputs, parameters, modules, functions and methods of the user's."""

from __future__ import annotations

import keyword

from storchc.diagnostics import names as name_words
from storchc.diagnostics import plates as plate_words
from storchc.diagnostics import shapes as words
from storchc.ir.nodes import Callee, DataPlate, Dim, Input, Param, Passed, Use
from storchc.ir.size import Size, constant, free
from storchc.ir.types import NO_PLATES, ValueType
from storchc.syntax import tree
from storchc.typing.context import Context, Refused
from storchc.typing.defaults import check_default, read_default
from storchc.typing.initial import initial_value
from storchc.typing.layers import check_layers
from storchc.typing.sizes import constant_shape, read_shape, read_size, refuse_free_dims


def declare_dim(ctx: Context, node: tree.Dim) -> None:
    """``dim K = 2`` or ``dim D``."""
    name = node.name
    if name.span in ctx.scope.repeated:
        return
    if node.value is None:
        ctx.sizes[name.id] = free(name.id)
        ctx.dims[name.id] = Dim(name.id, None, name.span)
        return
    try:
        refuse_free_dims(ctx, node.value, "another dim")
        size = read_size(ctx, node.value)
    except Refused as refusal:
        ctx.problems.add(refusal.problem)
        size = None
    ctx.sizes[name.id] = _named(size, name.id)
    if size is not None and size.value is not None:
        ctx.dims[name.id] = Dim(name.id, size.value, name.span)


def _named(size: Size | None, name: str) -> Size | None:
    if size is None or size.value is None:
        return None
    return constant(size.value, text=name, literal=False)


def declare_plate(ctx: Context, node: tree.Plate) -> None:
    """``plate data`` or ``plate sites sum``."""
    if node.name.span not in ctx.scope.repeated:
        ctx.data_plates[node.name.id] = DataPlate(node.name.id, node.reduction, node.name.span)


def declare_input(ctx: Context, node: tree.Input) -> Input | None:
    """``input x[data, 784]: int``."""
    type_ = _input_type(ctx, node)
    ctx.define(node.name, type_)
    return None if type_ is None else Input(node.name.id, type_, node.name.span)


def _input_type(ctx: Context, node: tree.Input) -> ValueType | None:
    listed = [s for s in node.sizes if _plate(ctx, s) is not None]
    sizes = [s for s in node.sizes if _plate(ctx, s) is None]
    plates = [s for s in listed if isinstance(s, tree.Name)]
    misplaced = next((s for s in plates if sizes and s.span.start > sizes[0].span.start), None)
    if misplaced is not None:
        ctx.problems.add(plate_words.plate_after_size(misplaced))
    _check_order(ctx, plates)
    for plate in plates:
        ctx.use(plate)
    shape = read_shape(ctx, sizes)
    if shape is None or misplaced is not None:
        return None
    return ValueType(frozenset(p.id for p in plates), shape, node.dtype)


def _plate(ctx: Context, size: tree.Expression) -> str | None:
    return size.id if isinstance(size, tree.Name) and size.id in ctx.data_plates else None


def _check_order(ctx: Context, plates: list[tree.Name]) -> None:
    order = [p for p in ctx.data_plates if p in {plate.id for plate in plates}]
    seen: list[tree.Name] = []
    for plate in plates:
        if plate in seen:
            ctx.problems.add(plate_words.plate_twice(plate))
            return
        if seen and order.index(plate.id) < order.index(seen[-1].id):
            ctx.problems.add(plate_words.plate_order(plate, order))
            return
        seen.append(plate)


def declare_param(ctx: Context, node: tree.Param) -> Param | None:
    """``param w[K] = normal(0, 1)``."""
    try:
        shape = constant_shape(ctx, node.sizes, "a parameter")
        init = initial_value(ctx, node.init, shape)
    except Refused as refusal:
        ctx.problems.add(refusal.problem)
        ctx.define(node.name, None)
        return None
    if shape is None:
        ctx.define(node.name, None)
        return None
    type_ = ValueType(NO_PLATES, shape)
    ctx.define(node.name, type_)
    return Param(node.name.id, type_, init, node.name.span)


def declare_callee(ctx: Context, node: tree.Module | tree.Function) -> None:
    """``module enc: [784] -> [20]`` or ``function f: [T] -> []``."""
    if node.name.span in ctx.scope.repeated:
        return
    arguments = _all_passed(ctx, node.arguments)
    results = _all_passed(ctx, node.results)
    default = node.default if isinstance(node, tree.Module) else None
    if default is not None:
        _attempt_default(ctx, default)
        if "frozen" in node.flags:
            ctx.problems.add(name_words.frozen_default(node.name, default.span))
    path = node.path if isinstance(node, tree.Function) else None
    if path is not None:
        _check_path(ctx, path)
    ctx.callees[node.name.id] = None
    if arguments is None or results is None:
        return
    if isinstance(node, tree.Module):
        check_layers(ctx, node, arguments, results)
    ctx.callees[node.name.id] = Callee(
        node.name.id,
        "module" if isinstance(node, tree.Module) else "function",
        node.flags,
        arguments,
        results,
        None if default is None else read_default(ctx, default),
        None if path is None else path.id,
        node.name.span,
    )


def declare_distribution(ctx: Context, node: tree.Declared) -> None:
    """``distribution policy discrete: [P]: int -> [T]: int``."""
    if node.name.span in ctx.scope.repeated:
        return
    _check_flags(ctx, node)
    ctx.callees[node.name.id] = None
    tuples = (t for t in (*node.arguments, *node.results) if isinstance(t, tree.TupleType))
    unfit = next(iter((*tuples, *node.results[1:])), None)
    if unfit is not None:
        ctx.problems.add(name_words.one_tensor(node.name, unfit.span))
        return
    arguments, results = _all_passed(ctx, node.arguments), _all_passed(ctx, node.results)
    if arguments is not None and results is not None:
        ctx.callees[node.name.id] = Callee(
            node.name.id, "distribution", node.flags, arguments, results, None, None, node.name.span
        )


def _check_flags(ctx: Context, node: tree.Declared) -> None:
    """What has paths is neither on a lattice nor made of integers."""
    (first, *_) = node.results
    kind = first.dtype if isinstance(first, tree.TensorType) else "float"
    if "reparameterized" in node.flags and ("discrete" in node.flags or kind != "float"):
        ctx.problems.add(name_words.discrete_path(node.name, kind))
    elif kind != "float" and "discrete" not in node.flags:
        ctx.problems.add(name_words.not_discrete(node.name, kind))


def _attempt_default(ctx: Context, default: tree.Expression) -> None:
    try:
        check_default(ctx, default)
    except Refused as refusal:
        ctx.problems.add(refusal.problem)


def _all_passed(
    ctx: Context, types: tuple[tree.TensorType | tree.TupleType, ...]
) -> tuple[Passed, ...] | None:
    found = [_passed(ctx, type_) for type_ in types]
    known = tuple(passed for passed in found if passed is not None)
    return known if len(known) == len(found) else None


def _passed(ctx: Context, type_: tree.TensorType | tree.TupleType) -> Passed | None:
    items = type_.items if isinstance(type_, tree.TupleType) else (type_,)
    shapes = [read_shape(ctx, item.sizes) for item in items]
    types = tuple(
        ValueType(NO_PLATES, shape, item.dtype)
        for shape, item in zip(shapes, items, strict=True)
        if shape is not None
    )
    return Passed(types, isinstance(type_, tree.TupleType)) if len(types) == len(items) else None


def _check_path(ctx: Context, path: tree.Name) -> None:
    part = next((p for p in path.id.split(".") if keyword.iskeyword(p)), None)
    if part is not None:
        ctx.problems.add(name_words.keyword_in_path(path, part))
    elif "." not in path.id:
        ctx.problems.add(name_words.path_without_module(path))


def declare_use(ctx: Context, node: tree.Use) -> None:
    """``use package.module: MyMethod``."""
    if node.name.span in ctx.scope.repeated:
        return
    part = next((p for p in node.module.id.split(".") if keyword.iskeyword(p)), None)
    if part is not None:
        ctx.problems.add(name_words.keyword_in_path(node.module, part))
    ctx.uses[node.name.id] = Use(node.module.id, node.name.id, node.name.span)


def check_bindings(ctx: Context, story: tree.Story) -> None:
    """Every free dim stands alone in some input, and every data plate is listed by one."""
    alone, listed = set(), set()
    for node in story.declarations:
        if isinstance(node, tree.Input):
            names = {size.id for size in node.sizes if isinstance(size, tree.Name)}
            alone |= names & ctx.dims.keys()
            listed |= names & ctx.data_plates.keys()
    for node in story.declarations:
        match node:
            case tree.Dim(name=name, value=None) if name.id not in alone:
                ctx.problems.add(words.unbound_dim(name))
            case tree.Plate(name=name) if name.id not in listed:
                ctx.problems.add(plate_words.unlisted_plate(name))
            case _:
                pass
