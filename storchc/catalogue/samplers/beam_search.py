"""Catalogue entry of beam search."""

from storchc.catalogue.method import Option, SamplerEntry
from storchc.catalogue.sampling import BIASED

ENTRY = SamplerEntry(
    name="BeamSearch",
    summary="the k most probable values, weighted by their probabilities; biased",
    options=(Option("k", "count", None, "values, the most probable ones", least=1),),
    sampling=BIASED,
    weighted=True,
    in_loops="sequences",
    in_plates="no",
    proposal=False,
    reference="Lowerre 1976, The Harpy speech recognition system",
    prefer="no variance is wanted at all, and what is outside the k values may be left out",
    needs=frozenset({"finite"}),
    elements=("k",),
    joint=True,
    coupled=True,
)
