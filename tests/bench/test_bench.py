"""The steps that are timed against each other compute the same, and leave nothing behind."""

from __future__ import annotations

import pytest
import torch

import storchc
from tests.bench import (
    chains,
    compiling,
    discrete_vae,
    estimators,
    hidden_chains,
    introduction,
    language_model,
    sequences,
)
from tests.bench.case import Case
from tests.bench.memory import grown, kept
from tests.bench.processes import starts
from tests.bench.scaling import Growth, growths


def cases() -> list[Case]:
    groups = (introduction, discrete_vae, estimators, hidden_chains, sequences)
    found = [case for group in groups for case in group.cases(torch.float64)]
    for shared in (False, True):
        found += [build(16, shared, torch.float64) for build in (chains.normal, chains.bernoulli)]
    return found


def test_both_steps_compute_the_same() -> None:
    torch.manual_seed(0)
    assert len([case.check() for case in cases()]) == 23


def test_steps_leave_nothing_behind() -> None:
    case = chains.bernoulli(4, shared=True)
    assert grown(case.step, steps=200, warm_up=50).tensors == 0


@pytest.mark.parametrize("name", sequences.METHODS)
def test_what_sequences_keep_grows_with_their_length(name: str) -> None:
    sizes: dict[int, float] = {
        steps: kept(sequences.case(name, steps).step) for steps in (4, 16, 64)
    }
    assert Growth(name, sizes).exponent < 1.1


@pytest.mark.parametrize("kind", list(compiling.kinds()), ids=lambda kind: kind.name)
def test_stories_whose_compilation_is_timed_are_sound(kind: compiling.Kind) -> None:
    assert storchc.check(text=kind.story(kind.sizes[0])) == []


@pytest.mark.filterwarnings("ignore")  # of the package transformers
def test_a_step_is_mostly_the_users_own_functions() -> None:
    pytest.importorskip("transformers", reason="needs the package transformers")
    found = language_model.own_work("RLOO", steps=3)
    assert 0 < found.share < 0.2  # 0.05 is held on a quiet machine, below


@pytest.mark.bench
@pytest.mark.filterwarnings("ignore")
def test_a_language_model_spends_its_time_in_itself() -> None:
    pytest.importorskip("transformers", reason="needs the package transformers")
    shares = {name: language_model.own_work(name).share for name in language_model.methods()}
    assert {name: share for name, share in shares.items() if share > 0.05} == {}


@pytest.mark.bench
def test_memory_stays_flat() -> None:
    for case in list(introduction.cases())[::3]:
        found = grown(case.step)
        assert found.tensors == 0
        assert found.resident < 4 * 2**20


@pytest.mark.bench
def test_time_grows_linearly_at_most() -> None:
    found = growths()
    assert {growth.name: growth.last for growth in found if growth.last > 1.15} == {}


@pytest.mark.bench
def test_time_to_compile_grows_linearly_at_most() -> None:
    steep = {}
    for found in compiling.compilings():
        if found.unanswered is not None or found.growth.exponent > 1.2:
            steep[found.stage, found.growth.name] = found.growth.measured
    assert steep == {}


@pytest.mark.bench
def test_a_check_starts_quickly() -> None:
    found = starts()
    assert found.times.ratio("check", "bare") < 12
    assert found.long < 5
