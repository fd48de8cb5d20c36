"""Catalogue entry of the exact expectation."""

from storchc.catalogue.method import MethodEntry, Option

ENTRY = MethodEntry(
    name="Expect",
    summary="the exact expectation, by enumerating the support",
    options=(Option("budget", "count", 10000, "configurations evaluated at most", least=1),),
    unbiased=True,
    carrier="weights",
    sampling="enumerated",
    needs=frozenset({"finite"}),
    families=(),
    order=None,
    open_drawing=False,
    formula="Σ_x p_θ(x) f(x)",
    evaluations="the size of the joint support of the event; of each factor where costs separate",
    prefer="the support is small: no variance at all",
    reference="Obermeyer et al. 2019, arXiv:1902.03210",
)
