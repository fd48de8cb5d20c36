"""The variance of every estimator with finitely many outcomes: exact, and sampled beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from tests.certification.harness import Case, case
from tests.certification.matrix.sampling import (
    CHUNK,
    REPLICATES,
    derivatives_of_each,
    replicated,
)
from tests.certification.outcomes import enumerate_estimates

__all__ = ["PROBLEMS", "Problem", "Sampled", "exact", "sampled", "section"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One sample ``z`` of parameters ``v`` with a cost, and the methods that are compared on it.

    ``draws`` are methods whose noise is continuous: their variance is only sampled.
    """

    title: str
    parameters: tuple[float, ...]
    law: str
    cost: str
    methods: tuple[str, ...]
    draws: tuple[str, ...] = ()


PROBLEMS = {
    "bits": Problem(
        "Two Bernoulli variables, `(z0 + 2 z0 z1 - 0.4)² + z1`",
        (0.4, -0.9),
        "Bernoulli(logits=v)",
        "(z[0] + 2 * z[0] * z[1] - 0.4) ** 2 + z[1]",
        (
            "ScoreFunction(n=1)",
            "ScoreFunction(n=2)",
            "ScoreFunction(n=2, baseline=batch_average)",
            "ScoreFunction(n=3, baseline=batch_average)",
            "DisARM(n=1)",
            "ARMS(n=2)",
            "ARMS(n=3)",
            "LocalExpectation(n=1)",
            "MeasureValued(n=1)",
            "MuProp(n=1)",
            "Expect()",
        ),
        draws=("ARM(n=1)", "REBAR(learn=false)"),
    ),
    "bit": Problem(
        "One Bernoulli variable, `3 z`: where the closed forms are known",
        (0.375,),
        "Bernoulli(logits=v)",
        "3 * z[0]",
        ("ScoreFunction(n=2, baseline=batch_average)", "DisARM(n=1)", "Expect()"),
        draws=("ARM(n=1)",),
    ),
    "classes": Problem(
        "One variable of four classes, `exp(w z)` with w = (0.1, 0.9, -0.4, 0.5)",
        (0.4, -0.9, 0.1, 0.7),
        "OneHotCategorical(logits=v)",
        "exp(sum(z * tensor([0.1, 0.9, -0.4, 0.5])))",
        (
            "ScoreFunction(n=1)",
            "ScoreFunction(n=2, baseline=batch_average)",
            "ScoreFunction(n=3, baseline=batch_average)",
            "ScoreFunction(n=4, baseline=batch_average)",
            "UnorderedSetEstimator(k=1)",
            "UnorderedSetEstimator(k=2, use_baseline=false)",
            "UnorderedSetEstimator(k=2)",
            "UnorderedSetEstimator(k=3)",
            "UnorderedSetEstimator(k=4)",
            "SumAndSample(sum_size=1)",
            "SumAndSample(sum_size=2)",
            "SumAndSample(sum_size=3)",
            "SumAndSample(sum_size=4)",
            "RaoBlackwellSF(k=2)",
            "CARMS(n=3)",
            "Expect()",
        ),
        draws=(
            "ScoreFunctionWOR(k=2)",
            "ScoreFunctionWOR(k=3)",
            "ScoreFunctionWOR(k=4)",
            "ARSM(n=1)",
        ),
    ),
}


def exact(problem: str, method: str) -> float:
    """The variances of all coordinates of the gradient, summed, over all outcomes."""
    this = _story(problem, method)
    return enumerate_estimates(this.model(), this).total_variance


@dataclass(frozen=True, slots=True)
class Sampled:
    """A variance of a million estimates, and its standard error."""

    variance: float
    error: float


def sampled(problem: str, method: str, *, replicates: int = REPLICATES) -> Sampled:
    """The same by draws."""
    torch.manual_seed(0)
    this = _story(problem, method, plate=True)
    model = this.model().eval()
    leaves = replicated(this.inputs, min(CHUNK, replicates))
    chunks = [
        derivatives_of_each(model, leaves, second=False) for _ in range(max(1, replicates // CHUNK))
    ]
    gradients = torch.cat(chunks)
    squares = (gradients - gradients.mean(0)).square().sum(1)
    count = len(squares)
    return Sampled(float(squares.sum()) / (count - 1), float(squares.std()) / count**0.5)


def section() -> str:
    """The table of the page."""
    lines = [
        "## Variances",
        "",
        "Of the gradient, all coordinates summed: exact, over all outcomes, and of "
        f"{REPLICATES:,} estimates. What the papers prove of their order is asserted in",
        "`tests/certification/matrix/test_variances.py`.",
    ]
    for name, problem in PROBLEMS.items():
        lines += [
            "",
            f"{problem.title}:",
            "",
            "| method | exact | sampled |",
            "| --- | --- | --- |",
        ]
        for method in problem.methods:
            lines.append(_row(method, f"{exact(name, method):.4f}", sampled(name, method)))
        lines += [_row(method, "", sampled(name, method)) for method in problem.draws]
    return "\n".join(lines) + "\n"


def _row(method: str, truth: str, found: Sampled) -> str:
    return f"| `{method}` | {truth} | {found.variance:.3f} |"


def _story(name: str, method: str, *, plate: bool = False) -> Case:
    problem, size = PROBLEMS[name], len(PROBLEMS[name].parameters)
    header = f"plate data\ninput v[data, {size}]" if plate else f"input v[{size}]"
    steps = f"sample z ~ {problem.law} with {method}\ncost c = {problem.cost}"
    return case(f"story T\n{header}\n{steps}\n", {"v": list(problem.parameters)})


def names(problem: str) -> Sequence[str]:
    """The methods whose exact variance is known."""
    return PROBLEMS[problem].methods
