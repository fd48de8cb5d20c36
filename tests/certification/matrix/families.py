"""The distributions of the certification matrix, as stories write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.certification.matrix.declared import OWN, Coin, Gaussian

__all__ = ["FAMILIES", "Family"]


@dataclass(frozen=True, slots=True)
class Family:
    """``law`` of a number, ``joint`` of a vector of 2; the values that costs see of a sample.

    ``event`` is the shape of one value as a critic sees it, without the vector. ``like`` writes the
    same values in other words, where the interpreter does not know these. ``nodes``: the noise is
    integrated over the nodes of a quadrature. ``order`` of derivatives its values carry; None: any.
    ``own`` is the object of a distribution of the user's, and its flags.
    """

    law: str
    joint: str
    value: str = "z"
    values: str = "z"
    event: tuple[int, ...] = ()
    like: Family | None = None
    nodes: bool = False
    order: int | None = None
    own: tuple[Any, str] | None = None


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
    "Normal": Family("Normal({0}, exp(0.3 * ({0})))", "Normal({0}, exp(0.3 * {0}))", nodes=True),
}


# --- families that are made of others, relaxations, and those of the user -------------------------


def alike(law: str, **others: Any) -> Family:
    """The vector is written as the number is."""
    return Family(law, law, **others)


BIT, NORMAL, CLASSES = (FAMILIES[name] for name in ("Bernoulli", "Normal", "OneHotCategorical"))
TAIL = ", exp(0.3 * ({0})))"
EACH = "unsqueeze({0}, -1)"
SHARES = "Categorical(logits=({0}) * tensor([0.3, -0.8]))"
SHARES_EACH = "Categorical(logits=outer({0}, tensor([0.3, -0.8])))"
COINS = "MixtureSameFamily({}, Bernoulli(logits={} + tensor([0.2, -1.1])))"
BELLS = "MixtureSameFamily({}, Normal({} + tensor([0.2, -1.1]), 0.7))"
SOFTENED = "RelaxedOneHotCategoricalStraightThrough(0.8, "
SQUASHING = "[AffineTransform(0.1, 0.5), TanhTransform()]"
BENT = "tanh(0.1 + 0.5 * {})"
WEIGHED = "(0.9 * sigmoid({0}) - 0.4 * sigmoid(-({0})))"
TWO = "tensor([0.9, -0.4])"

FAMILIES |= {
    "MixtureSameFamily(Categorical, Bernoulli)": Family(
        COINS.format(SHARES, "({0})"), COINS.format(SHARES_EACH, EACH)
    ),
    "MixtureSameFamily(Categorical, Normal)": Family(
        BELLS.format(SHARES, "({0})"), BELLS.format(SHARES_EACH, EACH), order=1
    ),
    "Independent(Bernoulli, 1)": Family(
        "Independent(Bernoulli(logits=stack([{0}, 0.5 - ({0})])), 1)",
        "Independent(Bernoulli(logits=stack([{0}, 0.5 - {0}], dim=1)), 1)",
        "(z[0] * (1 + z[1]))",
        "(z[:, 0] * (1 + z[:, 1]))",
        (2,),
    ),
    "TransformedDistribution(Normal, [AffineTransform])": alike(
        f"TransformedDistribution(Normal({{0}}{TAIL}, [AffineTransform({{0}}, -0.7)])",
        like=alike("Normal({0} - 0.7 * ({0}), 0.7 * exp(0.3 * ({0})))"),
        nodes=True,
    ),
    "TransformedDistribution(Normal, [AffineTransform, TanhTransform])": alike(
        f"TransformedDistribution(Normal({{0}}{TAIL}, {SQUASHING})",
        like=Family(NORMAL.law, NORMAL.joint, BENT.format("z"), BENT.format("z")),
        nodes=True,
    ),
    "Delta": alike("Delta(sin({0}))", nodes=True),
    "ZeroInflated(Bernoulli)": alike("ZeroInflated(sigmoid(0.3 - ({0})), Bernoulli(logits={0}))"),
    "ZeroInflated(Normal)": alike(f"ZeroInflated(sigmoid(0.3 - ({{0}})), Normal({{0}}{TAIL})"),
    "TruncatedNormal": alike("TruncatedNormal({0}, exp(0.3 * ({0})), -1, 1.5)"),
    "LogitRelaxedBernoulli": alike(
        "LogitRelaxedBernoulli(0.8, logits={0})", value="tanh(z / 2)", values="tanh(z / 2)"
    ),
    "ExpRelaxedCategorical": Family(
        f"ExpRelaxedCategorical(0.8, logits=({{0}}) * {TWO})",
        f"ExpRelaxedCategorical(0.8, logits=outer({{0}}, {TWO}))",
        f"sum(exp(z) * {TWO})",
        f"sum(exp(z) * {TWO}, dim=1)",
        (2,),
        like=alike(
            "LogitRelaxedBernoulli(0.8, logits=1.3 * ({0}))",
            value=WEIGHED.format("z"),
            values=WEIGHED.format("z"),
        ),
    ),
    "RelaxedOneHotCategoricalStraightThrough": Family(
        CLASSES.law.replace("OneHotCategorical(", SOFTENED),
        CLASSES.joint.replace("OneHotCategorical(", SOFTENED),
        CLASSES.value,
        CLASSES.values,
        (3,),
        like=CLASSES,
    ),
    "a user's, discrete": alike(f"{OWN}({{0}})", like=BIT, own=(Coin(), "discrete")),
    "a user's, reparameterized": alike(
        f"{OWN}({{0}})", like=NORMAL, own=(Gaussian(), "reparameterized")
    ),
}
