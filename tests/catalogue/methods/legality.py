"""Small stories around one sample, for what the rows of methods and samplers allow or forbid."""

from __future__ import annotations

import storchc
from storchc.catalogue import distributions, methods, samplers
from storchc.catalogue.method import MethodEntry, SamplerEntry
from tests.catalogue.methods.stories import LAWS, SMALL, suits

STATED_ELSEWHERE = {"n", "k"}
HEADER = """story Says
plate data
input x[data]
param v[2] = tensor([0.4, -0.9])
param w[2] = tensor([0.6, -0.8])
module critic: {event} -> []
compute number = argmax(stack([x, 0 * x]))
"""
DRAW = "compute q = {law}\n{indent}sample z ~ q with {method}{plate}\n{indent}compute y = {value}\n"
IN_LOOP = """compute r = x
for t in range(2) from h = 0.1 * x:
    compute s = x + 0.1 * h
    {draw}    compute h = 0.5 * h + y
    cost c = {cost}
"""
JOINED = """for t in range(2) from h = 0.1 * x:
    compute s = x + 0.1 * h
    {draw}    compute h = 0.5 * h + y
cost c = -logmeanexp((h - 0.3) ** 2 * x, over=z)
"""
BESIDE = """for t in range(2) from h = 0.1 * x:
    compute s = x + 0.1 * h
    {draw}    compute g = {law}
    sample j ~ g with {method}
    compute h = 0.5 * h + y + {other}
    cost c = h ** 2
"""
ABOVE = """sample a ~ Bernoulli(logits=0.3 * y) with ScoreFunctionWOR(k=2)
for t in range(2) from h = y + a:
    sample b ~ Bernoulli(logits=0.3 * h) with ScoreFunctionWOR() in a
    compute h = 0.5 * h + b
cost c = h ** 2
"""
ABOVE_ONE = """for t in range(2) from h = y:
    sample b ~ Bernoulli(logits=0.3 * h) with ScoreFunctionWOR(k=2)
    compute h = 0.5 * h + b
    cost c = h ** 2
"""
ABOVE_NONE = """for t in range(2) from h = y:
    compute h = 0.5 * h + 0.1
cost c = {cost}
"""


def family(entry: MethodEntry) -> str:
    """The first family that the method can stand at."""
    return next(name for name in LAWS if suits(entry, name))


def method(entry: MethodEntry, *more: str, counted: bool = True) -> str:
    """A call of the method; without numbers of values where something else states them."""
    given = {"module": "critic", "index": "number"}
    parts = [f"{o.name}={given[o.kind]}" for o in entry.options if o.kind in given]
    return f"{entry.name}({', '.join([*parts, *_numbers(entry, counted), *more])})"


def sampler(entry: SamplerEntry, law: str, *, counted: bool = True) -> str:
    """A call of the sampler; a proposal is the distribution itself."""
    parts = [f"proposal={law}"] if entry.proposal else []
    return f" using {entry.name}({', '.join([*parts, *_numbers(entry, counted)])})"


def _numbers(entry: MethodEntry | SamplerEntry, counted: bool) -> list[str]:
    return [
        f"{option.name}={SMALL[option.name]}"
        for option in entry.options
        if option.name in SMALL
        and (option.default is None or option.name == "n")
        and (counted or option.name not in STATED_ELSEWHERE)
    ]


class Teller:
    """The stories of one method at one family."""

    def __init__(self, entry: MethodEntry, family: str) -> None:
        self.entry = entry
        self.law, self.event, self.value = LAWS[family]
        self.bound = "logmeanexp" in entry.needs
        if family == "Categorical":
            self.event = "[2]"

    def cost(self, term: str = "(y - 0.3) ** 2 * x", plate: str = "z") -> str:
        """The term, as the method wants its draws joined."""
        return f"-logmeanexp({term} - log_prob(q, z), over={plate})" if self.bound else term

    def errors(self, steps: str) -> set[str]:
        """The codes that the compiler refuses the steps with."""
        lines = HEADER.format(event=self.event).splitlines()
        declared = {"module critic": "critic", "compute number": "number"}
        unused = tuple(line for line, word in declared.items() if f"={word}" not in steps)
        text = "\n".join([line for line in lines if not line.startswith(unused)] + [steps])
        return {d.code for d in storchc.check(text=text) if d.severity == "error"}

    def draw(self, written: str, *, plate: str = "", indent: str = "") -> str:
        law = self.law.replace("x", "s") if indent else self.law
        return DRAW.format(law=law, method=written, plate=plate, value=self.value, indent=indent)

    # --- situations ------------------------------------------------------------------------------

    def in_loop(self, written: str) -> set[str]:
        draw = self.draw(written, indent="    ")
        if self.bound:  # it joins whole sequences
            return self.errors(JOINED.format(draw=draw))
        return self.errors(IN_LOOP.format(draw=draw, cost=self.cost("(h - 0.3) ** 2 * r")))

    def beside_another_in_loop(self, written: str) -> set[str]:
        draw, law = self.draw(written, indent="    "), self.law.replace("x", "s")
        other = self.value.replace("z", "j")
        return self.errors(BESIDE.format(draw=draw, law=law, method=written, other=other))

    def above(self, written: str, below: str) -> set[str]:
        cost = self.cost("(h - 0.3) ** 2 * x")
        return self.errors(self.draw(written) + below.format(cost=cost))

    def in_plate(self, written: str, opener: str) -> set[str]:
        law = self.law if opener.startswith(self.entry.name) else "Bernoulli(logits=v[0] * x)"
        drawn = f"sample o ~ {law} with {opener}\n" + self.draw(written, plate=" in o")
        used = self.value.replace("z", "o") if law == self.law else "o"
        return self.errors(f"{drawn}cost c = {self.cost(plate='o')}\ncost d = {used} * x\n")

    def own_plate_mixed(self, written: str) -> set[str]:
        cost = self.cost() if self.bound else f"logmeanexp({self.cost()}, over=z)"
        return self.errors(f"{self.draw(written)}cost c = {cost}\n")

    def data_mixed(self, written: str) -> set[str]:
        return self.errors(f"{self.draw(written)}cost c = sum(y * x, over=data) ** 2\n")

    def plain(self, written: str) -> set[str]:
        return self.errors(f"{self.draw(written)}cost c = {self.cost()}\n")


def teller(name: str) -> Teller:
    """The stories of a method."""
    entry = methods.lookup(name)
    assert entry is not None
    return Teller(entry, family(entry))


def can_draw(entry: SamplerEntry, name: str) -> bool:
    """Whether a sampler can draw from a family."""
    law = distributions.lookup(name)
    assert law is not None
    if "finite" in entry.needs and law.finite is None:
        return False
    return law.inverse or "inverse" not in entry.needs


def even(entry: SamplerEntry) -> bool:
    """Whether the draws are independent and of equal weight, or replace the method."""
    return bool(entry.method) or (entry.sampling.independent and not entry.weighted)


def of_methods() -> list[MethodEntry]:
    """Every row of a method."""
    return [entry for name in methods.names() if (entry := methods.lookup(name))]


def of_samplers() -> list[SamplerEntry]:
    """Every row of a sampler."""
    return [entry for name in samplers.names() if (entry := samplers.lookup(name))]
