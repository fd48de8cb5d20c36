"""Words for what is wrong with loops (S190, S260 to S263, S308, S309)."""

from __future__ import annotations

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.subjects import Name
from storchc.source import Span

CODES: dict[str, str] = {
    "S190": "something in a loop that this version does not compile",
    "S260": "a carried variable that no step defines again",
    "S261": "a carried variable that is defined again twice",
    "S262": "a name of a loop used outside of it",
    "S263": "a sequence of something else than a variable of a loop",
    "S308": "a carried variable that changes its shape or type",
    "S309": "a condition that is not true or false",
}


def not_compiled(span: Span, what: str, help: str, labels: tuple[Label, ...] = ()) -> Problem:
    """What the language has, and this version of the compiler has not."""
    return Problem("S190", f"{what}: this version does not compile that", span, help, labels)


ONE_LOOP = "or flatten the two loops to one, with `i // S` and `i % S` in place of the counters"
TO_THE_END = "or leave `stop when` out, and let costs be 0 from where it would have stopped"


def whole_sequences(name: str, method: str, span: Span, place: Label, way: str) -> Problem:
    """An enumerated sample of a loop that can neither be summed out nor listed."""
    what = f"`{method}` of whole sequences of `{name}`"
    return not_compiled(span, what, f"use `ScoreFunction()`; {way or _stepwise(name)}", (place,))


def many_sequences(
    name: str, size: int, budget: int, span: Span, place: Label, way: str
) -> Problem:
    """Whole sequences are listed because of a ``place``, and there are too many."""
    many = str(size) if size <= _AFFORDABLE else "more than 10^12"
    message = f"`{name}` has {many} whole sequences of outcomes, the budget is {budget}"
    return Problem(
        "S405", message, span, f"use `ScoreFunction()`; {way or _stepwise(name)}", (place,)
    )


def unknown_sequences(name: str, bound: str, span: Span, place: Label, way: str) -> Problem:
    """Whole sequences of a loop whose number of steps is known at the call only."""
    message = f"how many whole sequences `{name}` has depends on `{bound}`, known at run time only"
    return Problem(
        "S406", message, span, f"use `ScoreFunction()`; {way or _stepwise(name)}", (place,)
    )


def _stepwise(name: str) -> str:
    return (
        f"or let a step depend on no more of `{name}` than the step before and this one, and costs "
        "be linear in what the steps add up to, or made of its `logmeanexp`"
    )


_AFFORDABLE = 10**12


# --- names ---------------------------------------------------------------------------------------


def never_updated(name: Name, header: Span) -> Problem:
    """``for t in range(T) from h = h0:`` without a step that defines ``h``."""
    message = f"no step of the loop defines `{name.id}` again, so there is nothing to carry"
    help = f"add `compute {name.id} = …` to the body, or define `{name.id}` before the loop"
    return Problem("S260", message, name.span, help, (Label(header, "the loop that carries it"),))


def updated_twice(name: Name, first: Span) -> Problem:
    """A second definition of a carried variable in one step."""
    message = f"`{name.id}` is defined again twice in one step"
    label = Label(first, "first defined again here")
    help = "give the value in between a name of its own"
    return Problem("S261", message, name.span, help, (label,))


def updated_in_inner_loop(name: Name, carried: Span) -> Problem:
    """A carried variable that the body of an inner loop defines."""
    message = f"`{name.id}` would be defined again in every step of the inner loop"
    label = Label(carried, "carried by the outer loop")
    help = (
        "carry a name of its own in the inner loop, and define "
        f"`{name.id}` from it behind that loop"
    )
    return Problem("S261", message, name.span, help, (label,))


def outside_loop(name: Name, kind: str, header: Span, defined: Span) -> Problem:
    """A name of a body where the loop has ended."""
    if kind == "counter":
        help = "a counter has no value behind its loop: use the number of steps"
    else:
        help = (
            f"`sequence({name.id})` has its value in every step; carry it with "
            "`from` to have the last one"
        )
    labels = (Label(header, "the loop that it belongs to"), Label(defined, "defined here"))
    shown = labels[:1] if kind == "counter" else labels
    return Problem("S262", f"`{name.id}` ends with its loop", name.span, help, shown)


def distribution_outside_loop(name: Name, header: Span) -> Problem:
    """A distribution of a body where the loop has ended."""
    label = Label(header, "the loop that it belongs to")
    help = "make it again from its parameters, which the loop may carry"
    return Problem("S262", f"`{name.id}` ends with its loop", name.span, help, (label,))


def not_carried(name: Name, defined: Span, header: Span) -> Problem:
    """A name used in a body above the line that defines it."""
    message = f"`{name.id}` is defined further down in this step"
    labels = (Label(defined, "defined here"), Label(header, "the loop"))
    help = f"carry it to have its value in the step before: `… from {name.id} = …:`"
    return Problem("S201", message, name.span, help, labels)


def own_definition(name: Name, defined: Span, header: Span) -> Problem:
    """``compute h = h + 1`` in a loop that does not carry ``h``."""
    message = f"`{name.id}` is used in its own definition"
    labels = (Label(defined, "defined here"), Label(header, "the loop"))
    help = f"carry it to have its value in the step before: `… from {name.id} = …:`"
    return Problem("S201", message, name.span, help, labels)


def before_the_first_step(name: Name, carried: Span) -> Problem:
    """``from h = 0, g = h + 1``."""
    message = f"`{name.id}` is what the loop carries, and has no value above it"
    label = Label(carried, "carried from here on")
    help = "the values before the first step are made of what is defined above the loop"
    return Problem("S201", message, name.span, help, (label,))


def sequence_alone(name: Name, span: Span) -> Problem:
    """``sequence(y, dim=0)``."""
    help = f"write `sequence({name.id})`; the steps are its first event dimension"
    return Problem("S263", "`sequence` takes one name and nothing else", span, help)


def no_sequence(span: Span, text: str, help: str) -> Problem:
    """``sequence(x)`` of what is not a variable of a loop that has ended."""
    return Problem("S263", f"{text}, so it has no sequence", span, help)


def sequence_inside(name: Name, header: Span) -> Problem:
    """``sequence(v)`` in the body that defines ``v``."""
    message = f"the sequence of `{name.id}` is whole only behind its loop"
    help = f"use `sequence({name.id})` after the loop, or carry what the steps need of it"
    return Problem("S263", message, name.span, help, (Label(header, "the loop"),))


def sequence_too_deep(name: Name, header: Span) -> Problem:
    """``sequence(v)`` outside of a loop around the one that defines ``v``."""
    message = f"`{name.id}` belongs to a loop inside of another one"
    help = (
        f"name its sequence where the inner loop ends, `compute … = sequence({name.id})`, and take "
        "the sequence of that"
    )
    return Problem("S263", message, name.span, help, (Label(header, "the inner loop"),))


# --- types ---------------------------------------------------------------------------------------


def changes_shape(name: str, span: Span, new: str, old: str, start: Span) -> Problem:
    """A step that gives a carried variable another event shape."""
    message = f"`{name}` begins the step as `{old}` and ends it as `{new}`"
    label = Label(start, f"`{old}` before the first step")
    help = "a carried variable keeps its event shape: start with the right one, or use `reshape`"
    return Problem("S308", message, span, help, (label,))


def index_in_place_of_one_hot(name: str, span: Span, new: str, old: str, start: Span) -> Problem:
    """``sample y ~ Categorical(…)`` where ``y`` starts as ``one_hot(0, V)``."""
    message = f"`{name}` begins the step as `{old}` and ends it as `{new}`"
    label = Label(start, f"`{old}` before the first step")
    help = (
        "`Categorical` gives an index: use `OneHotCategorical`, or start with an index such as `0`"
    )
    return Problem("S308", message, span, help, (label,))


def changes_type(name: str, span: Span, new: str, old: str, start: Span) -> Problem:
    """A step that gives a carried variable another type than int to float."""
    message = f"`{name}` begins the step as {old} and ends it as {new}"
    label = Label(start, f"{old} before the first step")
    help = "a carried variable keeps its type; only int becomes float by itself"
    return Problem("S308", message, span, help, (label,))


def condition_type(span: Span, dtype: str) -> Problem:
    """``stop when h``."""
    message = f"the condition is {dtype}, not bool"
    return Problem("S309", message, span, "compare it with something, as in `… > 0`")


def condition_shape(span: Span, shape: str) -> Problem:
    """``stop when x > 0`` with an event."""
    message = f"the condition has shape `{shape}`, and each element stops as a whole"
    return Problem("S309", message, span, "reduce it with `any(…)` or `all(…)`")
