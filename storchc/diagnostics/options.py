"""Words for what is wrong with arguments (S220 …), options (S240 …) and defaults (S250 …)."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.diagnostics import elsewhere
from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.subjects import Name
from storchc.diagnostics.suggest import did_you_mean, listed
from storchc.source import Span

CODES: dict[str, str] = {
    "S220": "a missing argument",
    "S221": "an argument with an unknown name",
    "S222": "too many arguments",
    "S223": "an argument given twice",
    "S224": "an argument of the wrong kind",
    "S240": "an unknown option",
    "S241": "an option of the wrong kind",
    "S242": "an option out of its bounds",
    "S243": "an option without its name",
    "S244": "the number of values stated in the wrong place",
    "S245": "a missing option",
    "S246": "annealing of a temperature that the story computes",
    "S250": "code in the default of a module",
    "S251": "an unknown class of torch.nn",
    "S252": "a wrong initial value of a parameter",
    "S253": "a layer of another size than its module is declared with",
}

_PAIRWISE = {"min": "minimum", "max": "maximum"}

# --- arguments -----------------------------------------------------------------------------------


def missing_argument(span: Span, function: str, name: str, signature: str) -> Problem:
    """``reshape(x)``."""
    message = f"`{function}` needs the argument `{name}`"
    return Problem("S220", message, span, f"its arguments: `{signature}`")


def unknown_argument(name: Name, function: str, known: Iterable[str], signature: str) -> Problem:
    """``sum(x, axis=0)``."""
    message = f"`{function}` has no argument `{name.id}`"
    help = did_you_mean(name.id, known, f"its arguments: `{signature}`")
    if name.id in ("dtype", "device"):
        help = "leave it out: floats have the dtype and device of the inputs and parameters"
    if name.id == "dtype":
        help += f"; `long({function}(…))` makes integers"
    return Problem("S221", message, name.span, help)


def too_many_arguments(span: Span, function: str, most: int, signature: str) -> Problem:
    """``exp(x, y)``."""
    if most == 0:
        return Problem("S222", f"`{function}` takes no arguments", span, f"write `{signature}`")
    number = "one argument" if most == 1 else f"{most} arguments"
    message = f"`{function}` takes {number} at most"
    return Problem("S222", message, span, f"its arguments: `{signature}`")


def argument_twice(name: Name, function: str, signature: str) -> Problem:
    """By position and by name."""
    message = f"`{function}` gets its argument `{name.id}` twice, by position and by name"
    return Problem("S223", message, name.span, f"its arguments: `{signature}`")


def wrong_argument(span: Span, name: str, wanted: str, signature: str) -> Problem:
    """``sum(x, dim="a")``, or ``min(a, b)`` as in Python."""
    message = f"the argument `{name}` must be {wanted}"
    help = f"the arguments: `{signature}`"
    pairwise = _PAIRWISE.get(signature.partition("(")[0])
    if pairwise and name == "dim":
        help = f"{help}; of two values it is `{pairwise}(a, b)`"
    return Problem("S224", message, span, help)


def other_reduction(span: Span, function: str, asked: str) -> Problem:
    """``mse_loss(a, b, reduction="mean")``, ``log_prob(q, x, reduction="sum")``."""
    one_each = f'{function}(…, reduction="none")' if function in _SUMMED else f"{function}(…)"
    reduced = _REDUCED.get(asked, "")
    if function in _SUMMED and reduced == "sum":
        help = "leave `reduction` out: every event dimension is summed then"
    elif reduced:
        help = f"write `{reduced}({one_each})`; plates are reduced by the costs"
    else:
        help = f"write `{one_each}`, and `sum(…)` or `mean(…)` around it"
    return Problem("S224", 'the argument `reduction` can be `"none"` alone', span, help)


_SUMMED = frozenset({"log_prob", "kl_divergence", "entropy"})
_REDUCED = {"sum": "sum", "mean": "mean", "batchmean": "sum", "elementwise_mean": "mean"}


def argument_by_name(span: Span, callee: str) -> Problem:
    """``encoder(x=x)``."""
    message = f"the arguments of `{callee}` have no names"
    return Problem("S221", message, span, "give them by position, in the order of the declaration")


def wrong_number_of_arguments(
    span: Span, callee: str, given: int, wanted: int, at: Span
) -> Problem:
    """A module called with too few or too many."""
    message = f"`{callee}` takes {wanted}, but {given} {'is' if given == 1 else 'are'} given"
    label = Label(at, "declared here")
    help = "give as many arguments as the declaration lists; a tuple is written `[h, c]`"
    return Problem("S220" if given < wanted else "S222", message, span, help, (label,))


def tuple_needed(span: Span, callee: str, size: int, at: Span) -> Problem:
    """A tuple argument given as something else."""
    message = f"`{callee}` takes a tuple of {size} here"
    return Problem(
        "S224", message, span, "write it as a list: `[h, c]`", (Label(at, "declared here"),)
    )


def list_as_value(span: Span) -> Problem:
    """``compute y = [1, 2]``."""
    help = "write `tensor([…])` for numbers, `stack([…])` for values"
    return Problem("S224", "a list is not a value", span, help)


def text_as_value(span: Span) -> Problem:
    """``compute y = "a"``."""
    help = "strings stand only as arguments of functions that take them, such as `einsum`"
    return Problem("S224", "a string is not a value", span, help)


def none_as_value(span: Span) -> Problem:
    """``compute y = none``."""
    return Problem("S224", "`none` is not a value", span, "write a number or another value")


# --- options -------------------------------------------------------------------------------------


def unknown_option(name: Name, owner: str, known: Iterable[str]) -> Problem:
    """``ScoreFunction(samples=3)``."""
    names = tuple(known)
    otherwise = f"it takes {listed(names)}" if names else "it has no options"
    message = f"`{owner}` has no option `{name.id}`"
    here = elsewhere.OPTIONS.get(name.id)
    help = f"here it is `{here}`" if here in names else did_you_mean(name.id, names, otherwise)
    return Problem("S240", message, name.span, help)


def wrong_option(span: Span, option: str, wanted: str) -> Problem:
    """``n=1.5``."""
    help = f"write `{option}=…` with {wanted}"
    return Problem("S241", f"the option `{option}` must be {wanted}", span, help)


_MEANT = {
    "mean": "batch_average",
    "average": "batch_average",
    "batch_mean": "batch_average",
    "batch": "batch_average",
    "loo": "batch_average",
    "leave_one_out": "batch_average",
    "ema": "moving_average",
    "moving": "moving_average",
    "running_mean": "moving_average",
    "running_average": "moving_average",
}
"""Words of other libraries and papers, and the one that is used here."""


def quoted_word(span: Span, option: str, word: str) -> Problem:
    """``baseline="batch_average"``."""
    help = f"write `{word}` without quotes"
    return Problem("S241", f"the option `{option}` is given as a string", span, help)


def unknown_word(name: Name, option: str, words: Iterable[str], values: Iterable[str]) -> Problem:
    """``baseline=batch_averge``."""
    known = tuple(words)
    meant = _MEANT.get(name.id)
    if meant in known:
        message = f"`{name.id}` is nothing that `{option}` can be"
        return Problem("S241", message, name.span, f"did you mean `{meant}`?")
    otherwise = f"write {listed(known, 'or')}, or an expression of values defined above"
    help = did_you_mean(name.id, (*known, *values), otherwise)
    return Problem("S241", f"`{name.id}` is nothing that `{option}` can be", name.span, help)


def option_shape(span: Span, option: str, shape: str, element: str = "") -> Problem:
    """``temperature=vector``; ``element`` is how the only element of the event is written."""
    message = (
        f"the option `{option}` needs one number per element, but its event shape is `{shape}`"
    )
    help = "reduce the event first, with `sum(…)` or `mean(…)`"
    if element:
        help = f"write `{element}` for the number in it"
    return Problem("S241", message, span, help)


def option_for_user(span: Span, option: str, owner: str) -> Problem:
    """An expression as an option of a user's method."""
    message = f"the option `{option}` of your method `{owner}` is neither constant nor a module"
    help = "options of your own methods are numbers, strings, words, `true`, `false` or modules"
    return Problem("S241", message, span, help)


def option_plates(span: Span, option: str, plates: Iterable[str]) -> Problem:
    """``key=`` or ``temperature=`` with plates that the sample lacks."""
    message = (
        f"the option `{option}` has the plates {listed(sorted(plates))}, which the sample lacks"
    )
    help = f"give `{option}` a value with the plates of the distribution, or with some of them"
    return Problem("S241", message, span, help)


def proposal_shape(span: Span, shape: str, wanted: str) -> Problem:
    """A proposal that draws something else."""
    message = f"the proposal draws `{shape}`, but the sample is `{wanted}`"
    help = "give its parameters the event shape of the distribution, for instance with `zeros([…])`"
    return Problem("S241", message, span, help)


def proposal_dtype(span: Span, dtype: str, wanted: str) -> Problem:
    """A proposal of floats for a sample of integers."""
    message = f"the proposal draws `{dtype}`, but the sample is `{wanted}`"
    return Problem("S241", message, span, "propose from a distribution whose values are the same")


def proposal_plates(span: Span, plates: Iterable[str]) -> Problem:
    """A proposal with plates that the distribution lacks."""
    message = f"the proposal has the plates {listed(sorted(plates))}, which the distribution lacks"
    help = (
        "plates belong to the story: give them to the distribution, for instance with "
        "`zeros_like(…)` of a value that has them, or reduce them in the proposal"
    )
    return Problem("S241", message, span, help)


def option_out_of_bounds(span: Span, option: str, bounds: str) -> Problem:
    """``n=0``."""
    return Problem(
        "S242", f"the option `{option}` must be {bounds}", span, "choose a number within it"
    )


def option_no_multiple(span: Span, option: str, of: int, given: int) -> Problem:
    """``Antithetic(n=3)``."""
    wanted = "even" if of == 2 else f"a multiple of {of}"
    more = given + of - given % of
    return Problem(
        "S242", f"the option `{option}` must be {wanted}", span, f"write `{option}={more}`"
    )


def positional_option(span: Span, owner: str, option: str | None) -> Problem:
    """``ScoreFunction(10)``."""
    help = f"write `{owner}({option}=…)`" if option else f"write `{owner}()`: it has no options"
    return Problem("S243", f"options of `{owner}` are given by name", span, help)


def number_on_sampler(span: Span, option: str, sampler: str) -> Problem:
    """``ScoreFunction(n=3) using MonteCarlo(n=3)``."""
    message = f"the number of values `{option}` stands on the method, though a sampler follows"
    return Problem("S244", message, span, f"state it once, on the sampler: `{sampler}({option}=…)`")


def number_inside_plate(span: Span, option: str, plate: str) -> Problem:
    """``with ScoreFunction(n=3) in p``."""
    message = f"`{option}` is given, but plate `{plate}` fixes how many values are drawn"
    return Problem(
        "S244", message, span, f"delete it; one value is drawn for each element of `{plate}`"
    )


def missing_option(span: Span, owner: str, option: str) -> Problem:
    """``ImportanceSampling()``."""
    help = f"write `{owner}({option}=…)`"
    return Problem("S245", f"`{owner}` needs the option `{option}`", span, help)


def annealed_expression(option: str, temperature: Span, span: Span) -> Problem:
    """``GumbelSoftmax(temperature=tau, annealing_rate=0.01)``."""
    message = f"`{option}` does nothing: the temperature is a value of the story here"
    help = (
        f"leave `{option}` out, and let the value fall (an `input tau` that training changes), or "
        "give a number that is annealed"
    )
    return Problem("S246", message, span, help, (Label(temperature, "computed here"),))


# --- defaults and initial values -----------------------------------------------------------------

_DEFAULT_HELP = (
    "a default is made of calls of torch.nn classes with numbers, strings, `true`, `false`, "
    "`none`, constant dims and lists; pass anything else to the constructor"
)


def code_in_default(span: Span, what: str) -> Problem:
    """Anything but data in the default of a module."""
    return Problem("S250", f"{what} cannot stand in the default of a module", span, _DEFAULT_HELP)


def size_of_layer(span: Span, layer: Name) -> Problem:
    """``nn.Linear(4, 0.1)``."""
    help = "write an integer or a constant dim"
    return Problem("S253", f"`{layer.id}` takes a size here, and this is none", span, help)


def layer_lacks(layer: Name, missing: str, needed: Iterable[str]) -> Problem:
    """``nn.Linear(4)``."""
    help = f"write `{layer.id}({', '.join(needed)})`, and options as you like"
    return Problem("S253", f"`{layer.id}` needs `{missing}`", layer.span, help)


def no_layer(span: Span) -> Problem:
    """``nn.Sequential(nn.Linear(4, 8), 8)``."""
    help = "list layers, such as `nn.ReLU()`"
    return Problem("S253", "`nn.Sequential` takes layers, and this is none", span, help)


def layer_of_pairs(layer: Name) -> Problem:
    """``module cell: [4], [8] -> [8] = nn.LSTMCell(4, 8)``."""
    message = f"`{layer.id}` takes and gives a pair, `(h, c)`"
    help = "declare `[I], ([H], [H]) -> ([H], [H])`, and write `compute h, c = cell(x, [h, c])`"
    return Problem("S253", message, layer.span, help)


def batch_second(layer: Name) -> Problem:
    """``module mix: [T, 8], [T, 8], [T, 8] -> [T, 8] = nn.MultiheadAttention(8, 2)``."""
    message = f"`{layer.id}` takes the rows of the batch for steps of a sequence"
    return Problem("S253", message, layer.span, "write `batch_first=true` among its options")


def layer_before_others(layer: Name) -> Problem:
    """``nn.Sequential(nn.GRU(4, 8, batch_first=true), nn.Linear(8, 8))``."""
    message = f"`{layer.id}` gives a tuple, which the next layer does not take"
    help = "make two modules of it, of which the second takes the output of the first"
    return Problem("S253", message, layer.span, help)


def layer_over_time(layer: Name) -> Problem:
    """``module encoder: [T, 3] -> [8] = nn.GRU(3, 8, batch_first=true)``."""
    cell = f"nn.{layer.id.removeprefix('nn.')}Cell"
    message = f"`{layer.id}` takes a sequence and gives its output in every step"
    help = (
        "declare one value of all steps, `[T, D] -> [T, H]`, and take the last step from it, as "
        f"`f(x)[-1]`; states that are given, or kept, are those of `{cell}` in a `for`"
    )
    return Problem("S253", message, layer.span, help)


def layer_misfit(
    span: Span, first: bool, module: Name, declared: str, wanted: str, *, scalar: bool
) -> Problem:
    """``module net: [4] -> [] = nn.Linear(4, 1)``; ``scalar``: nothing is declared in brackets."""
    does = "takes" if first else "gives"
    message = f"`{module.id}` is declared with `{declared}`, but this layer {does} `{wanted}`"
    help = f"declare `{wanted}`, or give the layer another size"
    if scalar and not first and wanted == "[1]":
        help = f"declare `-> [1]`, and write `{module.id}(…)[0]` for the number in it"
    elif scalar:
        help = f"declare `{wanted}`"
    return Problem("S253", message, span, help, (Label(module.span, "declared here"),))


def unknown_nn_class(name: Name, known: Iterable[str]) -> Problem:
    """``nn.Linaer(…)``."""
    help = did_you_mean(name.id, known, _DEFAULT_HELP)
    return Problem("S251", f"`{name.id}` is no class of torch.nn", name.span, help)


def wrong_initial_value(span: Span, message: str, help: str) -> Problem:
    """``param w[K] = x + 1``."""
    return Problem("S252", message, span, help)


SHAPE_OF_PARAM = "the shape stands behind the name: `param w[3, 4] = zeros()`"

INITIALISERS = (
    "`zeros()`, `ones()`, `normal(mean, std)`, `uniform(a, b)`, `xavier_uniform()`, "
    "`xavier_normal()`, `kaiming_uniform()`, `kaiming_normal()` and `orthogonal()`"
)


def unknown_initialiser(name: Name, known: Iterable[str]) -> Problem:
    """``param w[K] = gaussian()``."""
    help = did_you_mean(name.id, known, f"a number, `tensor(…)`, or one of {INITIALISERS}")
    return Problem("S252", f"there is no initialiser called `{name.id}`", name.span, help)
