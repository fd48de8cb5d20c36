"""The catalogue of methods: one module an entry, found through this table of names."""

from __future__ import annotations

from importlib import import_module

from storchc.catalogue.method import MethodEntry

_MODULES = {
    "Reparameterization": "reparameterization",
    "ScoreFunction": "score_function",
    "Infer": "infer",
    "Expect": "expect",
    "GumbelSoftmax": "gumbel_softmax",
    "GumbelEntmax": "gumbel_entmax",
    "GumbelSparseMax": "gumbel_sparse_max",
    "ReinMax": "rein_max",
    "GumbelRao": "gumbel_rao",
    "GappedStraightThrough": "gapped_straight_through",
    "ZGR": "zgr",
    "SumAndSample": "sum_and_sample",
    "RaoBlackwellSF": "rao_blackwell_sf",
    "MAPO": "mapo",
    "LAX": "lax",
    "RELAX": "relax",
    "REBAR": "rebar",
    "MuProp": "mu_prop",
    "DoubleCV": "double_cv",
    "RODEO": "rodeo",
    "ScoreFunctionWOR": "score_function_wor",
    "UnorderedSetEstimator": "unordered_set_estimator",
    "UnorderedSetGumbelSoftmax": "unordered_set_gumbel_softmax",
    "ARM": "arm",
    "DisARM": "dis_arm",
    "ARMS": "arms",
    "CARMS": "carms",
    "ARSM": "arsm",
    "LocalExpectation": "local_expectation",
    "MeasureValued": "measure_valued",
    "VIMCO": "vimco",
    "STL": "stl",
    "DReG": "dreg",
}


def names() -> tuple[str, ...]:
    """Every method, in the order of the guide."""
    return tuple(_MODULES)


def lookup(name: str) -> MethodEntry | None:
    """The entry of the method called ``name``, or None."""
    if name not in _MODULES:
        return None
    entry: MethodEntry = import_module(f"{__name__}.{_MODULES[name]}").ENTRY
    return entry
