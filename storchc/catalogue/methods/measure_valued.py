"""Catalogue entry of measure-valued derivatives."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="MeasureValued",
    summary="the difference of the costs of two coupled values, for each parameter",
    options=(Option("n", "count", 1, "independent samples", least=1),),
    unbiased=True,
    carrier="control",
    sampling=IID,
    needs=frozenset(),
    families=(
        "Normal",
        "Poisson",
        "Exponential",
        "Gamma",
        "Bernoulli",
        "Categorical",
        "OneHotCategorical",
    ),
    order=1,
    in_loops="no",
    above_sequences="of one sample",
    in_plates="any",
    mixes_own=False,
    mixes_others=False,
    samplers="none",
    formula="1/n Σ_k Σ_d c_d (f(x_k with x_d = x_d⁺) − f(x_k with x_d = x_d⁻))",
    evaluations="n (1 + D) to n (1 + 4 D); finite families as LocalExpectation",
    prefer="few coordinates and a cost that is not differentiable",
    reference="Heidergott and Vázquez-Abad 2008; Mohamed et al. 2020, arXiv:1906.10652",
    notes="for a Gamma only the rate may learn: no pair is known for its concentration",
    looks="values",
    control="always",
    fixed=frozenset({("Gamma", "concentration")}),
)
