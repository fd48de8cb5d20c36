"""``storchc explain`` and the catalogues."""

from pathlib import Path

import pytest

from storchc.catalogue import distributions, functions, methods, samplers
from storchc.explain import words as house
from storchc.explain.lookup import OF_DISTRIBUTIONS
from tests.commands.conftest import Run

EXPLAINED = Path(__file__).parent / "explained"
CATALOGUES = {
    "methods": methods,
    "samplers": samplers,
    "distributions": distributions,
    "functions": functions,
}


@pytest.mark.parametrize("kind", CATALOGUES)
def test_catalogues_list_everything(run: Run, kind: str) -> None:
    outcome = run(kind)
    listed = [line.split()[0] for line in outcome.out.splitlines()[1:]]
    assert outcome.status == 0
    assert [name for name in listed if name not in OF_DISTRIBUTIONS] == list(
        CATALOGUES[kind].names()
    )


@pytest.mark.parametrize("kind", CATALOGUES)
def test_every_entry_has_a_card(run: Run, kind: str) -> None:
    for name in CATALOGUES[kind].names():
        outcome = run("explain", name)
        assert (outcome.status, outcome.err) == (0, "")
        assert outcome.out.startswith(f"{name}: ")


def test_a_biased_method_is_called_so(run: Run) -> None:
    assert "BIASED" in run("explain", "GumbelSoftmax").out
    assert "BIASED" not in run("explain", "ScoreFunction").out


def test_an_option_that_biases_is_told(run: Run, tmp_path: Path) -> None:
    assert "unbiased, unless `clip` is set" in run("explain", "MAPO").out
    text = """story Memory
param v[2] = zeros()
sample z ~ Bernoulli(logits=v) with MAPO(buffer_size=2{})
cost c = (sum(z) - 1) ** 2
"""
    file = tmp_path / "memory.story"
    for options, words in {"": "", ", clip=0.0": "", ", clip=0.1": "MAPO with `clip`"}.items():
        file.write_text(text.format(options))
        out = run("explain", str(file)).out
        assert ("BIASED" in out) == bool(words)
        assert words in out


BIASED = [
    ("ScoreFunction() using BeamSearch(k=2)", "BeamSearch", "it leaves out every value"),
    ("ScoreFunctionWOR(k=2, biased=true)", "ScoreFunctionWOR", "with `biased` is biased"),
    ("UnorderedSetGumbelSoftmax(k=2)", "UnorderedSetGumbelSoftmax", "another objective"),
]


@pytest.mark.parametrize(("method", "blamed", "why"), BIASED)
def test_a_story_says_what_makes_it_biased(
    run: Run, tmp_path: Path, method: str, blamed: str, why: str
) -> None:
    story = tmp_path / "biased.story"
    text = "story T\ninput v[3]\nsample z ~ OneHotCategorical(logits=v) with {}\ncost c = z[0]\n"
    story.write_text(text.format(method))
    words = " ".join(run("explain", str(story)).out.split())
    assert f"because of `z` ({blamed})" in words
    assert "gradient BIASED" in words and why in words
    story.write_text(text.format("ScoreFunctionWOR(k=2, biased=false)"))
    assert "BIASED" not in run("explain", str(story)).out


@pytest.mark.parametrize("code", ["S110", "s110"])
def test_a_code(run: Run, code: str) -> None:
    out = run("explain", code).out
    assert out.startswith("S110: ")
    assert "```" not in out


ELSEWHERE = {
    "REINFORCE": ("here it is `ScoreFunction()`", "\nScoreFunction: "),
    "RLOO": ("which is leave-one-out", "\nScoreFunction: "),
    "LOO": ("which is leave-one-out", "\nScoreFunction: "),
    "GRPO": ("baseline=batch_average, normalize=true", "\nScoreFunction: "),
    "Leave One-Out": ("which is leave-one-out", "\nScoreFunction: "),
    "elbo": ("`cost kl = kl_divergence(q, p)`",),
    "ELBO": ("`cost kl = kl_divergence(q, p)`",),
    "Gaussian": ("here it is `Normal`", "\nNormal: "),
    "straight-through": ("\nReinMax: ", "\nZGR: "),
    "reward": ("here `cost`, what the story pays",),
    "critic": ("here it is `c_phi`",),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_others_call_things(run: Run, name: str) -> None:
    outcome = run("explain", name)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(f"{name}: ")
    assert all(words in outcome.out for words in ELSEWHERE[name])


def test_the_words_of_the_documentation(run: Run) -> None:
    assert run("explain", "plate").out == (
        "plate: a named dimension whose elements are conditionally independent\n\n"
        "  not  batch dimension, axis\n"
    )
    assert {"story", "data plate", "log_prob", "k", "diagnostic"} <= {
        name for word in house.words() for name in word.names
    }
    for name in (name for word in house.words() for name in word.names):
        outcome = run("explain", name)
        assert (outcome.status, outcome.err) == (0, "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("decay", "decay: an option\n\n  of the moving average  ScoreFunction\n"),
        ("batch_average", "batch_average: a word for an option\n\n  baseline  ScoreFunction"),
    ],
)
def test_options_and_their_words(run: Run, name: str, said: str) -> None:
    assert said in run("explain", name).out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ScoreFuntion", "Did you mean `ScoreFunction`?"),
        ("scorefunction", "Did you mean `ScoreFunction`?"),
        ("S999", "There is no diagnostic S999."),
        ("xyzzyx", "There is nothing called `xyzzyx`"),
    ],
)
def test_unknown_names(run: Run, name: str, words: str) -> None:
    outcome = run("explain", name)
    assert (outcome.status, outcome.out) == (2, "")
    assert words in outcome.err


def test_a_story_that_is_not_there(run: Run) -> None:
    outcome = run("explain", "nowhere.story")
    assert outcome.status == 2
    assert "cannot read `nowhere.story`" in outcome.err


def test_a_wrong_story(run: Run) -> None:
    outcome = run("explain", "-", stdin=b"story X\ncost c = (z\n")
    assert (outcome.status, outcome.out) == (1, "")
    assert "error[S106]" in outcome.err


@pytest.mark.parametrize("name", OF_DISTRIBUTIONS)
def test_functions_of_distributions(run: Run, name: str) -> None:
    assert f"\n{name} " in run("functions").out
    assert run("explain", name).out.startswith(f"{name}: ")


@pytest.mark.parametrize("story", sorted(EXPLAINED.glob("*.story")), ids=lambda story: story.stem)
def test_stories(run: Run, story: Path, request: pytest.FixtureRequest) -> None:
    outcome = run("explain", str(story))
    assert (outcome.status, outcome.err) == (0, "")
    expected = story.with_suffix(".txt")
    if request.config.getoption("--accept"):
        expected.write_text(outcome.out, encoding="utf-8")
    assert outcome.out == expected.read_text(encoding="utf-8")


def test_a_cost_behind_a_cut_is_not_called_exact(run: Run, tmp_path: Path) -> None:
    story = tmp_path / "wake.story"
    story.write_text(
        "story Wake\nparam m = 0.1\nparam q = 0.2\n"
        "sample z ~ Normal(m, 1) with Reparameterization(n=4)\n"
        "cost wake = -log_prob(Normal(q, 1), stop_gradient(z))\ncost c = z ** 2\n"
    )
    out = run("explain", str(story)).out
    assert "depends on    `z` behind `stop_gradient` alone, which earns no credit" in out
    assert "no sample: it is exact" not in out


OWNERS = """
story T
plate data
input x[data, 2]
module actor: [2] -> [3]
module trunk: [2] -> [4]
module value: [4] -> []
compute h = trunk(x)
sample a ~ Categorical(logits=actor(x)) with ScoreFunction(baseline=value(h) + actor(x)[0])
cost c = (a - 0.7) ** 2 * x[0]
"""


def test_it_lists_what_a_baseline_trains_and_holds(run: Run, tmp_path: Path) -> None:
    story = tmp_path / "owners.story"
    story.write_text(OWNERS)
    words = " ".join(run("explain", str(story)).out.split())
    assert "trains `trunk` and `value` (`model.method_parameters()`)" in words
    assert "holds fixed `actor`, which the model uses too" in words
