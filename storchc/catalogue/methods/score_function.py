"""Catalogue entry of the score-function estimator."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="ScoreFunction",
    summary="REINFORCE: the cost times the score, minus a baseline",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
        Option(
            "baseline",
            "word",
            "none",
            "what is subtracted from the cost; an expression makes a learned baseline",
            words=("none", "moving_average", "batch_average"),
            value=True,
        ),
        Option("decay", "number", 0.95, "of the moving average", least=0, below=1),
        Option("normalize", "flag", False, "divides the coefficient of the score by its spread"),
        Option("eps", "number", 1e-4, "added to the spread of the draws", least=0),
    ),
    unbiased=True,
    carrier="score",
    sampling=IID,
    needs=frozenset(),
    families=(),
    order=None,
    first_order_if=frozenset({"normalize"}),
    biased_if=frozenset({"normalize"}),
    in_loops="yes",
    above_sequences="any",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="any",
    formula="1/n Σ_k (f(x_k) − b_k) ∇_θ log p_θ(x_k)",
    evaluations="n",
    prefer="nothing else is possible, or the cost is not differentiable; give it a baseline",
    reference="Williams 1992, Machine Learning 8; DiCE: Foerster et al. 2018, arXiv:1802.05098; "
    "batch average: Kool et al. 2019, openreview r1lgTGL5DE; "
    "learned: Mnih and Gregor 2014, arXiv:1402.0030; "
    "normalize: Shao et al. 2024, arXiv:2402.03300",
)
