"""Shape rules that functions share: broadcasting, dimensions, sizes among the settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storchc.catalogue.function import Arguments, Misfit, Outcome
from storchc.ir.size import Shape, Size, constant
from storchc.ir.types import Dtype, write_shape


def broadcast(shapes: Iterable[Shape]) -> Shape:
    """The common event shape, right-aligned; only a literal 1 broadcasts."""
    result: Shape = ()
    for position, shape in enumerate(shapes):
        result = _pair(result, shape, position)
    return result


def _pair(left: Shape, right: Shape, position: int) -> Shape:
    common = min(len(left), len(right))
    longer = left if len(left) > len(right) else right
    sizes = [
        fit(a, b)
        for a, b in zip(left[len(left) - common :], right[len(right) - common :], strict=True)
    ]
    if None in sizes:
        message = f"`{write_shape(left)}` and `{write_shape(right)}` do not broadcast"
        raise Misfit(message, _broadcast_help(left, right), position)
    return longer[: len(longer) - common] + tuple(size for size in sizes if size is not None)


def fit(a: Size, b: Size) -> Size | None:
    """The size that two sizes broadcast to, or None where they do not."""
    if a.broadcasts:
        return b
    if b.broadcasts:
        return a
    if a != b:
        return None
    return b if a.literal else a


def _broadcast_help(left: Shape, right: Shape) -> str:
    named = [size for size in left + right if size.value == 1 and not size.literal]
    if named:
        return (
            f"a named dim such as `{named[0]}` never broadcasts, even if it is 1: write a literal 1"
        )
    if len(left) != len(right):
        return (
            "event shapes are aligned from the right: insert a dimension with `unsqueeze(..., dim)`"
        )
    return "make the sizes equal, or the one that repeats a literal 1"


def broadcasts_to(shape: Shape, larger: Shape) -> bool:
    """Whether ``larger`` is what the two broadcast to."""
    beside = larger[len(larger) - len(shape) :]
    fits = (fit(size, other) == other for size, other in zip(shape, beside, strict=False))
    return len(shape) <= len(larger) and all(fits)


def axis(value: object, shape: Shape, *, extra: int = 0, name: str = "dim") -> int:
    """An event dimension as code counts it: from the end, so that plates do not matter.

    ``extra`` is the number of dimensions that the function adds before it counts.
    """
    rank = len(shape) + extra
    if isinstance(value, int) and -rank <= value < rank:
        return value if value < 0 else value - rank
    if not rank:
        raise Misfit(
            "`[]` has no event dimension",
            "plates are no event dimensions: `over=` reduces a plate, as in `mean(x, over=data)`",
            0,
        )
    message = f"`{name}={value}` is outside of `{write_shape(shape)}`"
    raise Misfit(
        message, f"event dimensions count from 0 to {rank - 1}, or from -1 to {-rank} from the end"
    )


def axes(value: object, shape: Shape, *, name: str = "dim") -> tuple[int, ...]:
    """Event dimensions, counted from the end and in ascending order; None means all of them."""
    if value is None:
        return tuple(range(-len(shape), 0))
    listed = value if isinstance(value, Sequence) else (value,)
    found = sorted(axis(item, shape, name=name) for item in listed)
    if len(set(found)) < len(found):
        raise Misfit(f"`{name}` names a dimension twice", "name each dimension once")
    return tuple(found)


def without(shape: Shape, dims: tuple[int, ...], *, keep: bool = False) -> Shape:
    """The shape with dimensions (from the end) removed, or made 1."""
    rank = len(shape)
    one = (constant(1),) if keep else ()
    parts = (one if i - rank in dims else (size,) for i, size in enumerate(shape))
    return tuple(size for part in parts for size in part)


def sizes_of(value: object) -> Shape:
    """The sizes of a ``shape`` setting, given as a list or as one size."""
    listed = value if isinstance(value, Sequence) else (value,)
    return tuple(size_of(item) for item in listed)


def size_of(value: object) -> Size:
    """The size of a ``size`` setting."""
    match value:
        case Size():
            return value
        case int():
            return constant(value)
        case _:
            raise Misfit(f"`{value}` is not a size", "write an integer or a dim")


def positive_sizes(shape: Shape) -> Shape:
    """The shape itself; sizes below 1 that are known now do not fit."""
    for size in shape:
        if size.value is not None and size.value < 1:
            raise Misfit(f"`{size}` is not a size", "sizes are at least 1")
    return shape


def numeric(dtype: Dtype) -> Dtype:
    """The dtype of arithmetic that bools take part in as 0 and 1."""
    return "int" if dtype == "bool" else dtype


def need_int(args: Arguments, position: int, what: str) -> None:
    """Only integer values fit at this position."""
    dtype = args.types[position].dtype
    if dtype != "int":
        help = "declare the input so, `input …: int`, write `long(…)`, or take `argmax` of scores"
        raise Misfit(f"{what} is {dtype}, not int", help, position)


def need_rank(args: Arguments, position: int, rank: int, what: str) -> None:
    """Only values with so many event dimensions fit at this position."""
    shape = args.shapes[position]
    if len(shape) != rank:
        dimensions = "1 event dimension" if rank == 1 else f"{rank} event dimensions"
        message = f"{what} has event shape `{write_shape(shape)}`, not {dimensions}"
        raise Misfit(message, "change its shape with `reshape`, `flatten` or `unsqueeze`", position)


def need_equal(a: Size, b: Size, what: str, position: int | None = None) -> None:
    """Only equal sizes fit."""
    if a != b:
        raise Misfit(f"{what} differ: `{a}` and `{b}`", "make the two sizes equal", position)


def elementwise(dtype: Dtype, args: Arguments) -> Outcome:
    """The outcome of a function of elements: operands broadcast."""
    return Outcome(broadcast(args.shapes), dtype)
