"""The form of an entry in the catalogues of methods and samplers."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from storchc.catalogue.sampling import Sampling
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

InPlates = Literal["any", "own kind", "no"]


@dataclass(frozen=True, slots=True)
class MethodEntry:
    """A gradient estimator.

    ``carrier`` says where its gradient lives: ``score`` (a log-probability ``l``), ``pathwise``
    (through the value), ``weights`` (enumerated), ``control`` (all of it in the control variate).
    ``families`` names the families it can stand at (empty: any); ``needs`` are further demands:
    ``pathwise`` (a reparameterizable family; that of a discrete one is biased, and taken where
    ``discrete_paths`` says so), ``smooth`` (every path to every cost differentiable), ``finite``
    (finitely many outcomes), ``logmeanexp`` (every cost joins its draws that way, which are
    independent and weigh alike). ``order`` is the highest derivative that is right (None: any);
    with one of the flags ``first_order_if`` it is the first. ``unbiased`` holds unless an option
    of ``biased_if`` differs from its default.

    What it may do, each said in every row (a rule reads it):

    * ``in_loops``: ``yes``, ``no``, or as whole ``sequences`` whose elements are chosen together,
      anew in every step;
    * ``above_sequences``: whether it may stand above ``any`` such sequences, or only above those
      of one sample: at other values several would have to be chosen anew one after another;
    * ``in_plates``: whether it may stand ``in`` the plate of ``any`` other sample, only in one
      that its ``own kind`` has opened, or in ``no`` plate but its own;
    * ``mixes_own``: whether a cost may mix the plate that it opens; ``mixes_others``: whether one
      may mix other plates of the sample while that plate is still there;
    * ``samplers``: ``any``, those that draw from the distribution itself (its ``own law``), or
      ``none``: it draws by itself;
    * which baselines it takes is what its option ``baseline`` says: ``baselines``.

    ``elements`` names the options that add up to the number of elements of its plate. ``weighted``
    says that its draws carry weights of their own, ``joint`` that they are chosen together.
    Further samples may join them, unless they are ``coupled``. ``looks`` says what the method
    evaluates at points that were not drawn: the costs' ``values`` or their ``gradients`` too;
    it changes one coordinate at a time where it does not mix others. ``relies``: it is right only
    where the gradients are those of what is expected.
    ``compares`` says that a control variate compares the elements of its plate. ``control`` and
    ``learns`` name the flag with which the method has a control variate, and trains parameters of
    its own (``always``: it does without one). ``stops_own_score`` says that no gradient goes to
    the parameters in the log-probability of a draw under its own distribution; ``fixed`` are
    parameters, behind their family, that the method cannot learn. One that ``infers`` is none by
    itself: it chooses the first of two where that is right, else the second with a baseline.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    unbiased: bool
    carrier: Literal["score", "pathwise", "weights", "control"]
    sampling: Sampling
    needs: frozenset[Literal["pathwise", "smooth", "finite", "logmeanexp"]]
    families: tuple[str, ...]
    order: int | None
    in_loops: Literal["yes", "sequences", "no"]
    above_sequences: Literal["any", "of one sample"]
    in_plates: InPlates
    mixes_own: bool
    mixes_others: bool
    samplers: Literal["any", "own law", "none"]
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
    relies: bool = False
    compares: bool = False
    control: str = ""
    learns: str = ""
    fixed: frozenset[tuple[str, str]] = frozenset()
    stops_own_score: bool = False
    discrete_paths: bool = False
    infers: tuple[str, ...] = ()

    @property
    def indices(self) -> frozenset[str]:
        """The options that are one number for each element of the plates."""
        return frozenset(option.name for option in self.options if option.kind == "index")

    @property
    def baselines(self) -> tuple[str, ...]:
        """The words that ``baseline=`` takes; ``learned`` stands for an expression."""
        option = next((o for o in self.options if o.name == "baseline"), None)
        if option is None:
            return ()
        return (*option.words, "learned") if option.value else option.words


@dataclass(frozen=True, slots=True)
class SamplerEntry:
    """A way of drawing, for methods that leave it open.

    ``needs``: ``finite`` (finitely many outcomes), ``inverse`` (a family that is drawn through
    uniform variables). ``in_loops``, ``in_plates``, ``joint`` and ``coupled`` are as of a method,
    ``sampling`` says which plates of its draws a cost may mix. A ``proposal`` says that it draws
    from another distribution than the sample's; ``method`` names the one that it puts in the
    place of any other.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    sampling: Sampling
    weighted: bool
    in_loops: Literal["yes", "sequences"]
    in_plates: InPlates
    proposal: bool
    reference: str
    prefer: str
    needs: frozenset[Literal["finite", "inverse"]] = field(default_factory=frozenset)
    joint: bool = False
    coupled: bool = False
    elements: tuple[str | int, ...] = ("n",)
    method: str = ""
