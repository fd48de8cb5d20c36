"""Catalogue entry of the double control variates."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="DoubleCV",
    summary="leave-one-out, and the cost linearised at the other draws",
    options=(Option("n", "count", 2, "independent samples", least=2),),
    unbiased=True,
    carrier="score",
    sampling=IID,
    needs=frozenset({"smooth"}),
    families=("Bernoulli",),
    order=1,
    in_loops="no",
    above_sequences="of one sample",
    in_plates="any",
    mixes_own=False,
    mixes_others=True,
    samplers="none",
    formula="1/n Σ_k [f_k + h_k − mean_{j≠k}(f_j + h_j)] ∇_θ log p_θ(b_k) − α g_kᵀ ∇_θ p, "
    "h_k = α (b_k − p)ᵀ g_k, g_k = mean_{j≠k} f'(b_j)",
    evaluations="2n, n of them with their gradient",
    prefer="values are bits, the cost is smooth, and there are several draws to compare",
    reference="Titsias and Shi 2022, arXiv:2111.05300",
    looks="gradients",
    compares=True,
    control="always",
    learns="always",
    notes="α starts at 0, where it is leave-one-out, and learns to lower the variance, by the "
    "gradient of `method_loss`",
)
