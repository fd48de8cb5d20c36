"""Catalogue entry of ARSM."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="ARSM",
    summary="the costs where any two classes exchange their noise: ARM for more than two",
    options=(Option("n", "count", 1, "independent samples", least=1),),
    unbiased=True,
    carrier="control",
    sampling=IID,
    needs=frozenset(),
    families=("Categorical", "OneHotCategorical"),
    order=1,
    in_loops="no",
    above_sequences="of one sample",
    in_plates="any",
    mixes_own=False,
    mixes_others=True,
    samplers="none",
    formula="1/n Σ_k Σ_j (f(z^{m⇌j}) − f̄_j) (1/C − ϖ_j) in logit m, z = argmin_i ϖ_i / p_i",
    evaluations="n (1 + C (C − 1)/2)",
    prefer="long vectors of few classes: its evaluations do not grow with their length",
    reference="Yin, Yue and Zhou 2019, arXiv:1905.01413",
    notes="the exchanged values lie in no plate: the plate has n elements",
    looks="values",
    control="always",
)
