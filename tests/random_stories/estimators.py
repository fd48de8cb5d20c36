"""Random stories whose samples are estimated in every way whose outcomes can be listed.

A random story is taken as it is, and the methods of its samples are replaced. It is held against
the same story with score functions in their places, which the interpreter knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.random_stories.strategies import RandomStory, stories

SAMPLE = re.compile(
    r"sample (?P<name>\w+) ~ (?P<law>.*?)(?: with (?P<method>.*?))?(?: in (?P<plate>\w+))?"
)
CLASSES = frozenset({"Categorical", "OneHotCategorical"})
BINARY = frozenset({"Bernoulli"})
FINITE = CLASSES | BINARY | {"Binomial"}


@dataclass(frozen=True, slots=True)
class Way:
    """A method for these families: it opens a plate of its own, or stands ``along`` others too.

    One that ``looks`` at values that were not drawn stands above no functions with a memory.
    """

    method: str
    families: frozenset[str]
    plain: str = "ScoreFunction()"
    along: bool = False
    looks: bool = False


WAYS = (
    Way("DisARM({n})", BINARY, along=True, looks=True),
    Way("ARM({n})", BINARY, along=True, looks=True),
    Way("LocalExpectation({n})", BINARY | CLASSES, along=True, looks=True),
    Way("MeasureValued({n})", BINARY, along=True, looks=True),
    Way("MuProp({n})", BINARY | {"OneHotCategorical"}, along=True, looks=True),
    Way("DoubleCV(n=2)", BINARY, looks=True),
    Way("RODEO(n=2)", BINARY, looks=True),
    Way("ARMS(n=2)", BINARY, looks=True),
    Way("ARMS(n=3)", BINARY, looks=True),
    Way("CARMS(n=2)", CLASSES, looks=True),
    Way("UnorderedSetEstimator(k=1)", FINITE),
    Way("UnorderedSetEstimator(k=2)", FINITE),
    Way("UnorderedSetEstimator(k=2, use_baseline=false)", FINITE),
    Way("UnorderedSetEstimator(k=3)", FINITE),
    Way("SumAndSample(sum_size=1)", FINITE),
    Way("SumAndSample(sum_size=2, sample_size=2)", FINITE),
    Way("RaoBlackwellSF(k=2)", FINITE),
    Way("ScoreFunction() using MonteCarlo(n=2, distinct=true)", FINITE, "ScoreFunction(n=2)"),
    Way("ScoreFunction() using Enumerate()", FINITE, "Expect()"),
    Way("ScoreFunction() using Antithetic(n=2)", FINITE),
    Way("ScoreFunction(baseline=moving_average) using Stratified(n=2, distinct=true)", FINITE),
    Way("ScoreFunction() using QuasiMonteCarlo(n=2)", FINITE),
    Way("ScoreFunction(baseline=0.4) using SumAndSample(sum_size=1)", FINITE),
)


@dataclass(frozen=True, slots=True)
class Estimated:
    """A random story and what it is held against."""

    story: RandomStory
    plain: str


@st.composite
def estimated_stories(draw: st.DrawFn, stateful: bool = False) -> Estimated:
    """A random story with at least one sample whose method was replaced."""
    story = draw(stories(stateful))
    lines, plain = [], []
    for line in story.text.splitlines():
        found = SAMPLE.fullmatch(line)
        ways = list(_fitting(found, story.text)) if found else []
        ways = [way for way in ways if not (stateful and way.looks)]
        if not found or not ways or draw(st.sampled_from((True, False, False))):
            lines.append(line)
            plain.append(line)
            continue
        way = draw(st.sampled_from(ways))
        count = draw(st.sampled_from(("n=1", "n=2"))) if not found["plate"] else ""
        place = f" in {found['plate']}" if found["plate"] else ""
        start = f"sample {found['name']} ~ {found['law']} with "
        method = way.method.format(n=count).replace("(, ", "(")
        lines.append(f"{start}{method}{place}")
        plain.append(f"{start}{way.plain}{place}")
    last = _every(story.text)
    texts = ["\n".join([*text, last, ""]) for text in (lines, plain)]
    return Estimated(RandomStory(texts[0], story.inputs), texts[1])


def _every(text: str) -> str:
    """A cost that every sample matters to, and no part of them alone."""
    names = re.findall(r"^sample (\w+)", text, re.M)
    return (
        f"cost every = ({' + '.join(f'{i} * sum({z})' for i, z in enumerate(names, 1))} - 0.6) ** 2"
    )


def _fitting(found: re.Match[str], text: str) -> Iterator[Way]:
    family = found["law"].partition("(")[0]
    if named := re.search(rf"compute {family} = (\w+)\(", text):
        family = named[1]
    for way in WAYS:
        if family in way.families and (way.along or not found["plate"]):
            yield way
