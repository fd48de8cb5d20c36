"""Random samples: a distribution, a method that fits it, and a plate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log2

from tests.random_stories.writing import Event, Writer, Written, expression, leaf

BITS = 9.0  # joint outcomes of the whole story: 2 ** BITS
ELEMENTS = 32  # plate elements of a single value
QUADRATURE = 9  # nodes that the interpreter gives a Normal
FAMILIES = (
    "Bernoulli", "Mixture", "Inflated", "Bernoulli", "Pair", "Categorical", "OneHot", "Binomial",
    "OneHots", "Categoricals", "Normal",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Law:
    """A distribution expression with its outcomes and the event of its samples."""

    text: str
    family: str
    plates: frozenset[str]
    outcomes: int
    event: Event
    each: str = ""

    @property
    def drawn(self) -> str:
        """The distribution as a `sample` statement draws from it."""
        return f"{self.text} {self.each}".rstrip()

    @property
    def proposal(self) -> str:
        """A proposal for it, with a place for a value; or nothing."""
        match self.family, self.event:
            case "Bernoulli", ():
                return "Bernoulli(logits=0.5 * tanh({}))"
            case "Bernoulli", _:
                return "Bernoulli(logits=tensor([0.4, -0.7]) * sigmoid({}))"
            case "OneHotCategorical", (2,):
                return "OneHotCategorical(logits=tensor([0.4, -0.6]) * sigmoid({}))"
        return ""


def random_law(writer: Writer, depth: int) -> Law:
    """A distribution whose parameters are random expressions."""
    family = writer.pick(*FAMILIES)
    numbers = ("Bernoulli", "Binomial", "Normal", "Inflated")
    wanted: Event = () if family in numbers else (2,)
    parameter = expression(writer, wanted, depth)
    logits, plates = parameter.text, parameter.plates
    match family:
        case "Bernoulli":
            argument = writer.pick(f"logits={logits}", f"probs=sigmoid(tanh({logits}))")
            return Law(f"Bernoulli({argument})", "Bernoulli", plates, 2, ())
        case "Pair":
            return Law(f"Bernoulli(logits={logits})", "Bernoulli", plates, 4, (2,))
        case "Categorical" | "OneHot":
            return _classes(family, f"logits={logits}", plates, 2, ())
        case "OneHots" | "Categoricals":
            return _classes(family[:-1], f"logits=outer(v, {logits})", plates, 4, (2,))
        case "Mixture":
            text = f"MixtureSameFamily(Categorical(logits=v), Bernoulli(logits={logits}))"
            return Law(text, family, plates, 2, ())
        case "Inflated":
            text = f"ZeroInflated(sigmoid({logits}), Bernoulli(logits=w))"
            return Law(text, family, plates, 2, ())
        case "Normal":
            scale = writer.pick("0.8", "exp(0.3 * w)")
            return Law(f"Normal({logits}, {scale})", family, plates, QUADRATURE, ())
    return Law(f"Binomial(total_count=2, logits={logits})", family, plates, 3, ())


def _classes(
    family: str, argument: str, plates: frozenset[str], outcomes: int, batch: Event
) -> Law:
    if family == "Categorical":
        return Law(f"Categorical({argument})", family, plates, outcomes, batch)
    event = (*batch, 2)
    return Law(f"OneHotCategorical({argument})", "OneHotCategorical", plates, outcomes, event)


def sample(writer: Writer, name: str) -> None:
    """A random ``sample`` statement that the interpreter can afford."""
    law = _each(writer, _named(writer, name, random_law(writer, writer.pick(0, 1, 2))))
    joins = writer.drawn and writer.pick(*_often(writer))
    shared = writer.pick(*writer.drawn) if joins else None
    if shared is not None and _affordable(writer, law, law.plates | _plates(writer, shared), 1):
        _shared(writer, name, law, shared)
        return
    size = writer.pick(1, 1, 2, 2)
    draws = writer.pick(True, True, False) or law.family == "Normal"
    if draws and _affordable(writer, law, law.plates, size):
        _open(writer, name, law, size, _method(writer, law, size))
        writer.drawn.append(name)
        return
    if law.family == "Normal" or writer.count(law.plates) * law.outcomes > ELEMENTS:
        law = Law("Bernoulli(logits=w)", "Bernoulli", frozenset(), 2, ())
    _open(writer, name, law, law.outcomes, writer.pick("with Expect()", "with Expect(budget=100)"))


def _named(writer: Writer, name: str, law: Law) -> Law:
    """The law under a name of its own, or as it is."""
    if writer.pick(True, False, False):
        writer.lines.append(f"compute {name}_q = {law.text}")
        if law.family in ("Bernoulli", "OneHotCategorical") and len(law.event) < 2:
            writer.values.append(Written(f"{name}_q.probs", law.plates, law.event))
        law = Law(f"{name}_q", law.family, law.plates, law.outcomes, law.event)
    return law


def _each(writer: Writer, law: Law) -> Law:
    """The law, sometimes drawn for each element of a plate that it lacks."""
    lacking = [plate for plate in writer.data if plate not in law.plates]
    if not lacking or not writer.pick(True, False, False):
        return law
    plate = writer.pick(*lacking)
    return replace(law, plates=law.plates | {plate}, each=f"each {plate}")


def _plates(writer: Writer, name: str) -> frozenset[str]:
    return next(v.plates for v in writer.values if v.text == name)


def _affordable(writer: Writer, law: Law, plates: frozenset[str], size: int) -> bool:
    elements = writer.count(plates) * size
    bits = elements * log2(law.outcomes)
    if writer.bits + bits > BITS or elements > ELEMENTS:
        return False
    writer.bits += bits
    return True


def _open(writer: Writer, name: str, law: Law, size: int, method: str) -> None:
    writer.sizes[name] = size
    value = Written(name, law.plates | {name}, law.event)
    writer.define(f"sample {name} ~ {law.drawn} {method}".rstrip(), value)
    _density(writer, law, value)


def _density(writer: Writer, law: Law, value: Written) -> None:
    """Its log-probability, for the expressions to come."""
    if law.family != "Normal" and writer.pick(True, False, False):
        text = f"(0.1 * log_prob({law.text}, {value.text}))"
        writer.values.append(Written(text, value.plates))


def weighted(writer: Writer, name: str) -> None:
    """A Bernoulli along with another sample, drawn from a proposal; or any sample."""
    parameter = expression(writer, (), 0)
    law = Law(f"Bernoulli(logits={parameter.text})", "Bernoulli", parameter.plates, 2, ())
    plate = writer.pick(*writer.drawn) if writer.drawn else None
    if plate is None or not _affordable(writer, law, law.plates | _plates(writer, plate), 1):
        sample(writer, name)
        return
    sampler = f"ImportanceSampling(proposal={_proposal(writer, law)})"
    value = Written(name, law.plates | _plates(writer, plate))
    method = f"ScoreFunction() using {sampler} in {plate}"
    writer.define(f"sample {name} ~ {law.text} with {method}", value)


def _shared(writer: Writer, name: str, law: Law, plate: str) -> None:
    options = writer.pick("", "baseline=moving_average", "baseline=batch_average")
    if writer.sizes[plate] == 1:
        options = options.replace("batch", "moving")
    method, sampler = f"ScoreFunction({options})", ""
    if law.proposal and writer.pick(*_often(writer)):
        sampler = f" using ImportanceSampling(proposal={_proposal(writer, law)})"
    elif law.family == "Normal":
        method = "Reparameterization()"
    value = Written(name, law.plates | _plates(writer, plate), law.event)
    writer.define(f"sample {name} ~ {law.drawn} with {method}{sampler} in {plate}", value)


def _often(writer: Writer) -> tuple[bool, ...]:
    """Where functions have a memory, more samples join a plate, and are weighted there."""
    return (True, False) if writer.functions else (True, False, False)


def _proposal(writer: Writer, law: Law) -> str:
    value = leaf(writer, ())
    return law.proposal.format(value.text if value.plates <= law.plates else "0.6")


def _method(writer: Writer, law: Law, size: int) -> str:
    n = f"n={size}"
    if law.family == "Normal":
        return f"with Reparameterization({n})"
    match writer.pick("plain", "average", "others", "learned", "infer", "proposal", "proposal"):
        case "average":
            return f"with ScoreFunction({n}, baseline=moving_average)"
        case "others":
            baseline = "batch_average" if size > 1 else "moving_average"
            return f"with ScoreFunction({n}, baseline={baseline})"
        case "learned":
            known = [v for v in writer.values if v.plates <= law.plates and v.event == ()]
            baseline = writer.pick(*known, Written("w")).text
            return f"with ScoreFunction({n}, baseline=0.5 * {baseline} + 0.2)"
        case "infer":
            return f"with Infer({n})" if size > 1 else writer.pick("", "with Infer()")
        case "proposal" if law.proposal:
            options = writer.pick("", "", "baseline=moving_average")
            sampler = f"ImportanceSampling({n}, proposal={_proposal(writer, law)})"
            return f"with ScoreFunction({options}) using {sampler}"
    return f"with ScoreFunction({n})"
