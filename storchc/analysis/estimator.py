"""The estimator of one sample: what stands there, whoever chose it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from storchc.catalogue.method import InPlates, MethodEntry, SamplerEntry
from storchc.catalogue.sampling import IID, Sampling
from storchc.ir.expression import Construct, Named, Value
from storchc.ir.nodes import ModuleOption
from storchc.records import dataclass
from storchc.source import Span

Constant = int | float | bool | str | None | ModuleOption
Carrier = Literal["score", "pathwise", "weights", "control"]
Values = Mapping[str, Value | Construct | Named]


@dataclass(frozen=True, slots=True)
class Estimator:
    """The estimator of one sample, as the generated module will use it.

    ``name`` is the runtime class; ``entry`` is None for a method of the user's. ``constants`` are
    its options, defaults left out; ``values`` are story expressions. ``count`` is the number of
    elements of its plate, ``budget`` of an enumeration. ``why`` says why it stands here.
    ``biased_path``: the family's own pathwise gradient, which it takes, is biased.
    """

    name: str
    entry: MethodEntry | None
    carrier: Carrier
    constants: Mapping[str, Constant]
    values: Values
    sampler: SamplerEntry | None
    sampler_constants: Mapping[str, Constant]
    sampler_values: Values
    count: int
    budget: int | None
    order: int | None
    why: str
    span: Span
    biased_path: bool = False

    @property
    def weighted(self) -> bool:
        """Whether its draws carry weights of their own: ratios, or shares of a set."""
        if self.sampler is not None and self.sampler.weighted:
            return True
        return self.entry is not None and self.entry.weighted

    @property
    def sampling(self) -> Sampling:
        """How its draws depend on one another."""
        if self.sampler is not None:
            return self.sampler.sampling
        return IID if self.entry is None else self.entry.sampling

    @property
    def in_plates(self) -> InPlates:
        """In whose plates it may stand: the sampler says it where there is one."""
        chosen = self.entry if self.sampler is None else self.sampler
        return "any" if chosen is None else chosen.in_plates

    @property
    def mixes_own(self) -> bool:
        """Whether a cost may mix its plate; a method of the user's is taken to allow it."""
        return self.sampling.mixes_own and (self.entry is None or self.entry.mixes_own)

    @property
    def looks(self) -> bool:
        """Whether it evaluates what is downstream elsewhere, at values that were not drawn."""
        return self.entry is not None and self.entry.looks != ""

    @property
    def even(self) -> bool:
        """Whether its draws are independent and weigh 1/n each."""
        return self.sampling.independent and not self.weighted

    @property
    def joint(self) -> bool:
        """Whether draws are chosen together, and anew by what joins them: steps of a loop too."""
        return any(part is not None and part.joint for part in (self.entry, self.sampler))

    @property
    def controlled(self) -> bool:
        """Whether it has a control variate; a method of the user's may have one."""
        if self.entry is None or self.baseline != "none" or self.constants.get("normalize"):
            return True
        return self._switched(self.entry, self.entry.control)

    @property
    def averages(self) -> bool:
        """Whether it takes averages over the elements that count."""
        kept = self.baseline in ("learned", "moving_average")
        return kept or self.constants.get("normalize") is True

    @property
    def trains(self) -> bool:
        """Whether it trains parameters of its own; a method of the user's may."""
        if self.entry is None or "baseline" in self.values:
            return True
        return self._switched(self.entry, self.entry.learns)

    def _switched(self, entry: MethodEntry, flag: str) -> bool:
        """Whether a flag, or `always`, is on."""
        if flag in ("", "always"):
            return flag == "always"
        default = next(o.default for o in entry.options if o.name == flag)
        return bool(self.constants.get(flag, default))

    @property
    def distinct(self) -> bool:
        """Whether what is downstream is to be computed once for each distinct value."""
        return self.sampler_constants.get("distinct") is True

    @property
    def unbiased(self) -> bool:
        """Whether its expected gradient is the true one, with the options that it has."""
        if self.sampling.exact == "no" or self.biased_path:
            return False
        if self.entry is None:
            return True
        usual = {option.name: option.default for option in self.entry.options}
        changed = {k for k, v in self.constants.items() if v != usual.get(k)}
        return self.entry.unbiased and not changed & self.entry.biased_if

    @property
    def enumerated(self) -> bool:
        """Whether it evaluates its whole support, each value with its probability."""
        return self.carrier == "weights"

    @property
    def baseline(self) -> Constant:
        """The baseline of a score function: a word, or ``"learned"``."""
        return "learned" if "baseline" in self.values else self.constants.get("baseline", "none")
