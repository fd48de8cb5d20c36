"""`Expect` in the loops of random stories, summed out or listed, against the exact interpreter."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import note

from storchc.analysis.estimation import Estimation
from storchc.driver import compile_story
from tests.certification.chains.sums import certify_sums
from tests.certification.harness import case
from tests.exact.interpreter import TooManyWorlds
from tests.random_stories.loops import loop_stories
from tests.random_stories.memory import keepers, watched
from tests.random_stories.running import on_each
from tests.random_stories.strategies import RandomStory

_DRAWN = re.compile(r"^( +sample z ~ .*) with ScoreFunction\(.*\)$", re.MULTILINE)
_STOP = re.compile(r"\n    stop when .*")
_STATE = re.compile(r"^    compute h = .*$", re.MULTILINE)


def compare(story: RandomStory, seen: Counter[str], *, forgets: bool) -> None:
    """Certify a story with the sample of its loop enumerated, or count why it was not.

    ``forgets``: the state of the loop is a function of the last value, and the loop does not stop.
    """
    text = _DRAWN.sub(r"\1 with Expect(budget=100)", story.text)
    text = text.replace(", over=z)", ")")
    if forgets:
        text = _STOP.sub("", text).replace("sum(sequence(alive))", "0.3")
        text = _STATE.sub(lambda state: _forgetting(text, state.start()), text)
    note(f"{text}\n{story.inputs}")
    result = compile_story("random.story", text.encode())
    estimation = result.estimation
    if result.failed or estimation is None:
        seen.update({d.code for d in result.diagnostics if d.severity == "error"})
        seen["refused"] += 1
    elif "Expect(budget" not in text or _told_apart(estimation):
        seen["other"] += 1
    else:
        try:
            functions = keepers(text)
            this = case(text, story.inputs, **functions)
            certify_sums(this, model=watched(this.model(), functions), tolerance=1e-8)
        except TooManyWorlds:
            seen["large"] += 1
            return
        seen["summed out" if estimation.elimination.chains else "listed"] += 1


def _forgetting(text: str, place: int) -> str:
    """A state that is made of this step alone, of its outcome where that is drawn above."""
    header = text[: text.index(":", text.index("for t in"))].rpartition("\n")[2]
    drawn = "sample z" in text[:place] or "z =" in header
    return f"    compute h = 0.5 * tanh({'z + w' if drawn else 'w'})"


def _told_apart(estimation: Estimation) -> bool:
    """Whether one sequence drawn says something else than all: it is joined, or drawn below."""
    others = [s for s in estimation.graph.samples if s.name != "z"]
    below = any("z" in s.type.plates for s in others)
    mixed = any("z" in plates for c in estimation.touched.costs.values() for plates in c.values())
    return below or mixed or any(estimation.estimators[s.name].enumerated for s in others)


def many(examples: int, *, part: int, forgets: bool, stateful: bool = False) -> None:
    """Compare ``examples`` random stories."""
    seen: Counter[str] = Counter()
    drawn = loop_stories(stateful)
    on_each(drawn, examples, part, lambda story: compare(story, seen, forgets=forgets))
    print(seen)
    share = 0.06 if stateful else 0.1  # most functions with a memory may not see all sequences
    assert seen["summed out" if forgets else "listed"] > share * examples, seen


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
@pytest.mark.parametrize("forgets", [True, False])
def test_sums_over_sequences_agree_with_the_interpreter(forgets: bool) -> None:
    many(80, part=400, forgets=forgets)


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
@pytest.mark.parametrize("forgets", [True, False])
def test_functions_with_a_memory(forgets: bool) -> None:
    many(80, part=402, forgets=forgets, stateful=True)


@pytest.mark.certify
@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
@pytest.mark.parametrize("forgets", [True, False])
def test_more_sums_over_sequences_agree(forgets: bool) -> None:
    many(250, part=401, forgets=forgets)
