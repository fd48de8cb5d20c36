"""Catalogue entry of RODEO."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="RODEO",
    summary="leave-one-out, and control variates of a small network with mean zero",
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
    formula="1/n Σ_k [f_k − mean_{j≠k}(f_j + α (A h_j)(b_j))] s(b_k) + β (A h'_k s)(b_k), "
    "s(b) = b − p, (A h)(b) = 1/D Σ_i P(x_i = 1 − b_i) (h(b^i) − h(b))",
    evaluations="2n, n of them with their gradient; a small network n (n − 1) (D + 1) times",
    prefer="as `DoubleCV`, where a network of its own may lower the variance further",
    reference="Shi et al. 2022, arXiv:2202.09497",
    looks="gradients",
    compares=True,
    control="always",
    learns="always",
    notes="the network, α and β learn to lower the variance, by the gradient of `method_loss`",
)
