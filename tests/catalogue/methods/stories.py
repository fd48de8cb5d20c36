"""Every method of the catalogue, at a story that suits it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from torch import nn

import storchc
from storchc.catalogue import distributions, methods
from storchc.catalogue.method import MethodEntry

SMALL = {"n": 2, "k": 2, "sum_size": 1, "sample_size": 1, "buffer_size": 2, "samples": 3}
LAWS = {
    "Bernoulli": ("Bernoulli(logits=v * x)", "[2]", "sum(z * w)"),
    "OneHotCategorical": ("OneHotCategorical(logits=v * x)", "[2]", "sum(z * w)"),
    "Categorical": ("Categorical(logits=v * x)", "[2]", "w[z]"),
    "Normal": ("Normal(sum(v) * x, 1)", "[]", "z * sum(w)"),
}
STORY = """story Every
plate data
input x[data]
param v[2] = tensor([0.4, -0.9])
param w[2] = tensor([0.6, -0.8])
module critic: {event} -> []
compute number = argmax(stack([x, 0 * x]))
compute q = {law}
sample z ~ q with {method}
compute y = {value}
cost c = {cost}
cost d = u * sum(v ** 2)
"""


@dataclass(frozen=True)
class At:
    """A method, as it is written at a family."""

    name: str
    family: str
    written: str

    @property
    def entry(self) -> MethodEntry:
        entry = methods.lookup(self.name)
        assert entry is not None
        return entry

    @property
    def text(self) -> str:
        """A story of two data elements, its cost not linear in the sample."""
        law, event, value = LAWS[self.family]
        joined = "logmeanexp" in self.entry.needs
        inner = f"(y - 0.3) ** 2 * x {'- log_prob(q, z)' if joined else ''}"
        cost = f"-logmeanexp({inner}, over=z)" if joined else inner
        text = STORY.format(
            law=law, method=self.written, value=value, cost=cost, event=_relaxed(self.family, event)
        )
        declared = {"module critic": "critic", "compute number": "number"}
        unused = tuple(line for line, word in declared.items() if word not in self.written)
        lines = [line for line in text.splitlines() if not line.startswith(unused)]
        return "\n".join(lines).replace("cost d = u * ", "cost d = 0.1 * ") + "\n"

    def model(self) -> Any:
        """The generated module, its critic small."""
        parts = {}
        if "critic" in self.written:
            size = 1 if self.family == "Normal" else 2
            parts["critic"] = nn.Sequential(_Rows(size), nn.Linear(size, 1), nn.Flatten(0))
        return _loaded(self.text)(**parts)


class _Rows(nn.Module):
    """``[N, *event]`` as ``[N, size]``."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Any) -> Any:
        return x.reshape(-1, self.size)


@cache
def _loaded(text: str) -> Any:
    return storchc.load(text=text)


def _relaxed(family: str, event: str) -> str:
    return "[2]" if family == "Categorical" else event


def every() -> list[At]:
    """Each method at each family that it can stand at."""
    found = []
    for name in methods.names():
        entry = methods.lookup(name)
        assert entry is not None
        found += [At(name, family, written(entry)) for family in LAWS if suits(entry, family)]
    return found


def written(entry: MethodEntry) -> str:
    """A call of the method with what it must be given."""
    options = []
    for option in entry.options:
        if option.kind == "module":
            options.append(f"{option.name}=critic")
        elif option.kind == "index":
            options.append(f"{option.name}=number")
        elif option.name in SMALL and (option.default is None or option.name == "n"):
            options.append(f"{option.name}={SMALL[option.name]}")
    return f"{entry.name}({', '.join(options)})"


def suits(entry: MethodEntry, family: str) -> bool:
    """Whether the method is made for the family, and the story has a path for it."""
    law = distributions.lookup(family)
    assert law is not None
    if entry.families and family not in entry.families:
        return False
    if "pathwise" in entry.needs and not law.pathwise:
        return False
    if "finite" in entry.needs and law.finite is None:
        return False
    return not ("smooth" in entry.needs and family == "Categorical")
