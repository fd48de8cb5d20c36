"""What the rows of methods and samplers say is what the compiler does: no more, and no less."""

from __future__ import annotations

from dataclasses import fields
from itertools import product
from pathlib import Path

import pytest

import storch_runtime.methods
import storch_runtime.samplers
from storchc.catalogue import methods, samplers
from storchc.catalogue.method import MethodEntry, SamplerEntry
from tests.catalogue.methods.legality import (
    ABOVE,
    ABOVE_NONE,
    ABOVE_ONE,
    Teller,
    can_draw,
    even,
    family,
    method,
    of_methods,
    of_samplers,
    sampler,
)

METHODS, SAMPLERS = of_methods(), of_samplers()
BASELINES = {
    "none": "none",
    "moving_average": "moving_average",
    "batch_average": "batch_average",
    "learned": "0.3 * x",
}
LEGALITY = {
    MethodEntry: (
        "in_loops",
        "above_sequences",
        "in_plates",
        "mixes_own",
        "mixes_others",
        "samplers",
        "sampling",
        "needs",
        "families",
        "order",
    ),
    SamplerEntry: ("in_loops", "in_plates", "proposal", "sampling", "weighted"),
}
every_method = pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.name)
every_sampler = pytest.mark.parametrize("entry", SAMPLERS, ids=lambda entry: entry.name)


def tell(entry: MethodEntry) -> Teller:
    return Teller(entry, family(entry))


# --- methods -----------------------------------------------------------------------------------


@every_method
def test_in_a_loop(entry: MethodEntry) -> None:
    errors = tell(entry).in_loop(method(entry))
    assert "S190" in errors if entry.in_loops == "no" else not errors


@every_method
def test_beside_another_in_a_loop(entry: MethodEntry) -> None:
    """Two whole sequences of which each chooses anew cannot stand side by side."""
    errors = tell(entry).beside_another_in_loop(method(entry))
    assert not errors if entry.in_loops == "yes" else "S190" in errors


@every_method
def test_above_sequences_of_several_samples(entry: MethodEntry) -> None:
    errors = tell(entry).above(method(entry), ABOVE)
    assert not errors if entry.above_sequences == "any" else "S190" in errors


@every_method
def test_above_a_loop(entry: MethodEntry) -> None:
    below = ABOVE_NONE if "logmeanexp" in entry.needs else ABOVE_ONE
    assert not tell(entry).above(method(entry), below)


@every_method
def test_in_the_plate_of_another(entry: MethodEntry) -> None:
    refusal = {"any": set(), "own kind": {"S433"}, "no": {"S407"}}[entry.in_plates]
    written = method(entry, counted=False)
    assert tell(entry).in_plate(written, "ScoreFunction(n=2)") == refusal


@every_method
def test_in_the_plate_of_its_own_kind(entry: MethodEntry) -> None:
    errors = tell(entry).in_plate(method(entry, counted=False), method(entry))
    assert ("S407" in errors) == (entry.in_plates == "no")
    assert not errors or entry.in_plates != "own kind"


@every_method
def test_own_plate_mixed(entry: MethodEntry) -> None:
    assert tell(entry).own_plate_mixed(method(entry)) == (set() if entry.mixes_own else {"S430"})


@every_method
def test_data_plate_mixed(entry: MethodEntry) -> None:
    errors = tell(entry).data_mixed(method(entry))
    refusals = {"S417", "S431", "S501"}  # by its form, by coordinates, by its weights
    assert not errors if entry.mixes_others else len(errors & refusals) == 1


@pytest.mark.parametrize("word", BASELINES)
@every_method
def test_baselines(entry: MethodEntry, word: str) -> None:
    written = method(entry, f"baseline={BASELINES[word]}")
    errors = tell(entry).plain(written)
    assert not errors if word in entry.baselines else errors


@pytest.mark.parametrize(
    ("entry", "chosen"),
    [(m, s) for m, s in product(METHODS, SAMPLERS) if can_draw(s, family(m))],
    ids=lambda entry: entry.name,
)
def test_samplers(entry: MethodEntry, chosen: SamplerEntry) -> None:
    teller = tell(entry)
    errors = teller.plain(method(entry, counted=False) + sampler(chosen, teller.law))
    if entry.samplers == "none":
        assert "S408" in errors
    elif entry.samplers == "own law" and chosen.proposal:
        assert "S410" in errors
    elif "logmeanexp" in entry.needs and not even(chosen):
        assert "S417" in errors
    else:
        assert not errors


# --- samplers ----------------------------------------------------------------------------------

SCORE = methods.lookup("ScoreFunction")
assert SCORE is not None
PLAIN = Teller(SCORE, "Bernoulli")


def using(entry: SamplerEntry, *, counted: bool = True) -> str:
    law = PLAIN.law
    return "ScoreFunction()" + sampler(entry, law, counted=counted)


@every_sampler
def test_a_sampler_in_a_loop(entry: SamplerEntry) -> None:
    written = using(entry).replace("* x", "* s")
    assert not PLAIN.in_loop(written)
    errors = PLAIN.beside_another_in_loop(written)
    assert not errors if entry.in_loops == "yes" else "S190" in errors


@every_sampler
def test_a_sampler_in_a_plate(entry: SamplerEntry) -> None:
    errors = PLAIN.in_plate(using(entry, counted=False), "ScoreFunction(n=2)")
    assert errors == (set() if entry.in_plates == "any" else {"S407"})


@every_sampler
def test_plates_mixed_behind_a_sampler(entry: SamplerEntry) -> None:
    own, others = PLAIN.own_plate_mixed(using(entry)), PLAIN.data_mixed(using(entry))
    assert own == (set() if entry.sampling.mixes_own else {"S430"})
    assert not others if entry.sampling.mixes_others else others & {"S501", "S507"}


@every_sampler
def test_draws_compared(entry: SamplerEntry) -> None:
    written = using(entry).replace("ScoreFunction()", "ScoreFunction(baseline=batch_average)")
    independent = entry.sampling.independent or bool(entry.method)
    assert PLAIN.plain(written) == (set() if independent else {"S435"})


# --- the rows themselves -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "question"),
    [(kind, question) for kind, named in LEGALITY.items() for question in named],
)
def test_a_row_that_does_not_say_is_no_row(kind: type, question: str) -> None:
    """Nothing stands in for an answer that a new row leaves out: the row cannot be made."""
    some = METHODS[0] if kind is MethodEntry else SAMPLERS[0]
    said = {field.name: getattr(some, field.name) for field in fields(some)}
    assert kind(**said) == some
    del said[question]
    with pytest.raises(TypeError, match=f"missing 1 required positional argument: '{question}'"):
        kind(**said)


@every_method
def test_no_row_allows_what_its_method_cannot_do(entry: MethodEntry) -> None:
    """Rules believe the row; here it is held to how the method draws and where it looks."""
    asks_below = bool(entry.looks) or entry.stops_own_score or "logmeanexp" in entry.needs
    assert entry.above_sequences == "of one sample" or not asks_below
    if (asks_below or entry.compares) and "logmeanexp" not in entry.needs:
        assert entry.in_loops == "no"  # what joins whole sequences looks at each once
    if entry.weighted or entry.coupled:
        assert entry.in_loops != "yes" and entry.in_plates != "any"
    if entry.looks or entry.compares or entry.carrier == "control":
        assert not entry.mixes_own
    assert entry.sampling.mixes_own or not entry.mixes_own
    assert entry.sampling.mixes_others or not entry.mixes_others
    assert entry.in_plates == "no" or not (entry.coupled or entry.carrier == "weights")
    assert entry.joint or (entry.in_loops != "sequences" and entry.in_plates != "own kind")
    assert entry.sampling.independent or entry.samplers == "none"


@every_sampler
def test_no_row_allows_what_its_sampler_cannot_do(entry: SamplerEntry) -> None:
    assert entry.in_plates == "no" or not (entry.coupled or entry.method)
    assert (entry.in_loops == "sequences") == entry.joint


@pytest.mark.parametrize("catalogue", [methods, samplers], ids=["methods", "samplers"])
def test_every_file_is_found_by_its_name(catalogue: object) -> None:
    folder = Path(str(catalogue.__file__)).parent  # type: ignore[attr-defined]
    stems = {file.stem.replace("_", "") for file in folder.glob("[a-z]*.py")}
    assert {name.lower() for name in catalogue.names()} == stems  # type: ignore[attr-defined]


@pytest.mark.parametrize("written", ["score_function", "scorefunction", "SCOREFUNCTION", "Score"])
def test_names_are_told_apart_by_their_letters(written: str) -> None:
    assert methods.lookup(written) is None


def test_the_runtime_has_a_class_for_every_row() -> None:
    for entry in METHODS:
        assert entry.infers or hasattr(storch_runtime.methods, entry.name), entry.name
    for chosen in SAMPLERS:
        assert chosen.method or hasattr(storch_runtime.samplers, chosen.name), chosen.name
