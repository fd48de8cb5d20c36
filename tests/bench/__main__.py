"""``python -m tests.bench``: generated modules against the same steps by hand, in one run."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Mapping
from statistics import median

import torch
from rich.console import Console
from rich.table import Table

from tests.bench import (
    chains,
    compiling,
    discrete_vae,
    estimators,
    hidden_chains,
    introduction,
    language_model,
    peers,
    scaling,
    sequences,
)
from tests.bench.case import Case
from tests.bench.memory import grown
from tests.bench.peers import Step
from tests.bench.processes import starts
from tests.bench.timing import interleaved

PARTS = ("cases", "own", "growth", "compile", "start", "memory")


def main() -> None:
    """Measure what is asked for, and print a table of each."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--peers", action="store_true", help="storchastic beside them")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {unknown.pop()}; there are {', '.join(PARTS)}")
    torch.set_num_threads(options.threads)
    parts = options.parts or PARTS
    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(f"torch {torch.__version__}, {options.threads} thread(s), {os.cpu_count()} cores")
    if "cases" in parts:
        console.print(compared(options.only, options.rounds, options.peers))
    if "own" in parts:
        console.print(own_work())
    if "growth" in parts:
        console.print(growing())
        console.print(keeping())
    if "compile" in parts:
        console.print(compiling_time())
    if "start" in parts:
        console.print(starting())
    if "memory" in parts:
        console.print(remembering())


def compared(only: str, rounds: int, with_peers: bool) -> Table:
    """Milliseconds per step and ratios; first, that both compute the same."""
    groups = (introduction, discrete_vae, estimators, chains, hidden_chains, sequences)
    cases = [case for group in groups for case in group.cases() if only in case.name]
    gaps = {case.name: case.check() for group in groups for case in group.cases(torch.float64)}
    others = found_peers(cases) if with_peers else {}
    table = Table(title="generated modules against the same step by hand")
    table.add_column("one step", no_wrap=True)
    titles = ["storchc, ms", "by hand, ms", "ratio"]
    for title in (*titles, *(["storchastic, ms", "ratio"] * with_peers), "differ by"):
        table.add_column(title, justify="right")
    for case in cases:
        cells = row(case, rounds, with_peers, others.get(case.name))
        table.add_row(case.name, *cells, f"{gaps[case.name]:.0e}")
    return table


def found_peers(cases: list[Case]) -> dict[str, Step]:
    """The peer's steps; nothing where it is not installed."""
    warnings.simplefilter("ignore")  # its own
    try:
        import storch  # noqa: F401
    except ImportError:
        print("storchastic is not installed: `make bench-peers` installs it")
        return {}
    return peers.find(cases)


def row(case: Case, rounds: int, with_peers: bool, peer: Step | None) -> list[str]:
    """One line of the table; each line is a run of its own."""
    contestants: dict[str, Step] = {"storchc": case.step, "hand": case.step_by_hand}
    if peer is not None:
        contestants["peer"] = peer
    times = interleaved(contestants, rounds if peer is None else max(5, rounds // 4))
    cells = [
        f"{times.median('storchc') * 1000:.3f}",
        f"{times.median('hand') * 1000:.3f}",
        f"{times.ratio('storchc', 'hand'):.2f}",
    ]
    if peer is not None:
        cells += [f"{times.median('peer') * 1000:.3f}", f"{times.ratio('peer', 'hand'):.1f}"]
    elif with_peers:
        cells += ["-", "-"]
    return cells


def own_work() -> Table:
    """What a step of the language model takes beside the user's functions."""
    table = Table(title="a step of specs/language_model beside generate, passes and reward")
    for title in ("method", "whole, ms", "its own, ms", "share"):
        table.add_column(title, justify="left" if title == "method" else "right")
    try:
        methods = language_model.methods()
    except ImportError as error:
        return figures(f"{table.title}: not measured", {"needs": str(error.name)})
    for method in methods:
        found = language_model.own_work(method)
        whole, own = (median(times) * 1000 for times in (found.whole, found.own))
        table.add_row(method, f"{whole:.1f}", f"{own:.2f}", f"{found.share:.1%}")
    return table


def growing() -> Table:
    """Milliseconds per step at each size, and how steeply they rise."""
    table = Table("number of", "size: ms per step", title="growth of the time per step")
    table.add_column("exponent", justify="right")
    table.add_column("of the last two", justify="right")
    for growth in scaling.growths():
        sizes = ", ".join(f"{size}: {time * 1000:.3g}" for size, time in growth.measured.items())
        table.add_row(growth.name, sizes, f"{growth.exponent:.2f}", f"{growth.last:.2f}")
    return table


def keeping() -> Table:
    """Bytes kept for the backward pass at each size, and how steeply they rise."""
    table = Table("number of", "size: MiB", title="growth of what is kept for the backward pass")
    table.add_column("exponent", justify="right")
    for growth in scaling.keeps():
        sizes = ", ".join(f"{size}: {kept / 2**20:.3g}" for size, kept in growth.measured.items())
        table.add_row(growth.name, sizes, f"{growth.exponent:.2f}")
    return table


def compiling_time() -> Table:
    """Seconds of `check` and `compile` at each size, and how steeply they rise."""
    title = f"growth of the time to compile (-: no answer within {compiling.LONGEST:.0f} s)"
    table = Table("number of", "", "size: s", title=title)
    table.add_column("exponent", justify="right")
    table.add_column("of the last two", justify="right")
    for found in compiling.compilings():
        growth = found.growth
        sizes = [f"{size}: {time:.3g}" for size, time in growth.measured.items()]
        if found.unanswered is not None:
            sizes.append(f"{found.unanswered}: -")
        steep = [f"{growth.exponent:.2f}", f"{growth.last:.2f}"]
        table.add_row(growth.name, found.stage, ", ".join(sizes), *steep)
    return table


def starting() -> Table:
    """`storchc check` in fresh processes."""
    found = starts()
    bare, check = found.times.median("bare"), found.times.median("check")
    return figures(
        "storchc check in a fresh process",
        {
            "bare interpreter": f"{bare * 1000:.0f} ms",
            "check of 50 lines": f"{check * 1000:.0f} ms",
            "ratio": f"{found.times.ratio('check', 'bare'):.1f}",
            "check of 5,000 lines": f"{found.long:.1f} s",
        },
    )


def remembering() -> Table:
    """What many steps leave behind."""
    case = next(iter(introduction.cases()))
    found = grown(case.step)
    return figures(
        "memory, without the garbage collector",
        {
            "steps": f"{found.steps:,}",
            "tensors left behind": f"{found.tensors}",
            "growth of resident memory": f"{found.resident / 2**20:.1f} MiB",
        },
    )


def figures(title: str, values: Mapping[str, str]) -> Table:
    """A table of two columns."""
    table = Table(title=title, show_header=False)
    for name, value in values.items():
        table.add_row(name, value)
    return table


if __name__ == "__main__":
    main()
