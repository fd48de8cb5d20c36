"""Catalogue entry of the exact expectation."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import ENUMERATED

ENTRY = MethodEntry(
    name="Expect",
    summary="the exact expectation, by enumerating the support",
    options=(Option("budget", "count", 10000, "configurations evaluated at most", least=1),),
    unbiased=True,
    carrier="weights",
    sampling=ENUMERATED,
    needs=frozenset({"finite"}),
    families=(),
    order=None,
    in_loops="yes",
    above_sequences="any",
    in_plates="no",
    mixes_own=True,
    mixes_others=False,
    samplers="none",
    formula="Σ_x p_θ(x) f(x)",
    evaluations="the size of the joint support of the event; of each factor where costs separate",
    prefer="the support is small: no variance at all",
    reference="Obermeyer et al. 2019, arXiv:1902.03210",
)
