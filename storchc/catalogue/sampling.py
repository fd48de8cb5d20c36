"""The sampling classes: how draws depend on one another, and what that lets costs do with them.

The table of LOSS.md §3, a row a class. Rules read the fields, never which class it is.
"""

from __future__ import annotations

from typing import Literal

from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the elements of a sample plate depend on one another.

    ``exact`` says what is right: ``each`` element by itself, only ``sums`` over all of them with
    their weights, or ``no``: biased. ``independent`` draws can be each other's baselines
    (leave-one-out over their plate). ``mixes_own`` says that a cost may reduce the plate before
    anything nonlinear, ``mixes_others`` that it may reduce other plates of the sample while the
    plate is still there. The weights of ``attached`` ones are probabilities that keep their
    gradient. ``words`` are for cards.
    """

    name: str
    exact: Literal["each", "sums", "no"]
    independent: bool
    mixes_own: bool
    mixes_others: bool
    attached: bool
    words: str


IID = Sampling(
    "iid",
    exact="each",
    independent=True,
    mixes_own=True,
    mixes_others=True,
    attached=False,
    words="",
)
"""Independent draws, also with importance weights: those of other elements multiply."""

SLOT_EXACT = Sampling(
    "slot-exact",
    exact="each",
    independent=False,
    mixes_own=False,
    mixes_others=True,
    attached=False,
    words="depend on one another, each exact by itself",
)
"""Draws that know of one another, each with the distribution of a single one."""

LINEAR_EXACT = Sampling(
    "linear-exact",
    exact="sums",
    independent=False,
    mixes_own=False,
    mixes_others=False,
    attached=False,
    words="depend on one another, right for sums over all of them",
)
"""Draws of which only weighted sums are right."""

ENUMERATED = Sampling(
    "enumerated",
    exact="sums",
    independent=False,
    mixes_own=True,
    mixes_others=False,
    attached=True,
    words="",
)
"""No draws: every value, weighted by its probability."""

BIASED = Sampling(
    "biased",
    exact="no",
    independent=False,
    mixes_own=False,
    mixes_others=False,
    attached=False,
    words="",
)
"""Values that leave others out."""
