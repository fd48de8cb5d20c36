"""Parts of target expressions that functions share: conversions, dimensions, reshaping."""

from __future__ import annotations

from storchc.catalogue.function import REQUIRED, Emission, Parameter
from storchc.ir.size import Shape
from storchc.ir.types import Dtype
from storchc.python.expressions import (
    DOTS,
    NONE,
    Atom,
    Choice,
    Py,
    call,
    index,
    literal,
    method,
    tuple_of,
)

FUNCTIONAL = "F"  # torch.nn.functional in generated modules


def functional(function: str, *args: Py, **keywords: Py) -> Py:
    """A call of a function of ``torch.nn.functional``."""
    return call(f"{FUNCTIONAL}.{function}", *args, **keywords)


def ints(*values: int) -> tuple[Py, ...]:
    """Integers known now."""
    return tuple(literal(value) for value in values)


def dims_code(dims: tuple[int, ...]) -> Py:
    """One dimension as a number, several as a tuple."""
    return literal(dims[0]) if len(dims) == 1 else tuple_of(*ints(*dims))


def convert(e: Emission, code: Py, dtype: Dtype) -> Py:
    """A tensor made the dtype of the result, where it is not."""
    if dtype == e.result.dtype:
        return code
    match e.result.dtype:
        case "float":
            return method(code, "to", e.creation()["dtype"])
        case "int":
            return method(code, "long")
        case "bool":
            return method(code, "bool")


def converted(e: Emission, position: int) -> Py:
    """An operand in the dtype of the result, or a number; a truth value counts as 0 or 1."""
    code, dtype = e.operands[position], e.types[position].dtype
    if position not in e.plain:
        return convert(e, code, dtype)
    if dtype != "bool" or e.result.dtype == "bool":
        return code
    if isinstance(code, Atom):
        return literal(int(code == literal(True)))
    return Choice(literal(1), code, literal(0))


def same(e: Emission) -> tuple[Py, ...]:
    """The operands, each converted to the dtype of the result: where torch does not promote."""
    return tuple(converted(e, position) for position in range(len(e.operands)))


def settled(e: Emission) -> tuple[Py, ...]:
    """The operands of a function that promotes by itself.

    Torch takes the default dtype, not the story's, when an integer tensor meets a Python float or
    becomes a float on its own; and it does not count with bools.
    """
    tensors = [t.dtype for i, t in enumerate(e.types) if i not in e.plain]
    return e.operands if e.result.dtype in tensors else same(e)


def tensor(e: Emission, position: int) -> Py:
    """An operand as a tensor of the result's dtype, whatever it is now."""
    code = e.operands[position]
    if position in e.plain:
        return call("torch.tensor", code, **e.creation())
    return convert(e, code, e.types[position].dtype)


def plateless(e: Emission) -> bool:
    """Whether no operand has plates: event dimensions are then all there are."""
    return not any(t.plates for t in e.types)


def given(e: Emission, optional: str) -> bool:
    """Whether a value that may be left out was given."""
    return optional not in e.settings


def listed(
    e: Emission, parameters: tuple[Parameter, ...], operands: tuple[Py, ...], function: str
) -> Py:
    """A call with torch's own parameters: settings only where they differ from torch's default."""
    left, args, keywords = list(operands), [], {}
    for parameter in parameters:
        if parameter.kind == "value":
            if given(e, parameter.name):
                args.append(left.pop(0))
        elif parameter.default is REQUIRED:
            args.append(setting(e, parameter.name))
        elif e.settings[parameter.name] != parameter.default:
            keywords[parameter.name] = setting(e, parameter.name)
    return call(function, *args, **keywords)


def setting(e: Emission, parameter: str) -> Py:
    """A setting that is a number, a flag, a text or None."""
    value = e.settings[parameter]
    if value is None or isinstance(value, bool | int | float | str):
        return literal(value)
    raise TypeError(f"not a plain setting: {parameter}={value!r}")


def sizes(e: Emission, shape: Shape) -> tuple[Py, ...]:
    """The sizes of a shape."""
    return tuple(e.size(size) for size in shape)


def unsqueezed(code: Py, at: int, times: int = 1) -> Py:
    """So many dimensions of size 1 inserted at ``at`` (from the end of the result)."""
    if times == 0:
        return code
    if at == -1:
        return index(code, DOTS, *(NONE,) * times)
    return unsqueezed(method(code, "unsqueeze", literal(at)), at, times - 1)


def swapped(code: Py, a: int, b: int) -> Py:
    """Two dimensions exchanged."""
    return method(code, "transpose", *ints(a, b))


def expanded(e: Emission, code: Py, position: int, shape: Shape) -> Py:
    """An operand repeated over the plates of the result, and to a larger event shape."""
    own = e.types[position].shape
    padded = (
        unsqueezed(code, -len(own) - 1, len(shape) - len(own)) if e.types[position].plates else code
    )
    return method(padded, "expand", *e.plates(), *sizes(e, shape))


def fitted(e: Emission, code: Py, position: int, shape: Shape) -> Py:
    """An operand over all plates in a larger event shape: where torch does not broadcast."""
    own = e.types[position]
    if own.shape == shape and own.plates == e.result.plates:
        return code
    return expanded(e, code, position, shape)


def regrouped(e: Emission, code: Py, old: Shape, new: Shape) -> Py:
    """A reshape of event dimensions that leaves plates alone."""
    before, after = _common(old, new), 0
    if before < min(len(old), len(new)):
        after = _common(old[before:][::-1], new[before:][::-1])
    was, becomes = old[before : len(old) - after], new[before : len(new) - after]
    if not was and not becomes:
        return code
    if not was:
        return unsqueezed(code, -1 - after, len(becomes))
    if not becomes:
        return method(code, "squeeze", dims_code(tuple(range(-len(was) - after, -after))))
    flat = method(code, "flatten", *_block(len(was), after)) if len(was) > 1 else code
    if len(becomes) == 1:
        return flat
    return call("torch.unflatten", flat, literal(-1 - after), tuple_of(*sizes(e, becomes)))


def _block(count: int, after: int) -> tuple[Py, ...]:
    return ints(-count) if after == 0 else ints(-count - after, -1 - after)


def _common(a: Shape, b: Shape) -> int:
    pairs = zip(a, b, strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))
