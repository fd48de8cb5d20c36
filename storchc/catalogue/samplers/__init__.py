"""The catalogue of samplers: one module an entry, found through this table of names."""

from __future__ import annotations

from importlib import import_module

from storchc.catalogue.method import SamplerEntry

_MODULES = {
    "MonteCarlo": "monte_carlo",
    "Enumerate": "enumerate",
    "ImportanceSampling": "importance_sampling",
    "Antithetic": "antithetic",
    "Stratified": "stratified",
    "QuasiMonteCarlo": "quasi_monte_carlo",
    "WithoutReplacement": "without_replacement",
    "BeamSearch": "beam_search",
    "SumAndSample": "sum_and_sample",
}


def names() -> tuple[str, ...]:
    """Every sampler, in the order of the guide."""
    return tuple(_MODULES)


def lookup(name: str) -> SamplerEntry | None:
    """The entry of the sampler called ``name``, or None."""
    if name not in _MODULES:
        return None
    entry: SamplerEntry = import_module(f"{__name__}.{_MODULES[name]}").ENTRY
    return entry
