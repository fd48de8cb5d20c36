"""How the time of the compiler grows with a story: with its lines, costs, loops, sizes, numbers."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from types import FrameType

from storchc.driver import Result, check_story, compile_story
from tests.bench.chains import bernoulli_story
from tests.bench.scaling import Growth

LONGEST = 10.0
"""Seconds of the processor after which a story is given up, and the larger ones of its kind."""

Stage = Callable[[str, bytes], Result]
STAGES: Mapping[str, Stage] = {"check": check_story, "compile": compile_story}


@dataclass(frozen=True, slots=True)
class Kind:
    """Stories of one kind, written by size."""

    name: str
    story: Callable[[int], str]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Compiling:
    """The seconds that a stage takes for stories of one kind; ``unanswered`` has no answer."""

    stage: str
    growth: Growth
    unanswered: int | None


class GivenUp(BaseException):
    """Raised where a story takes too long: no ``Exception``, which the compiler would annotate."""


def kinds() -> Iterator[Kind]:
    """The kinds of stories; what a size counts is the kind's name."""
    yield Kind("lines", lines, (50, 500, 2500, 5000, 10_000))
    yield Kind("samples in a chain, a plate each (n²/2 in all)", apart, (50, 250, 1250, 2500))
    yield Kind("costs of one sample", costs, (25, 250, 2500, 5000))
    yield Kind("values in a chain", values, (50, 500, 5000))
    yield Kind("carried variables in a ring", ring, (10, 30, 100, 300, 1000))
    yield Kind("loops in one another", nested, (2, 4, 8, 16))
    yield Kind("loops in a row", row, (10, 100, 1000))
    yield Kind("factors of 12 free dims", factors, (1, 2, 4, 8))
    yield Kind("numbers of a tensor", numbers, (1000, 10_000, 100_000))


def lines(size: int) -> str:
    """Samples of one plate in a chain, each with a cost."""
    return bernoulli_story((size - 3) // 2, shared=True)


def apart(size: int) -> str:
    """Samples in a chain, each with a plate of its own and a cost."""
    story = ["story Apart", "param slope = 0.7"]
    for index in range(size):
        before = f"slope * z{index - 1}" if index else "slope"
        story += [f"sample z{index} ~ Normal({before}, 1)", f"cost c{index} = z{index} ** 2"]
    return "\n".join(story)


def costs(size: int) -> str:
    """Costs of one sample."""
    paid = [f"cost c{index} = (z - {index}) ** 2" for index in range(size)]
    return "\n".join(["story Costs", "param m = 0.5", "sample z ~ Normal(m, 1)", *paid])


def values(size: int) -> str:
    """Values, each made of the one before."""
    made = [f"compute v{index + 1} = tanh(v{index}) + 0.5" for index in range(size)]
    head = ["story Values", "param m = 0.5", "sample z ~ Normal(m, 1)", "compute v0 = z * m"]
    return "\n".join([*head, *made, f"cost c = v{size}"])


def ring(size: int) -> str:
    """Variables that a loop carries, each of which takes the value of its neighbour."""
    carried = ", ".join(f"a{index} = {index}.0" for index in range(size))
    story = ["story Ring", f"for t in range(3) from {carried}:", "    sample z ~ Normal(a0, 1)"]
    story += [f"    compute b{index} = a{index}" for index in range(size)]
    story += [f"    compute a{index} = b{(index + 1) % size}" for index in range(size - 1)]
    story += [f"    compute a{size - 1} = b0 + z", f"cost c = a{size // 2}"]
    return "\n".join(story)


def nested(size: int) -> str:
    """Loops in one another, each of which carries a value into the next and draws from it."""
    story, before = ["story Nested", "param m = 0.5"], "m"
    for depth in range(size):
        indent = "    " * depth
        story.append(f"{indent}for t{depth} in range(2) from h{depth} = {before}:")
        story.append(f"{indent}    sample z{depth} ~ Normal(h{depth}, 1)")
        before = f"z{depth}"
    for depth in reversed(range(size)):
        indent = "    " * (depth + 1)
        story.append(f"{indent}compute h{depth} = {before} + z{depth}")
        before = f"h{depth}"
    return "\n".join([*story, "cost c = h0"])


def row(size: int) -> str:
    """Loops one after another, each of which begins with what the one before has left."""
    story, before = ["story Row", "param m = 0.5"], "m"
    for index in range(size):
        story.append(f"for t{index} in range(3) from h{index} = {before}:")
        story.append(f"    sample z{index} ~ Normal(h{index}, 1)")
        story.append(f"    compute h{index} = z{index} + m")
        before = f"h{index}"
    return "\n".join([*story, f"cost c = {before}"])


def factors(size: int) -> str:
    """A size with factors that are sums of free dims, and the same size with them turned round."""
    dims = [f"D{index}" for index in range(12)]
    sums = [f"({' + '.join(dims[k:] + dims[:k])})" for k in range(size)]
    one, other = " * ".join(sums), " * ".join(reversed(sums))
    story = ["story Factors", *(f"dim {d}" for d in dims), "plate data"]
    story += [f"input x[{', '.join(dims)}]", f"input y[data, {one}]", f"input w[data, {other}]"]
    story += ["sample z ~ Normal(sum(y + w) + sum(x), 1)", "cost c = z ** 2"]
    return "\n".join(story)


def numbers(size: int) -> str:
    """A tensor written out."""
    listed = ", ".join(f"{index / 8}" for index in range(size))
    story = ["story Numbers", "param m = 0.5", f"compute t = tensor([{listed}])"]
    return "\n".join([*story, "sample z ~ Normal(m, 1)", "cost c = z * sum(t)"])


def compilings() -> Iterator[Compiling]:
    """The seconds of every stage for every kind of story."""
    for stage in STAGES.values():
        stage("<warm-up>", nested(2).encode())
    for kind in kinds():
        sizes = kind.sizes
        for name, stage in STAGES.items():
            found = measured(kind, name, stage, sizes)
            yield found
            sizes = tuple(found.growth.measured)  # what is not checked is not compiled either


def measured(kind: Kind, name: str, stage: Stage, sizes: tuple[int, ...]) -> Compiling:
    """The seconds that a stage takes at each size, up to the one that it has no answer for."""
    found: dict[int, float] = {}
    for size in sizes:
        text = kind.story(size).encode()
        try:
            with at_most(LONGEST):
                found[size] = seconds(partial(stage, "<bench>", text))
        except (GivenUp, RecursionError):
            return Compiling(name, Growth(kind.name, found), size)
    return Compiling(name, Growth(kind.name, found), None)


def seconds(call: Callable[[], Result]) -> float:
    """The median of a few runs; one run where that takes long enough to be told by."""
    times: list[float] = []
    while len(times) < 5 and sum(times) < 0.5:
        gc.collect()
        began = time.process_time()
        failed = call().failed
        times.append(time.process_time() - began)
        assert not failed, "a story of the bench has errors"
    return median(times)


@contextmanager
def at_most(limit: float) -> Iterator[None]:
    """Give up what takes more of the processor's time."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise GivenUp

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
