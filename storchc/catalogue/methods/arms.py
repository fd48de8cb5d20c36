"""Catalogue entry of ARMS."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import SLOT_EXACT

ENTRY = MethodEntry(
    name="ARMS",
    summary="n binary vectors that avoid one another: DisARM for more than two",
    options=(Option("n", "count", 2, "coupled samples", least=2),),
    unbiased=True,
    carrier="control",
    sampling=SLOT_EXACT,
    needs=frozenset(),
    families=("Bernoulli",),
    order=1,
    in_loops="no",
    above_sequences="any",
    in_plates="no",
    mixes_own=False,
    mixes_others=True,
    samplers="none",
    formula="1/(n − 1) Σ_k (f_k − f̄) (b_k − p) p (1 − p) / (p − q), q = P(b_k = b_l = 1)",
    evaluations="n",
    prefer="binary vectors, and n evaluations that can be afforded",
    reference="Dimitriev and Zhou 2021, arXiv:2105.14141",
    notes="with n = 2 it is DisARM",
    coupled=True,
    compares=True,
    control="always",
)
