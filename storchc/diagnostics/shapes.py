"""Words for what is wrong with shapes, sizes, types and indices (S300 to S329)."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.diagnostics import plates
from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.subjects import Name
from storchc.diagnostics.suggest import listed
from storchc.source import Span

CODES: dict[str, str] = {
    "S300": "shapes that do not fit",
    "S301": "an argument of another shape than declared",
    "S302": "a value of the wrong type",
    "S303": "a free dim that no input has",
    "S304": "a free dim where a constant is needed",
    "S305": "something that is not a size",
    "S306": "results and names that do not match",
    "S307": "a cost with an event shape",
    "S310": "an index out of range",
    "S311": "too many indices",
    "S312": "an index that selects nothing clear",
    "S320": "parameters that do not fit a distribution",
    "S321": "a value that the distribution cannot have drawn",
    "S322": "two distributions without a divergence",
    "S323": "a distribution without an entropy",
    "S324": "a distribution that is indexed or chosen",
} | plates.CODES


def misfit(span: Span, message: str, help: str) -> Problem:
    """What a function's shape rule objects to."""
    return Problem("S300", message, span, help)


# --- modules and functions of the user -----------------------------------------------------------


def argument_shape(span: Span, callee: str, given: str, wanted: str, declared: Span) -> Problem:
    """An argument whose event shape is not the declared one."""
    message = f"`{callee}` takes `{wanted}` here, but this is `{given}`"
    help = (
        f"make it `{wanted}` with `reshape`, `flatten` or an index, or declare `{callee}` otherwise"
    )
    return Problem("S301", message, span, help, (Label(declared, "declared here"),))


_CASTS = {"int": "long", "bool": "bool", "float": "float"}


def argument_dtype(
    span: Span, callee: str, given: str, wanted: str, declared: Span, source: str
) -> Problem:
    """An argument whose type is not the declared one; ``source`` names the input that it is."""
    message = f"`{callee}` takes {wanted} here, but this is {given}"
    mend = {
        (
            "float",
            "int",
        ): f"declare the argument `: int`, or multiply by `1.0` to give `{callee}` floats",
        (
            "float",
            "bool",
        ): f"declare the argument `: bool`, or multiply by `1.0` to give `{callee}` floats",
    }
    plain = f"declare the argument `: {given}`"
    if given == "float":
        plain = f"make it {wanted} with `{_CASTS[wanted]}(…)`, or leave `: {wanted}` out"
        if source:
            plain = f"declare the input so, `input {source}…: {wanted}`, or leave `: {wanted}` out"
    help = mend.get((wanted, given), plain)
    return Problem("S302", message, span, help, (Label(declared, "declared here"),))


def starts_as_integer(span: Span, callee: str, start: float, where: Span) -> Problem:
    """``from last = 0`` and ``net(last)`` in the steps."""
    message = f"`{callee}` takes float here, but this is int"
    label = Label(where, "an integer before the first step")
    return Problem("S302", message, span, f"start with `{start}`", (label,))


def several_results(span: Span, callee: str, number: int) -> Problem:
    """A call with several results inside an expression."""
    message = f"`{callee}` gives {number} results, which cannot stand in an expression"
    return Problem("S306", message, span, f"name them first: `compute a, b = {callee}(…)`")


def names_and_results(span: Span, names: int, results: int) -> Problem:
    """``compute a, b, c = f(x)`` with two results."""
    few = "one result" if results == 1 else f"{results} results"
    message = f"{names} names stand on the left, but the right side gives {few}"
    return Problem("S306", message, span, "write one name for each result")


def names_without_call(span: Span) -> Problem:
    """``compute a, b = x + y``."""
    message = "several names need the call of a module or function with as many results"
    return Problem("S306", message, span, "write one `compute` step for each value")


# --- sizes ---------------------------------------------------------------------------------------


def unbound_dim(name: Name) -> Problem:
    """``dim D`` that no input lists alone."""
    message = f"the size of `{name.id}` is not known: no input has the dimension `{name.id}`"
    help = f"list `{name.id}` alone in an input, such as `input x[{name.id}]`, or give it a value"
    return Problem("S303", message, name.span, help)


def free_dim(name: Name, where: str, declared: Span) -> Problem:
    """A free dim in a parameter, a default or another dim."""
    message = f"`{name.id}` is known only when the module is called, too late for {where}"
    help = f"give it a value: `dim {name.id} = …`"
    return Problem("S304", message, name.span, help, (Label(declared, "declared without a value"),))


def not_a_size(span: Span, what: str) -> Problem:
    """Anything but integers, dims and ``+ - * //`` in a shape."""
    help = "sizes are made of integers and dims with `+`, `-`, `*` and `//`"
    return Problem("S305", f"{what} is not a size", span, help)


def size_too_small(span: Span, size: str) -> Problem:
    """A dimension without elements."""
    return Problem("S305", f"the size is {size}", span, "sizes are at least 1")


def size_too_large(span: Span) -> Problem:
    """A dimension beyond 64 bits."""
    return Problem("S305", "the size is larger than any tensor's", span, "choose smaller dims")


def size_division(span: Span) -> Problem:
    """``K // 0``."""
    return Problem("S305", "the size is divided by zero", span, "divide by another number")


# --- indices -------------------------------------------------------------------------------------


def index_out_of_range(span: Span, index: str, size: str) -> Problem:
    """``z[5]`` of ``[3]``."""
    message = f"the index {index} is outside of a dimension of size `{size}`"
    help = "indices count from 0; only a negative number that is written out counts from the end"
    return Problem("S310", message, span, help)


def index_out_of_range_in_step(span: Span, index: str, size: str, later: str) -> Problem:
    """``x[t - 1]`` in the first step of a loop, which ends where ``later``; else in the last."""
    step = "first" if later else "last"
    message = f"in the {step} step `{index}` is outside of a dimension of size `{size}`"
    help = f"choose something else there: `… if {later} else …`"
    if not later:
        help = "let the loop have fewer steps, or choose something else there: `… if … else …`"
    return Problem("S310", message, span, help)


def empty_slice(span: Span) -> Problem:
    """``z[3:3]``."""
    help = "the part from `start` up to, not including, `stop` must have an element"
    return Problem("S310", "the slice selects nothing", span, help)


def too_many_indices(
    span: Span, indices: int, shape: str, plates: Iterable[str], local: str = ""
) -> Problem:
    """More indices than event dimensions, in a variable ``local`` to the loop around or another."""
    number = "1 index" if indices == 1 else f"{indices} indices"
    message = f"{number} for a value with event shape `{shape}`"
    named = tuple(plates)
    help = "leave out the surplus ones"
    if local:
        help = f"`{local}` is one value, that of a step: leave out the surplus ones"
    elif named:
        kind = "is a plate" if len(named) == 1 else "are plates"
        help = f"only event dimensions are indexed, and {listed(named)} {kind}"
    return Problem("S311", message, span, help)


def wrong_index(span: Span, what: str, help: str) -> Problem:
    """An item between brackets that means nothing clear."""
    return Problem("S312", what, span, help)


# --- distributions and costs ---------------------------------------------------------------------


def parameters_misfit(span: Span, message: str, help: str) -> Problem:
    """What a family's shape rule objects to."""
    return Problem("S320", message, span, help)


def value_misfit(span: Span, given: str, drawn: str, grows: bool) -> Problem:
    """``log_prob(q, x)`` with an ``x`` of another event shape."""
    message = f"the distribution draws `{drawn}`, but the value is `{given}`"
    if grows:
        help = (
            "the value is never repeated: give it the event shape of the distribution, which is "
            'summed as a whole; `log_prob(…, reduction="none")` repeats it, and keeps the elements '
            "of a mixture apart"
        )
    else:
        help = "give both the same event shape, with `reshape`, `flatten` or an index"
    return Problem("S321", message, span, help)


def value_dtype(span: Span, given: str, wanted: str) -> Problem:
    """A float as the value of ``Categorical``."""
    message = f"the distribution draws {wanted}, but the value is {given}"
    help = "declare the value `: int`, take `argmax`, or use `OneHotCategorical`"
    return Problem("S321", message, span, help)


def no_divergence(span: Span, left: str, right: str) -> Problem:
    """A pair without closed form."""
    message = f"there is no closed form of the divergence of `{left}` from `{right}`"
    help = "estimate it: `log_prob(q, z) - log_prob(p, z)` for a sample `z ~ q` has it as its mean"
    return Problem("S322", message, span, help)


def divergence_shapes(span: Span, left: str, right: str) -> Problem:
    """Divergence of distributions over different events."""
    message = f"the two distributions draw `{left}` and `{right}`"
    return Problem(
        "S322", message, span, "give both the same event shape, for instance with `zeros([…])`"
    )


def no_entropy(span: Span, family: str) -> Problem:
    """A family without closed form."""
    message = f"there is no closed form of the entropy of `{family}`"
    help = "estimate it: `-log_prob(q, z)` for a sample `z ~ q` has it as its mean"
    return Problem("S323", message, span, help)


def distribution_chosen(span: Span) -> Problem:
    """``q if c else p``."""
    help = "choose between the parameters instead"
    return Problem("S324", "a distribution cannot be chosen", span, help)


def distribution_indexed(span: Span) -> Problem:
    """``q[0]``."""
    help = "index its parameters instead, or a value drawn from it"
    return Problem("S324", "a distribution cannot be indexed", span, help)


def cost_shape(span: Span, shape: str) -> Problem:
    """A cost that is no scalar."""
    message = f"a cost is one number per element of its plates, but this has event shape `{shape}`"
    return Problem("S307", message, span, "reduce the event: `sum(…)` or `mean(…)`")


def number_too_large(span: Span) -> Problem:
    """Integers that do not fit into 64 bits."""
    help = "write one number as a float"
    return Problem("S300", "the integer result does not fit into 64 bits", span, help)
