"""Words for paths and methods: S4xx."""

from __future__ import annotations

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.subjects import Break, Entry, Method
from storchc.diagnostics.suggest import listed
from storchc.ir.expression import Construct
from storchc.ir.nodes import Choice, Sample
from storchc.ir.types import write_shape
from storchc.source import Span

CODES = {
    "S401": "method does not suit the family",
    "S402": "a path to a cost is not differentiable",
    "S403": "family cannot be reparameterized",
    "S404": "support is not finite",
    "S405": "support is larger than the budget",
    "S406": "size of the support is not known",
    "S407": "method must open its own plate",
    "S408": "method draws by itself",
    "S409": "batch average needs two samples",
    "S410": "importance sampling of a pathwise sample",
    "S411": "batch statistics couple rows below a sample",
    "S412": "support moves with a parameter that learns",
    "S413": "proposal gets no gradient",
    "S414": "memories that are not told apart",
    "S415": "sampler draws through uniform variables, the family does not",
    "S417": "draws are not joined as the method needs it",
    "S418": "method cannot learn this parameter",
    "S419": "`distinct` saves nothing",
}


_AFFORDABLE = 10**12  # beyond it no budget is worth a suggestion


def wrong_family(entry: Method, node: Sample, made: Construct, choice: Choice) -> Problem:
    """GumbelSoftmax on a Normal, say."""
    chooser = _counted("Infer", choice)
    help_ = f"it is for {listed(entry.families, 'or')}; `{chooser}` chooses one for `{made.family}`"
    if made.family == "Categorical" and "OneHotCategorical" in entry.families:
        help_ = "sample a `OneHotCategorical` instead, whose values can be relaxed"
    fact = f"`{entry.name}` is not defined for `{made.family}`"
    return Problem("S401", fact, choice.span, help_, _origin(node, made))


def path_broken(
    node: Sample,
    entry: Method,
    demand: tuple[Break, ...],
    names: tuple[str, ...],
    stops: bool,
    choice: Choice,
) -> Problem:
    """A method that differentiates through its value.

    ``names`` are values with a break in them; ``stops`` says that a loop ends by the sample.
    """
    ways = []
    if names:
        ways.append(f"make the path through {listed(names)} smooth")
    if stops:
        ways.append(f"let the loop stop by what does not depend on `{node.name}`")
    instead = " and ".join(ways) or "make the marked places smooth"
    said = _said(demand) if names else ""
    return Problem(
        "S402",
        f"`{entry.name}` needs every path from `{node.name}` to a cost to be differentiable",
        choice.span,
        f"use `{_counted('ScoreFunction', choice)}`, or {instead}{said}",
        _breaks(demand),
    )


def weights_broken(node: Sample, sampler: Choice, demand: tuple[Break, ...]) -> Problem:
    """Importance weights reduced by ``over=``, then a place where no gradient flows."""
    return Problem(
        "S402",
        f"`{sampler.name}` needs every path from the weights of `{node.name}` to a cost to be "
        "differentiable",
        sampler.span,
        f"leave out `using {sampler.name}(…)`, or make the marked places smooth{_said(demand)}",
        _breaks(demand),
    )


def _said(demand: tuple[Break, ...]) -> str:
    """What a story may say of jumps, if it is jumps that break a path."""
    if not any(found.jumps for found in demand):
        return ""
    return "; `continuous(…)` says of a value that it does not jump"


def _breaks(demand: tuple[Break, ...]) -> tuple[Label, ...]:
    return tuple({b.span: Label(b.span, b.reason) for b in reversed(demand)}.values())


def not_reparameterizable(
    node: Sample, made: Construct, choice: Choice, *, finite: bool
) -> Problem:
    """Reparameterization of a discrete family."""
    help_ = f"use `{_counted('ScoreFunction', choice)}`"
    if finite:
        help_ += ", or `Expect()`, which sums over every value"
    elif "MixtureSameFamily" in made.family:
        help_ += ", or draw `k ~ Categorical(…)` with `Expect()`, and the component `k` pathwise"
    if made.type.declared is not None and made.type.dtype == "float":
        help_ += f", or declare `{made.family}` as `reparameterized` if it has `rsample`"
    fact = f"`{made.family}` cannot be reparameterized"
    return Problem("S403", fact, choice.span, help_, _origin(node, made))


def not_traced(
    entry: Method, node: Sample, made: Construct, choice: Choice, *, pathwise: bool
) -> Problem:
    """LAX at a distribution of the user's."""
    path = f", or `{_counted('Reparameterization', choice)}` where the costs are differentiable"
    return Problem(
        "S403",
        f"`{entry.name}` needs the noise of a value that it has drawn, and `{made.family}` does "
        "not tell it",
        choice.span,
        f"use `{_counted('ScoreFunction', choice)}`{path * pathwise}",
        _origin(node, made),
    )


def infinite_support(
    node: Sample, entry: Method, made: Construct, span: Span, *, pathwise: bool
) -> Problem:
    """Expect on a Normal."""
    does = "sums over every value" if entry.carrier == "weights" else "needs finitely many values"
    return Problem(
        "S404",
        f"`{entry.name}` {does}, {_countless(made)}",
        span,
        "use `Reparameterization()` or `ScoreFunction()`" if pathwise else "use `ScoreFunction()`",
        _origin(node, made),
    )


def _countless(made: Construct) -> str:
    if made.type.declared is not None:
        return f"and those of `{made.family}`, a distribution of yours, cannot be listed"
    return f"but `{made.family}` has infinitely many"


def infinite_to_draw(node: Sample, sampler: Choice, made: Construct) -> Problem:
    """SumAndSample on a Normal."""
    return Problem(
        "S404",
        f"`{sampler.name}` needs finitely many values, {_countless(made)}",
        sampler.span,
        f"leave out `using {sampler.name}(…)`",
        _origin(node, made),
    )


def over_budget(
    node: Sample,
    entry: Method,
    made: Construct,
    size: int,
    budget: int,
    span: Span,
    joined: Label | None,
    mixed: bool = False,
) -> Problem:
    """A joint support that is too large, because of the place where its factors are ``joined``."""
    help_ = f"use `ScoreFunction()`{_larger(entry, size, mixed)}"
    if joined is not None:
        help_ = f"pay a sum of terms with one factor of `{node.name}` each, or {help_}"
    batch = write_shape(made.type.batch)
    places = Label(made.span, f"one value for each element of `{batch}`, in every combination")
    labels = (places,) if made.type.batch else _origin(node, made)
    return Problem(
        "S405",
        f"the joint support of `{node.name}` has {_many(size)} configurations, "
        f"the budget is {budget}",
        span,
        help_,
        labels if joined is None else (joined, *labels),
    )


def over_budget_step(
    node: Sample,
    entry: Method,
    made: Construct,
    size: int,
    budget: int,
    span: Span,
    pairs: bool,
    mixed: bool = False,
) -> Problem:
    """A step of a loop with too many outcomes, or ``pairs`` of them and those before."""
    what = "pairs of outcomes in the step before and in this one" if pairs else "outcomes"
    return Problem(
        "S405",
        f"`{node.name}` has {_many(size)} {what}, each evaluated in every step; the budget is "
        f"{budget}",
        span,
        f"use `ScoreFunction()`{_larger(entry, size, mixed)}",
        _origin(node, made),
    )


def over_budget_apart(
    node: Sample,
    entry: Method,
    made: Construct,
    size: int,
    budget: int,
    span: Span,
    mixed: bool = False,
) -> Problem:
    """Factors evaluated apart, or few of them together, that are too many all the same."""
    return Problem(
        "S405",
        f"`{node.name}` has {_many(size)} configurations, its factors taken apart as far as the "
        f"costs allow; the budget is {budget}",
        span,
        f"use `ScoreFunction()`{_larger(entry, size, mixed)}",
        _origin(node, made),
    )


def _many(size: int) -> str:
    return str(size) if size <= _AFFORDABLE else "more than 10^12"


def _larger(entry: Method, size: int, mixed: bool) -> str:
    """What else there is; of a plate that is ``mixed`` the mean of few values is another cost."""
    other = "; `over=` then reduces the values drawn, a bound on what all of them give"
    if size > _AFFORDABLE:
        return other if mixed else ""
    return f", or `{entry.name}(budget={size})` if that is affordable{other if mixed else ''}"


def unknown_support(
    node: Sample, entry: Method, made: Construct, dims: tuple[str, ...], span: Span
) -> Problem:
    """A support that depends on free dims, or on a value."""
    help_ = f"`{entry.name}` needs the number when the story is compiled; use `ScoreFunction()`"
    if dims:
        declared = " and ".join(f"`dim {name} = …`" for name in dims)
        help_ = f"`{entry.name}` needs a size known now: {declared}; or use `ScoreFunction()`"
    cause = listed(dims) if dims else "a value"
    return Problem(
        "S406",
        f"how many configurations `{node.name}` has depends on {cause}, known at run time only",
        span,
        help_,
        _origin(node, made),
    )


def cannot_join(node: Sample, entry: Method, span: Span) -> Problem:
    """Expect with ``in``."""
    return Problem(
        "S407",
        f"`{entry.name}` enumerates, for which it needs a plate of its own, not `in {node.plate}`",
        span,
        f"leave out `in {node.plate}`, or draw `{node.name}` with `ScoreFunction()`",
    )


def cannot_join_coupled(node: Sample, drawer: Entry, span: Span) -> Problem:
    """Antithetic pairs with ``in``."""
    return Problem(
        "S407",
        f"`{drawer.name}` draws the elements of a plate together, for which it needs one of its "
        f"own, not `in {node.plate}`",
        span,
        f"leave out `in {node.plate}`, or draw `{node.name}` independently",
    )


def no_inverse(node: Sample, made: Construct, sampler: Choice) -> Problem:
    """Quasi-Monte Carlo of a Gamma."""
    return Problem(
        "S415",
        f"`{sampler.name}` draws through uniform variables, and `{made.family}` does not",
        sampler.span,
        f"leave out `using {sampler.name}(…)`, and draw several independently with `n=…`",
        _origin(node, made),
    )


def draws_itself(entry: Method, sampler: Choice) -> Problem:
    """``using`` behind a method that does not leave the drawing open."""
    return Problem(
        "S408",
        f"`{entry.name}` decides itself which values it takes, so `using` has no place behind it",
        sampler.span,
        f"leave out `using {sampler.name}(…)`, or use `ScoreFunction()`",
    )


def lone_batch_average(node: Sample, opened: Span, span: Span) -> Problem:
    """Leave-one-out over one; ``opened`` is the sample that opens the plate."""
    message = f"the batch average compares the samples of `{node.plate}`, and there is only one"
    return _lone(node, opened, span, message)


def lone_spread(node: Sample, opened: Span, span: Span) -> Problem:
    """``normalize=true`` of one draw without a moving average."""
    message = f"`normalize` divides by the spread of `{node.plate}`, and there is only one sample"
    return _lone(node, opened, span, message)


def _lone(node: Sample, opened: Span, span: Span, message: str) -> Problem:
    more = (
        f"draw at least two of `{node.plate}` (`n=2` there)"
        if node.joins
        else "draw at least two (`n=2`)"
    )
    return Problem(
        "S409",
        message,
        span,
        f"{more}, or use `baseline=moving_average`",
        (Label(opened, f"opens the plate `{node.plate}` with one sample"),) if node.joins else (),
    )


def pathwise_importance(node: Sample, entry: Method, sampler: Choice) -> Problem:
    """Importance sampling of a pathwise node."""
    return Problem(
        "S410",
        f"`{entry.name}` needs `{node.name}` drawn from its own distribution, not from a proposal",
        sampler.span,
        f"use `ScoreFunction()`, or leave out `using {sampler.name}(…)`",
    )


def no_index(
    node: Sample, entry: Method, option: Entry, plates: tuple[str, ...], span: Span
) -> Problem:
    """MAPO for each datum, without a key."""
    typed = f"{option.name}[{', '.join(plates)}]: int"
    return Problem(
        "S414",
        f"`{entry.name}` remembers values for each element of {listed(plates)}, and does not know "
        "which element is which from one call to the next",
        span,
        f"write `input {typed}` and `{option.name}={option.name}`: the number of each element "
        "within the whole data",
        (
            Label(
                node.name_span,
                f"has the {'plate' if len(plates) == 1 else 'plates'} {listed(plates)}",
            ),
        ),
    )


def coupled_rows(module: str, layer: str, sample: str, span: Span, default: Span) -> Problem:
    """Batch normalisation below a score-function sample."""
    return Problem(
        "S411",
        f"`{module}` normalises over the batch, which couples the rows below the sample `{sample}`",
        span,
        f"use a layer that treats rows apart (`nn.LayerNorm`), or keep `{module}` in eval mode",
        (Label(default, f"`{layer}` uses batch statistics in training mode"),),
        "warning",
    )


def moving_support(
    node: Sample,
    family: str,
    parameter: str,
    written: str,
    span: Span,
    place: Span,
    *,
    pathwise: bool,
) -> Problem:
    """A score function on a family whose support depends on what is learned."""
    chosen = node.method is not None and node.method.name != "Infer"
    mend = "use `Reparameterization()`" if chosen else "make every path to a cost differentiable"
    mend = f"{mend}, or cut" if pathwise else "cut"
    argument = parameter.rpartition(".")[2]
    return Problem(
        "S412",
        f"the support of `{family}` moves with `{parameter}`, "
        f"and the score of `{node.name}` is blind to that",
        span,
        f"{mend} the gradient off: `{argument}=stop_gradient({written})`",
        (Label(place, f"`{parameter}` carries a gradient"),),
    )


def fixed_parameter(
    entry: Method, family: str, parameter: str, written: str, span: Span, place: Span
) -> Problem:
    """A measure-valued derivative by the concentration of a Gamma."""
    return Problem(
        "S418",
        f"`{entry.name}` has no derivative by `{parameter}` of `{family}`",
        span,
        "use `ScoreFunction()` or `Reparameterization()`, or cut the gradient off: "
        f"`{parameter}=stop_gradient({written})`",
        (Label(place, f"`{parameter}` carries a gradient"),),
    )


def _counted(method: str, choice: Choice) -> str:
    """A call of ``method`` that draws as many values as ``choice`` asks for."""
    count = choice.constants.get("n")
    return f"{method}()" if count is None else f"{method}(n={count})"


def _origin(node: Sample, made: Construct) -> tuple[Label, ...]:
    """Where the distribution was made, unless the sample itself shows it."""
    if isinstance(node.distribution, Construct):
        return ()
    return (Label(made.span, f"the distribution of `{node.name}`"),)


def proposal_without_gradient(node: Sample, span: Span, places: tuple[Span, ...]) -> Problem:
    """A proposal that learns below a reduction whose value changes with it (LOSS.md §2)."""
    return Problem(
        "S413",
        f"no gradient flows to the proposal of `{node.name}`, though a cost changes with it",
        span,
        "to learn the proposal, sample from it and write its weights into the cost; if this is "
        "meant, put `stop_gradient(…)` around what learns in it",
        tuple(Label(s, f"`{node.plate}` is reduced here") for s in places),
        severity="warning",
    )


def joined_otherwise(node: Sample, entry: Method, span: Span, place: Span, reason: str) -> Problem:
    """A cost that is not ``slope * logmeanexp(f, over=z) + rest``."""
    other = "Reparameterization" if entry.carrier == "pathwise" else "ScoreFunction"
    return Problem(
        "S417",
        f"`{entry.name}` needs the draws of `{node.name}` joined by one "
        f"`logmeanexp(…, over={node.plate})`, times and plus what does not move with them",
        span,
        f"write the cost in that form, or use `{other}(n=…)`",
        (Label(place, reason),),
    )


def uneven_draws(node: Sample, entry: Method, span: Span, other: Sample) -> Problem:
    """A plate whose elements carry weights or know of one another."""
    return Problem(
        "S417",
        f"`{entry.name}` needs independent draws of equal weight in the plate `{node.plate}`",
        span,
        "leave out what weighs them, or use `ScoreFunction()`",
        (Label(other.name_span, "drawn otherwise"),),
    )


def lone_join(node: Sample, entry: Method, span: Span, opened: Span) -> Problem:
    """VIMCO over one draw; DoubleCV ``in`` the plate of one."""
    return Problem(
        "S409",
        f"`{entry.name}` compares the samples of `{node.plate}`, and there is only one",
        span,
        f"draw at least two of `{node.plate}` (`n=2`), or use `ScoreFunction()`",
        (Label(opened, f"opens the plate `{node.plate}` with one sample"),) if node.joins else (),
    )


def nothing_distinct(node: Sample, span: Span, places: tuple[tuple[Span, str], ...]) -> Problem:
    """`distinct` where no call can be spared."""
    return Problem(
        "S419",
        f"`distinct` saves nothing here: no call is made once for equal draws of `{node.name}`",
        span,
        "leave out `distinct`, which is for calls of modules and batched functions that depend on "
        "discrete draws and carry no gradient back",
        tuple(Label(place, obstacle) for place, obstacle in places),
        severity="warning",
    )
