"""Catalogue entry of enumeration."""

from storchc.catalogue.method import Option, SamplerEntry
from storchc.catalogue.sampling import ENUMERATED

ENTRY = SamplerEntry(
    name="Enumerate",
    summary="every value with its probability, whatever the method: as `Expect`",
    options=(Option("budget", "count", 10000, "configurations evaluated at most", least=1),),
    sampling=ENUMERATED,
    weighted=False,
    in_loops="yes",
    in_plates="no",
    proposal=False,
    reference="Obermeyer et al. 2019, arXiv:1902.03210",
    prefer="the support is small: no variance at all",
    needs=frozenset({"finite"}),
    method="Expect",
)
