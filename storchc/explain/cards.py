"""Cards: all that the catalogues know about one of their entries, on half a screen."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.catalogue.family import Family
from storchc.catalogue.function import REQUIRED, Function
from storchc.catalogue.method import MethodEntry, Option, SamplerEntry
from storchc.catalogue.sampling import Sampling
from storchc.diagnostics.suggest import listed
from storchc.explain.text import facts

_IN_LOOPS = {
    "yes": "yes",
    "sequences": "as whole sequences, whose elements are chosen together",
    "no": "not in this version",
}
_IN_PLATES = {
    "any": "yes",
    "own kind": "of a sample with the same method",
    "no": "no: it opens a plate of its own",
}
_DRAWING = {
    "any": "open: `using` may name a sampler",
    "own law": "open: `using` may name a sampler without a proposal",
    "none": "its own: `using` is not possible",
}
_NEEDS = {
    "inverse": "a family that is drawn through uniform variables",
    "pathwise": "a family whose samples are a differentiable function of its parameters",
    "smooth": "every path from the sample to every cost differentiable",
    "finite": "finitely many outcomes",
    "logmeanexp": "costs that join the draws do so by one `logmeanexp`, times and plus what does "
    "not move with them",
}


def method_card(entry: MethodEntry) -> str:
    """The card of a gradient estimator."""
    pairs = [
        ("gradient", _bias(entry)),
        ("formula", entry.formula),
        ("evaluations", f"of the costs: {entry.evaluations}"),
        ("needs", "; ".join(_NEEDS[need] for need in sorted(entry.needs))),
        ("families", ", ".join(entry.families)),
        ("derivatives", "of any order" if entry.order is None else f"up to order {entry.order}"),
        ("drawing", _DRAWING[entry.samplers]),
        ("in loops", _IN_LOOPS[entry.in_loops]),
        ("`in` a plate", _IN_PLATES[entry.in_plates]),
        ("costs may mix", _mixed(entry)),
        ("prefer it when", entry.prefer),
        ("note", entry.notes),
        ("reference", entry.reference),
    ]
    return _card(entry.name, entry.summary, pairs) + _options(entry.options)


def sampler_card(entry: SamplerEntry) -> str:
    """The card of a sampler."""
    pairs = [
        ("weights", _weights(entry)),
        ("draws", entry.sampling.words),
        ("needs", "; ".join(_NEEDS[need] for need in sorted(entry.needs))),
        ("in loops", _IN_LOOPS[entry.in_loops]),
        ("`in` a plate", _IN_PLATES[entry.in_plates]),
        ("costs may mix", _mixed(entry.sampling)),
        ("prefer it when", entry.prefer),
        ("reference", entry.reference),
    ]
    return _card(entry.name, entry.summary, pairs) + _options(entry.options)


def family_card(entry: Family) -> str:
    """The card of a family of distributions."""
    pairs = [
        ("write", f"{entry.name}({_parameters(entry)})"),
        ("either", "; ".join(listed(group, "or") for group in entry.choices)),
        ("values", "as of what it is made of" if entry.composed else _values(entry)),
        ("gradient", "" if entry.composed else _pathwise(entry)),
        ("outcomes", "finitely many: `Expect` can enumerate them" if entry.finite else ""),
        ("properties", ", ".join(p.name for p in entry.properties)),
        ("entropy", "" if entry.entropy else "has no closed form"),
        (
            "kl_divergence",
            f"to {', '.join(sorted(entry.divergences))}" if entry.divergences else "",
        ),
        ("note", entry.caution),
        ("reference", entry.reference),
    ]
    return _card(entry.name, entry.summary, pairs)


def function_card(entry: Function) -> str:
    """The card of a function of the language."""
    pairs = [
        ("write", signature(entry)),
        ("group", entry.group),
        ("gradient", _flow(entry)),
        ("plates", "`over=` may take the place of `dim=` and reduce plates" if entry.over else ""),
    ]
    return _card(entry.name, entry.summary, pairs)


def signature(entry: Function) -> str:
    """How a function is called: ``sum(x, dim=none)``."""
    parts = [
        p.name if p.default is REQUIRED else f"{p.name}={_default(p.default)}"
        for p in entry.parameters
    ]
    return f"{entry.name}({', '.join(parts)})"


def _default(value: object) -> str:
    return "none" if value is None else _written(value)


def _flow(entry: Function) -> str:
    match entry.broken:
        case "none":
            return "flows through it"
        case "all":
            return "does not flow through it"
        case positions:
            names = [p.name for i, p in enumerate(entry.parameters) if i in positions]
            return f"does not flow through {listed(names)}"


def _parameters(entry: Family) -> str:
    chosen = {name for group in entry.choices for name in group}
    return ", ".join(
        f"{p.name}=…"
        if p.name in chosen
        else p.name
        if p.default is None
        else f"{p.name}={p.default}"
        for p in entry.parameters
    )


def _values(entry: Family) -> str:
    return f"{entry.support}, {entry.dtype}"


def _pathwise(entry: Family) -> str:
    if not entry.pathwise:
        return "not reparameterizable: values carry no gradient"
    order = "any order" if entry.pathwise_order is None else f"order {entry.pathwise_order} at most"
    bias = ", but BIASED" if entry.biased_path else ""
    return f"reparameterizable{bias}, derivatives of {order}"


def _bias(entry: MethodEntry) -> str:
    if entry.unbiased:
        options = listed(sorted(entry.biased_if), "or")
        return f"unbiased, unless {options} is set" if options else "unbiased"
    if entry.stops_own_score:
        return "BIASED, but for the stories that the note tells of"
    return "BIASED: it is the gradient of another objective than the story's"


def _weights(entry: SamplerEntry) -> str:
    if entry.sampling.attached:
        return "the probabilities of the values"
    return "of its own" if entry.weighted else "1/n"


def _mixed(says: MethodEntry | Sampling) -> str:
    """Which plates of the sample a cost may reduce with `over=` before it is made."""
    match says.mixes_own, says.mixes_others:
        case True, True:
            return "its plate, and others of the sample"
        case True, False:
            return "its plate; others of the sample only after that"
        case False, True:
            return "other plates of the sample, not its own"
        case _:
            return "no plate of the sample"


def _card(name: str, summary: str, pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"{name}: {summary}", "", *facts(pairs), ""])


def _options(options: tuple[Option, ...]) -> str:
    if not options:
        return "\n  no options\n"
    pairs = [(_setting(option), _option(option)) for option in options]
    return "\n".join(["", "  options", *facts(pairs, indent=4), ""])


def _setting(option: Option) -> str:
    if option.default is None:
        return f"{option.name} (required)"
    return f"{option.name}={_written(option.default)}"


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _option(option: Option) -> str:
    kinds = {
        "count": "an integer",
        "number": "a number",
        "flag": "true or false",
        "word": "one of " + ", ".join(option.words),
        "module": "a module of the story",
        "index": "an integer value of the story",
        "distribution": "a distribution",
    }
    kind = kinds[option.kind] + ("; or an expression of the story" if option.value else "")
    return f"{option.summary} ({kind})"
