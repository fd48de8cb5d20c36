"""The form of an entry in the catalogues of methods and samplers."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from storchc.records import dataclass

OptionKind = Literal[
    "count",  # an integer constant, at least ``least``
    "number",  # a float constant; a story value too where ``value`` is True
    "flag",  # true or false
    "word",  # one of ``words``; a story value too where ``value`` is True
    "module",  # a module of the user's
    "index",  # an integer value of the story, within the sample's plates
    "distribution",  # a distribution expression
]


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a method or sampler. ``default`` None means that it must be given.

    A count is a ``multiple`` of that number.
    """

    name: str
    kind: OptionKind
    default: int | float | bool | str | None
    summary: str
    words: tuple[str, ...] = ()
    value: bool = False
    least: float = 0
    below: float | None = None
    multiple: int = 1


DISTINCT = Option(
    "distinct",
    "flag",
    False,
    "calls that depend on the draws are made once for each distinct row of their arguments",
)
"""An option of every sampler with replacement."""

SamplingClass = Literal["iid", "slot-exact", "linear-exact", "enumerated", "biased"]


@dataclass(frozen=True, slots=True)
class MethodEntry:
    """A gradient estimator.

    ``carrier`` says where its gradient lives: ``score`` (a log-probability ``l``), ``pathwise``
    (through the value), ``weights`` (enumerated), ``control`` (all of it in the control variate).
    ``families`` names the families it can stand at (empty: any); ``needs`` are further demands:
    ``pathwise`` (a reparameterizable family), ``smooth`` (every path to every cost differentiable),
    ``finite`` (finitely many outcomes), ``logmeanexp`` (every cost joins its draws that way).
    ``order`` is the highest derivative that is right (None: any); with one of the flags
    ``first_order_if`` it is the first. ``unbiased`` holds unless an option of ``biased_if`` differs
    from its default.

    ``elements`` names the options that add up to the number of elements of its plate. ``weighted``
    says that its draws carry weights of their own, ``joint`` that they are chosen together, so that
    in a loop they are whole sequences, chosen anew in every step. Further samples may join them,
    unless they are ``coupled``: such draws need a plate of their own. ``looks`` says what the
    method evaluates at points that were not drawn: the costs' ``values`` or their ``gradients``
    too; ``swaps`` whether such a point differs in the whole value or in one coordinate; ``relies``
    that it is right only where the gradients are those of what is expected. ``compares`` says that
    a control variate compares the elements of its plate. ``control`` and ``learns`` name the flag
    with which the method has a control variate, and trains parameters of its own (``always``: it
    does without one). ``stops_own_score`` says that no gradient goes to the parameters in the
    log-probability of a draw under its own distribution; ``fixed`` are parameters, behind their
    family, that the method cannot learn.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    unbiased: bool
    carrier: Literal["score", "pathwise", "weights", "control"]
    sampling: SamplingClass
    needs: frozenset[Literal["pathwise", "smooth", "finite", "logmeanexp"]]
    families: tuple[str, ...]
    order: int | None
    open_drawing: bool
    formula: str
    evaluations: str
    prefer: str
    reference: str
    relaxed: bool = False
    first_order_if: frozenset[str] = frozenset()
    biased_if: frozenset[str] = frozenset()
    elements: tuple[str | int, ...] = ("n",)
    notes: str = ""
    weighted: bool = False
    joint: bool = False
    coupled: bool = False
    looks: Literal["", "values", "gradients"] = ""
    swaps: Literal["whole", "coordinate"] = "whole"
    relies: bool = False
    compares: bool = False
    control: str = ""
    learns: str = ""
    fixed: frozenset[tuple[str, str]] = frozenset()
    stops_own_score: bool = False

    @property
    def indices(self) -> frozenset[str]:
        """The options that are one number for each element of the plates."""
        return frozenset(option.name for option in self.options if option.kind == "index")

    @property
    def opens_only(self) -> bool:
        """Whether it must open a plate of its own and cannot stand ``in`` another."""
        return self.carrier == "weights" or self.coupled


@dataclass(frozen=True, slots=True)
class SamplerEntry:
    """A way of drawing, for methods that leave it open.

    ``needs``: ``finite`` (finitely many outcomes), ``inverse`` (a family that is drawn through
    uniform variables). ``joint`` and ``coupled`` are as of a method.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    sampling: SamplingClass
    weighted: bool
    reference: str
    prefer: str
    needs: frozenset[Literal["finite", "inverse"]] = field(default_factory=frozenset)
    joint: bool = False
    coupled: bool = False
    elements: tuple[str | int, ...] = ("n",)
