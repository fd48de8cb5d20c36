"""What the figures say: exact, unbiased as far as can be seen, or biased."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from statistics import NormalDist
from typing import Literal

from torch import Tensor

from storchc.certify.measuring import Asked, Measured
from storchc.records import dataclass

TOLERANCE = 1e-9
SIGMAS = 5.0

Outcome = Literal["exact", "unbiased", "biased", "not tried"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One claim: of what, which derivative (0: the value), and what became of it.

    ``error`` is the largest standard error; ``deviation`` is the largest one found, at the
    coordinate ``where``, whose true figure is ``truth``. ``admitted``: a bias that the method's own
    card tells of, which is no failure.
    """

    subject: str
    order: int
    outcome: Outcome
    note: str = ""
    deviation: float = 0.0
    error: float = 0.0
    truth: float = 0.0
    scale: float = 0.0
    where: str = ""
    admitted: str = ""

    @property
    def fails(self) -> bool:
        """Whether something claims what is not so."""
        return self.outcome == "biased" and not self.admitted

    def words(self) -> str:
        """The verdict in a line."""
        match self.outcome:
            case "exact":
                said = f"exact to {TOLERANCE:.0e}".replace("e-0", "e-")
            case "unbiased":
                said = f"unbiased within 5 standard errors of {self.error:.2g}"
            case "biased":
                more = f" ± {self.error:.2g}" if self.error else ""
                at = f" at {self.where}" if self.where else ""
                said = f"biased by {self.deviation:.3g}{more}{at}, where {self.truth:.3g} is right"
            case "not tried":
                said = "not tried"
        if self.outcome == "unbiased" and self.order:
            said += f" (the largest is {self.scale:.2g})"
        if self.admitted and self.outcome != "not tried":
            said += f"; {self.admitted}"
        if self.note:
            said += f": {self.note}" if self.outcome == "not tried" else f" ({self.note})"
        return said


def compared(
    subject: str,
    found: Measured,
    truth: Measured,
    asked: Asked,
    costs: int,
    note: str,
    admitted: str = "",
) -> list[Verdict]:
    """The verdicts on value and derivatives."""
    leaves = sum(leaf.numel() for leaf in asked.leaves.values())
    ends = [0, 1 + costs, 1 + costs + leaves, 1 + costs + 2 * leaves]
    names = [["", *[""] * costs], [*_coordinates(asked.leaves)]]
    orders = [0, 1, 2] if asked.direction is not None else [0, 1]
    verdicts = []
    for order in orders:
        part = slice(ends[order], ends[order + 1])
        if part.start == part.stop:
            continue
        where = names[min(order, 1)]
        verdicts.append(_judged(subject, order, found, truth, part, where, note, admitted))
    return verdicts


def _judged(
    subject: str,
    order: int,
    found: Measured,
    truth: Measured,
    part: slice,
    names: list[str],
    note: str,
    admitted: str,
) -> Verdict:
    got, right = found.mean[part], truth.mean[part]
    for who, figures in (("the definition", right), ("the estimate", got)):
        if not bool(figures.isfinite().all()):
            why = f"{who} is not finite everywhere here; another --seed may help"
            return Verdict(subject, order, "not tried", why)
    off = (got - right).abs()
    slack = TOLERANCE * (1 + right.abs())
    exact = found.error is None and truth.error is None
    error = _joint_error(found, truth, part, off)
    bound = slack + error * _bound(found, truth, len(off)) + _rare(found, truth, part, off)
    wrong = off > bound
    scale = float(right.abs().max())
    if not bool(wrong.any()):
        kind: Outcome = "exact" if exact else "unbiased"
        return Verdict(
            subject,
            order,
            kind,
            note,
            float(off.max()),
            float(error.max()),
            scale=scale,
            admitted=admitted,
        )
    worst = int((off / bound).argmax())
    return Verdict(
        subject, order, "biased", note, float(off[worst]), float(error[worst]),
        float(right[worst]), scale, names[worst], admitted,
    )  # fmt: skip


def _joint_error(found: Measured, truth: Measured, part: slice, like: Tensor) -> Tensor:
    """The standard error of the difference."""
    square = like.new_zeros(like.shape)
    for one in (found, truth):
        if one.error is not None:
            square = square + one.error[part] ** 2
    return square.sqrt()


def _rare(found: Measured, truth: Measured, part: slice, like: Tensor) -> Tensor:
    """What rare draws may move the means by: the second term of Bernstein's inequality.

    Where tails are heavy, the spread that was seen is less than the true one more often than not.
    """
    chance = 2 * NormalDist().cdf(-SIGMAS) / max(len(like), 1)
    total = like.new_zeros(like.shape)
    for one in (found, truth):
        if one.largest is not None:
            total = total + one.largest[part] * log(2 / chance) / (3 * one.count)
    return total


def _bound(found: Measured, truth: Measured, coordinates: int) -> float:
    """How many standard errors: 5, and more where there are many coordinates or few batches."""
    batches = min((m.batches for m in (found, truth) if m.error is not None), default=0)
    if not batches:
        return 0.0
    chance = 2 * NormalDist().cdf(-SIGMAS) / max(coordinates, 1)
    return _student(-NormalDist().inv_cdf(chance / 2), batches - 1)


def _student(z: float, freedom: int) -> float:
    """The quantile of Student's t to a normal one: Cornish and Fisher's expansion."""
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _coordinates(leaves: Mapping[str, Tensor]) -> list[str]:
    """A name for each coordinate: ``w[1, 0]``."""
    found = []
    for name, leaf in leaves.items():
        for place in range(leaf.numel()):
            index, rest = [], place
            for size in reversed(leaf.shape):
                index.append(rest % size)
                rest //= size
            found.append(f"{name}[{', '.join(map(str, reversed(index)))}]" if index else name)
    return found
