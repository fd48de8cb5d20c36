"""Catalogue entry of CARMS."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import SLOT_EXACT

ENTRY = MethodEntry(
    name="CARMS",
    summary="n categorical draws that avoid one another",
    options=(Option("n", "count", 2, "coupled samples", least=2),),
    unbiased=True,
    carrier="control",
    sampling=SLOT_EXACT,
    needs=frozenset(),
    families=("Categorical", "OneHotCategorical"),
    order=1,
    in_loops="no",
    above_sequences="any",
    in_plates="no",
    mixes_own=False,
    mixes_others=True,
    samplers="none",
    formula="1/(n (n − 1)) Σ_{k≠l} r_kl (f_k − f_l) ∇ log p(x_k), "
    "r_kl = p(x_k) p(x_l) / P(x_k, x_l)",
    evaluations="n",
    prefer="categorical values, and n evaluations that can be afforded; n of 3 or more",
    reference="Dimitriev and Zhou 2021, arXiv:2110.14002",
    notes="the ratios r_kl are not clipped; with n = 2 and several classes they can be large",
    coupled=True,
    compares=True,
    control="always",
)
