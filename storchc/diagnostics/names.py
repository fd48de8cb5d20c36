"""Words for what is wrong with names (S200 to S219, S230)."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.diagnostics import elsewhere, loops, options
from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.subjects import Name
from storchc.diagnostics.suggest import did_you_mean, listed
from storchc.source import Span

CODES: dict[str, str] = (
    {
        "S200": "an unknown name",
        "S201": "a name used before its definition",
        "S202": "a name defined twice",
        "S203": "a Python keyword used as a name",
        "S204": "a name that an argument of the generated module has",
        "S205": "a module or function that hides one of the language",
        "S206": "a name of another kind than the place needs",
        "S207": "an unknown function or distribution",
        "S208": "an unknown method or sampler",
        "S209": "an unknown property of a distribution",
        "S210": "an unknown plate",
        "S211": "a cost or report named twice",
        "S212": "a path that Python cannot import",
        "S217": "a frozen module with a default",
        "S218": "a frozen module where a method trains one",
        "S219": "a distribution of yours that contradicts itself",
        "S230": "something that is never used",
    }
    | loops.CODES
    | options.CODES
)

KINDS = {
    "dim": "a dim",
    "plate": "a plate",
    "input": "an input",
    "param": "a parameter",
    "module": "a module",
    "function": "a function",
    "declared": "a distribution",
    "use": "a method",
    "compute": "a computed value",
    "sample": "a sample",
    "cost": "a cost",
    "observation": "an observed cost",
    "report": "a report",
    "counter": "the counter of a loop",
    "carried": "a carried variable",
    "value": "a value",
    "distribution": "a distribution",
    "method": "a method",
    "sampler": "a sampler",
}


# --- uses of names -------------------------------------------------------------------------------


def unknown_name(name: Name, wanted: str, candidates: Iterable[str]) -> Problem:
    """A name that nothing defines; ``wanted`` says what the place needs."""
    otherwise = f"define it above, or name {KINDS[wanted]} that exists"
    if wanted == "dim":
        otherwise = f"declare it: `dim {name.id} = …`, or `dim {name.id}` for a size of some input"
    help = did_you_mean(name.id, candidates, otherwise)
    return Problem("S200", f"nothing is called `{name.id}`", name.span, help)


def unknown_in_input(name: Name, candidates: Iterable[str]) -> Problem:
    """``input x[data, 4]`` without ``plate data``."""
    otherwise = (
        f"declare it: `plate {name.id}` where its elements are independent, as those of a batch; "
        f"`dim {name.id}` for a size"
    )
    help = did_you_mean(name.id, candidates, otherwise)
    return Problem("S200", f"nothing is called `{name.id}`", name.span, help)


def alive_outside_loop(name: Name) -> Problem:
    """``alive`` where no loop is."""
    help = (
        "in a body it says which elements still count; behind the loop `sequence(alive)` has that "
        "for every step"
    )
    return Problem("S200", "`alive` means nothing outside of a loop", name.span, help)


def used_before_definition(name: Name, line: int, defined: Span) -> Problem:
    """A name that a later statement defines."""
    message = f"`{name.id}` is defined on line {line}, below"
    label = Label(defined, "defined here")
    return Problem("S201", message, name.span, "move its definition above this line", (label,))


def used_in_own_definition(name: Name, defined: Span) -> Problem:
    """``compute y = y + 1``."""
    message = f"`{name.id}` is used in its own definition"
    label = Label(defined, "defined here")
    help = "a name is defined once, from names above it; give the new value another name"
    return Problem("S201", message, name.span, help, (label,))


def used_before_drawn(name: Name, defined: Span) -> Problem:
    """``sample z ~ Normal(m, 1) with ScoreFunction(baseline=critic(z))``."""
    message = f"`{name.id}` is used before it is drawn"
    label = Label(defined, "drawn here")
    help = "its distribution and its options are made of names defined above"
    return Problem("S201", message, name.span, help, (label,))


_INSTEAD = {
    ("plate", "value"): "operations never name plates; reduce one with `mean(…, over={name})`",
    ("plate", "dim"): "only an input lists plates, before its sizes; leave it out here",
    ("value", "dim"): "sizes are dims: `dim T = …`, or `dim T` for a size that some input has",
    ("module", "value"): "call it: `{name}(…)`",
    ("function", "value"): "call it: `{name}(…)`",
    ("declared", "value"): "draw from it with `sample`: `sample y ~ {name}(…)`",
    ("declared", "module"): "declare a `module` for this",
    (
        "distribution",
        "value",
    ): "draw from it with `sample`, or take a property such as `{name}.mean`",
    ("distribution", "call"): "it stands where a distribution is wanted, such as after `~`",
    ("observation", "value"): "name what is observed in a `compute` step of its own",
    ("report", "value"): "name the value in a `compute` step, and report that",
    ("value", "distribution"): "write a distribution such as `Normal({name}, 1)`",
    ("method", "call"): "methods stand after `with` in a `sample` statement",
    ("sampler", "call"): "samplers stand after `using` in a `sample` statement",
    ("sampler", "method"): "samplers stand after `using`: `with Method(…) using {name}(…)`",
    ("method", "sampler"): "methods stand after `with`: `with {name}(…)`",
    ("use", "sampler"): "methods stand after `with`: `with {name}(…)`",
}
_VALUES = frozenset({"input", "param", "compute", "sample", "cost", "counter", "carried"})
_CALLED = {
    "value": "leave the parentheses out, or call a function of the language or a module",
    "dim": "leave the parentheses out",
}


def wrong_kind(name: Name, kind: str, wanted: str, defined: Span | None = None) -> Problem:
    """``name`` is of ``kind`` where ``wanted`` is needed."""
    what = "something to call" if wanted == "call" else KINDS[wanted]
    message = f"`{name.id}` is {KINDS[kind]}, not {what}"
    group = "value" if kind in _VALUES else kind
    plain = f"name {KINDS.get(wanted, 'a function')} here"
    help = _INSTEAD.get((group, wanted), _CALLED.get(group, plain) if wanted == "call" else plain)
    labels = () if defined is None else (Label(defined, "defined here"),)
    return Problem("S206", message, name.span, help.format(name=name.id), labels)


def distribution_as_value(span: Span, text: str) -> Problem:
    """``Normal(0, 1) + x``, or a named distribution in arithmetic."""
    help = f"draw from it with `sample`, or take a property such as `{text}.mean`"
    message = f"`{text}` is a distribution, not a value"
    return Problem("S206", message, span, help)


def users_as_value(name: Name) -> Problem:
    """``policy(x) + 1``."""
    message = f"`{name.id}(…)` is a distribution, not a value"
    return Problem("S206", message, name.span, f"draw from it: `sample y ~ {name.id}(…)`")


def not_a_distribution(span: Span, what: str) -> Problem:
    """Something else where a distribution is needed."""
    help = "write a distribution such as `Normal(0, 1)`, or the name of a computed one"
    return Problem("S206", f"{what} is not a distribution", span, help)


def function_without_call(name: Name) -> Problem:
    """``compute y = exp``."""
    message = f"`{name.id}` is a function, not a value"
    return Problem("S206", message, name.span, f"call it: `{name.id}(…)`")


def family_without_call(name: Name) -> Problem:
    """``sample z ~ Normal``, or a declared distribution without what it takes."""
    message = f"the parameters of `{name.id}` are missing"
    return Problem("S206", message, name.span, f"write `{name.id}(…)` with its parameters")


def called_property(span: Span, text: str, function: str | None) -> Problem:
    """``q.mean()`` or ``torch.exp(x)``; ``function`` is one of the language called like it."""
    message = f"`{text}` cannot be called"
    help = (
        "properties of distributions are written without parentheses; other dots mean nothing here"
    )
    last = text.rpartition(".")[2]
    if last in elsewhere.FUNCTIONS:
        help = elsewhere.FUNCTIONS[last]
    if function is not None:
        help = (
            f"functions stand alone, as `{function}(…)`; "
            "properties of distributions are written without parentheses"
        )
    return Problem("S206", message, span, help)


def dotted_value(span: Span, name: str) -> Problem:
    """``x.shape`` of a value."""
    plain = "only distributions have properties; apply functions as `f(x)`"
    help = elsewhere.FUNCTIONS.get(name, plain)
    return Problem("S206", "a value has no properties", span, help)


def unknown_function(name: Name, candidates: Iterable[str]) -> Problem:
    """A call of what does not exist."""
    otherwise = (
        "`storchc functions` lists those there are; declare your own with `function` or `module`"
    )
    here = elsewhere.FUNCTIONS.get(name.id) or _called_here(name.id)
    help = here or did_you_mean(name.id, candidates, otherwise)
    return Problem("S207", f"there is no function called `{name.id}`", name.span, help)


def random_function(name: Name) -> Problem:
    """``randn([3])``."""
    help = "draw with a `sample` statement: only then is its gradient right"
    return Problem("S207", f"there is no function called `{name.id}`", name.span, help)


def _called_here(family: str) -> str | None:
    """How a family is called here that others call ``family``; of ``q.rsample`` what to write."""
    last = family.rpartition(".")[2]
    if "." in family and last in elsewhere.FUNCTIONS:
        return elsewhere.FUNCTIONS[last]
    here, made = (t.get(family.casefold()) for t in (elsewhere.DISTRIBUTIONS, elsewhere.COMPOSED))
    written = f"{here}(…)" if here else made
    return written and f"here it is `{written}`"


def unknown_distribution(name: Name, candidates: Iterable[str]) -> Problem:
    """A family that does not exist."""
    here = _called_here(name.id)
    otherwise = (
        "`storchc distributions` lists those there are; declare your own with `distribution`"
    )
    help = here or did_you_mean(name.id, candidates, otherwise)
    return Problem("S207", f"there is no distribution called `{name.id}`", name.span, help)


def unknown_method(name: Name, kind: str, candidates: Iterable[str]) -> Problem:
    """A method or sampler that does not exist."""
    here = elsewhere.METHODS.get(name.id.casefold()) if kind == "method" else None
    otherwise = f"`storchc {kind}s` lists those there are"
    help = here or did_you_mean(name.id, candidates, otherwise)
    return Problem("S208", f"there is no {kind} called `{name.id}`", name.span, help)


def unknown_property(name: Name, family: str, candidates: Iterable[str]) -> Problem:
    """``q.lokits``."""
    known = tuple(candidates)
    otherwise = f"it has {listed(known)}" if known else "it has none"
    help = did_you_mean(name.id, known, otherwise)
    return Problem("S209", f"`{family}` has no property `{name.id}`", name.span, help)


def unknown_plate(name: Name, candidates: Iterable[str]) -> Problem:
    """``over=dat``."""
    known = tuple(candidates)
    otherwise = f"the plates here are {listed(known)}" if known else "the story has no plates here"
    help = did_you_mean(name.id, known, otherwise)
    return Problem("S210", f"there is no plate called `{name.id}`", name.span, help)


# --- definitions ---------------------------------------------------------------------------------


_TWICE = {
    "": "a name means one thing in the whole story: choose another one",
    "value": "to change it from step to step, let the loop carry it in place of the first "
    "definition: `for … from {name} = …:`",
    "cost": "costs of a body are summed over the steps by themselves: leave the first one out, "
    "or choose another name",
}


def defined_twice(name: Name, kind: str, first: Span, again: str = "") -> Problem:
    """A second definition of a name; the first is ``kind``.

    ``again`` says what every step of a loop would define anew: a value, or a cost.
    """
    label = Label(first, f"first defined here, as {KINDS[kind]}")
    message = f"`{name.id}` is defined twice"
    help = _TWICE[again].format(name=name.id)
    return Problem("S202", message, name.span, help, (label,))


def python_keyword(name: Name) -> Problem:
    """``compute lambda = 1``."""
    message = f"`{name.id}` is a keyword of Python and cannot be a name"
    return Problem("S203", message, name.span, f"choose another name, such as `{name.id}_`")


def reserved_input(name: Name) -> Problem:
    """``input given``."""
    message = f"no input can be called `{name.id}`: the generated module's call has that argument"
    return Problem("S204", message, name.span, f"choose another name, such as `{name.id}_`")


def reserved_callee(name: Name, kind: str) -> Problem:
    """``module self: …``."""
    message = (
        f"no {kind} can be called `self`: the generated module's constructor has that argument"
    )
    return Problem("S204", message, name.span, "choose another name, such as `self_`")


def shadows(name: Name, kind: str, of: str) -> Problem:
    """``module softmax: …``."""
    message = f"the {kind} `{name.id}` hides the {of} of the language"
    return Problem("S205", message, name.span, f"choose another name, such as `my_{name.id}`")


def cost_twice(name: Name, what: str, first: Span) -> Problem:
    """``cost y`` after ``cost y``."""
    label = Label(first, "first here")
    message = f"`{name.id}` is a {what} already"
    return Problem("S211", message, name.span, "delete this line, or give it a name", (label,))


def keyword_in_path(name: Name, part: str) -> Problem:
    """``use package.class: M``."""
    message = f"`{part}` is a keyword of Python, so `{name.id}` cannot be imported"
    return Problem("S212", message, name.span, "name a module that Python can import")


def path_without_module(name: Name) -> Problem:
    """``function f: [] -> [] = name``."""
    message = f"`{name.id}` names no module"
    return Problem("S212", message, name.span, f"write the whole path: `package.module.{name.id}`")


def frozen_default(name: Name, default: Span) -> Problem:
    """``module ref frozen: [3] -> [4] = nn.Linear(3, 4)``."""
    message = f"`{name.id}` is frozen, so its default would keep its first, random weights"
    help = "delete the default and pass the module to the constructor, or delete `frozen`"
    return Problem("S217", message, default, help, (Label(name.span, "declared here"),))


def frozen_critic(given: Name, option: str, declared: Span) -> Problem:
    """``RELAX(c_phi=critic)`` with a frozen critic."""
    message = f"`{given.id}` is frozen, and what is given as `{option}` is trained by the method"
    help = f"delete `frozen` where `{given.id}` is declared"
    return Problem("S218", message, given.span, help, (Label(declared, "declared here"),))


def one_tensor(name: Name, span: Span) -> Problem:
    """``distribution d: ([H], [H]) -> [T]``, or two results."""
    message = f"a distribution takes tensors and draws one, but `{name.id}` is declared otherwise"
    help = "write each argument for itself, `[H], [H]`, and one result, `-> [T]`"
    return Problem("S219", message, span, help)


def discrete_path(name: Name, kind: str) -> Problem:
    """``distribution d reparameterized discrete: …``."""
    fact = "discrete" if kind == "float" else f"of {kind} values"
    message = f"`{name.id}` is declared `reparameterized` and {fact}: such values have no paths"
    return Problem("S219", message, name.span, "delete one of the two")


def not_discrete(name: Name, kind: str) -> Problem:
    """``distribution d: [P] -> [T]: int`` without ``discrete``."""
    message = f"the values of `{name.id}` are `{kind}`, so they lie apart"
    return Problem("S219", message, name.span, f"declare it `distribution {name.id} discrete: …`")


def override_without_sample(story: Name, name: str, samples: Iterable[str]) -> Problem:
    """``--method`` for a sample that does not exist."""
    known = tuple(samples)
    otherwise = f"its samples are {listed(known)}" if known else "it has no samples"
    message = f"the story has no sample called `{name}`, for which a method is given"
    return Problem("S200", message, story.span, did_you_mean(name, known, otherwise))


def never_used(name: Name) -> Problem:
    """A warning: what nothing depends on."""
    help = "delete it, or use it; `report` shows a value without making it a cost"
    return Problem("S230", f"nothing uses `{name.id}`", name.span, help, (), "warning")
