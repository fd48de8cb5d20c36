"""Catalogue entry of memory-augmented policy optimisation."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import LINEAR_EXACT

ENTRY = MethodEntry(
    name="MAPO",
    summary="sum over a memory of the best values seen so far, sample outside of it",
    options=(
        Option("buffer_size", "count", None, "values that a memory has at most", least=1),
        Option("clip", "number", 0.0, "least weight of a memory; above 0 biased", least=0, below=1),
        Option("key", "index", "none", "whose memory each element of the plates uses"),
    ),
    unbiased=True,
    carrier="score",
    sampling=LINEAR_EXACT,
    needs=frozenset({"finite"}),
    families=(),
    order=None,
    in_loops="no",
    above_sequences="any",
    in_plates="no",
    mixes_own=False,
    mixes_others=False,
    samplers="none",
    formula="Σ_{x ∈ B} p_θ(x) f(x) ∇_θ log p_θ(x) + (1 − π_B) f(x') ∇_θ log p_θ(x'), "
    "B the memory, π_B its probability, x' a draw from the others",
    evaluations="buffer_size + 1",
    prefer="good values are rare, and worth coming back to",
    reference="Liang et al. 2018, arXiv:1807.02322",
    biased_if=frozenset({"clip"}),
    elements=("buffer_size", 1),
    notes="a memory has what earlier training passes have seen, and is saved with the module; with "
    "`clip` it weighs max(π_B, clip), which biases the gradient towards it; under `torch.compile` "
    "no memory is added: run one step with the largest key before",
    weighted=True,
    coupled=True,
    control="always",
)
