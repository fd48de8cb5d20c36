"""The distributions of the certification matrix, as stories write them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FAMILIES", "Family"]


@dataclass(frozen=True, slots=True)
class Family:
    """``law`` of a number, ``joint`` of a vector of 2; the values that costs see of a sample.

    ``event`` is the shape of one value as a critic sees it, without the vector.
    """

    law: str
    joint: str
    value: str = "z"
    values: str = "z"
    event: tuple[int, ...] = ()


SLOPES = "tensor([0.0, 1.0, -0.5])"
WORTHS = "tensor([0.2, 1.0, -0.6])"

FAMILIES = {
    "Bernoulli": Family("Bernoulli(logits={})", "Bernoulli(logits={})"),
    "OneHotCategorical": Family(
        f"OneHotCategorical(logits=({{}}) * {SLOPES})",
        f"OneHotCategorical(logits=outer({{}}, {SLOPES}))",
        f"sum(z * {WORTHS})",
        f"sum(z * {WORTHS}, dim=1)",
        (3,),
    ),
    "Categorical": Family(
        f"Categorical(logits=({{}}) * {SLOPES})",
        f"Categorical(logits=outer({{}}, {SLOPES}))",
        f"{WORTHS}[z]",
        f"stack([{WORTHS}[z[0]], {WORTHS}[z[1]]])",
        (3,),
    ),
    "Normal": Family("Normal({0}, exp(0.3 * ({0})))", "Normal({0}, exp(0.3 * {0}))"),
}
