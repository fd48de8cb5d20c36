"""``storchc compare``: which estimator suits a story."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from storchc.commands.building import build_option, in_words, inputs_option
from storchc.commands.files import may_be_result, read, write_result
from storchc.commands.interrupts import STATUS, asked_to_stop
from storchc.commands.progress import told
from storchc.commands.showing import show
from storchc.driver import Result, check_story

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storch_runtime.comparison.result import Comparison
    from storchc.comparing.candidates import Methods
    from storchc.comparing.story import Asked
    from storchc.ir.graph import Graph


@click.command("compare", short_help="Measure which estimator suits a story.")
@click.argument("file", metavar="FILE")
@inputs_option
@build_option
@click.option(
    "--method",
    "methods",
    metavar="z='M(…)'",
    multiple=True,
    help="A method for sample z, or 'M(…) using S(…)'. Again for the same sample: an alternative; "
    "for several samples: their cross product.",
)
@click.option(
    "--pair",
    "pairs",
    metavar="'z=A(…); y=B(…)'",
    multiple=True,
    help="One combination of methods.",
)
@click.option("--all", "everything", is_flag=True, help="Every method that is legal there.")
@click.option(
    "--repeats",
    type=click.IntRange(min=2),
    default=1000,
    show_default=True,
    help="Estimates of each gradient, at most.",
)
@click.option(
    "--budget", type=click.FloatRange(min=0, min_open=True), help="Seconds for all of it."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of all draws.")
@click.option(
    "--state",
    "states",
    metavar="FILE.pt",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Weights of the model, its state_dict; several: along a training.",
)
@click.option("--plot", type=click.Path(path_type=Path), help="A picture, .png or .svg.")
@click.option("--json", "json_", type=click.Path(path_type=Path), help="All figures.")
@click.option("--csv", "csv_", type=click.Path(path_type=Path), help="The table.")
@click.option("--html", type=click.Path(path_type=Path), help="A page with table and picture.")
def command(
    file: str,
    inputs: str | None,
    build: str | None,
    methods: tuple[str, ...],
    pairs: tuple[str, ...],
    everything: bool,
    repeats: int,
    budget: float | None,
    seed: int,
    states: tuple[Path, ...],
    plot: Path | None,
    json_: Path | None,
    csv_: Path | None,
    html: Path | None,
) -> None:
    """Measure bias, variance and time of several estimators of one gradient.

    FILE is a story, in a .story or .yaml file; - is standard input. Its model is built with the
    arguments that --build returns, and called with --inputs; both can be left out where the story
    needs none. Without --method a few methods are compared that are legal at each sample.

    Variance x time decides: what a gradient of a given variance costs. Ctrl-C ends it with what is
    known until then.
    """
    gc.enable()  # this run is long
    if everything and (methods or pairs):
        raise click.UsageError("--all takes every method: leave --method and --pair out.")
    targets = {"plot": plot, "json": json_, "csv": csv_, "html": html}
    _check_targets(targets)
    name, data = read(file)
    base = check_story(name, data)
    _end_on_errors([base])
    assert base.typed is not None
    from storchc.comparing.story import ALL, Asked

    listed = _listed(base.typed, methods, pairs)
    asked = Asked(ALL if everything else listed, repeats, budget, seed, states)
    try:
        finished = _run(name, data, base.typed, inputs, build, asked, targets)
    except KeyboardInterrupt:
        click.echo("storchc: interrupted before anything was known", err=True)
        sys.exit(STATUS)
    sys.exit(0 if finished else STATUS)


def _check_targets(targets: Mapping[str, Path | None]) -> None:
    from storchc.comparing.picture import FORMATS, needs_matplotlib

    for option, target in targets.items():
        if target is not None:
            may_be_result(target)
            if option in ("plot", "html"):
                with in_words():
                    needs_matplotlib()
    plot = targets["plot"]
    if plot is not None and plot.suffix[1:].lower() not in FORMATS:
        raise click.UsageError(f"--plot {plot}: a picture is a .png or .svg file.")


def _end_on_errors(results: Sequence[Result]) -> None:
    failed = [result for result in results if result.failed]
    show(failed)
    if failed:
        sys.exit(1)


def _listed(graph: Graph, methods: tuple[str, ...], pairs: tuple[str, ...]) -> list[Methods] | None:
    """The combinations that were asked for; None where none was."""
    if not methods and not pairs:
        return None
    from storchc.comparing.story import alternatives

    given: dict[str, list[str]] = {}
    for text in methods:
        name, method = _one("--method", text)
        given.setdefault(name, []).append(method)
    combined = alternatives(graph, given) if given else []
    return [*combined, *(dict(_one("--pair", t) for t in _parts(text)) for text in pairs)]


def _parts(text: str) -> list[str]:
    return [part for part in text.split(";") if part.strip()]


def _one(option: str, text: str) -> tuple[str, str]:
    name, equal, method = (part.strip() for part in text.partition("="))
    if not (equal and name.isidentifier() and method):
        example = "z='Expect()'" if option == "--method" else "'z=Expect(); y=Infer()'"
        raise click.UsageError(f"{option} {text}: write it like {option} {example}.")
    return name, method


def _run(
    name: str,
    data: bytes,
    graph: Graph,
    inputs: str | None,
    build: str | None,
    asked: Asked,
    targets: Mapping[str, Path | None],
) -> bool:
    """Compare, print and write; whether it came to its end."""
    from dataclasses import replace

    from storchc.building import read_inputs, read_make
    from storchc.comparing.candidates import own
    from storchc.comparing.story import chosen, compared

    with in_words():
        make = None if build is None else read_make(build)
        given = read_inputs(inputs, graph)
        candidates = chosen(name, data, graph, asked)
    _end_on_errors([candidate.result for candidate in candidates])
    with in_words(), asked_to_stop() as stop, told() as listen:
        asked = replace(asked, stop=stop, listen=listen)
        results = compared(name, data, graph, candidates, given, make, asked)
    named = dict(zip([str(state) for state in asked.states] or [""], results, strict=False))
    _print(graph.name, named)
    methods = {c.name: {**own(graph), **c.methods} for c in candidates}
    _write(graph.name, named, methods, targets)
    return all(result.complete or asked.budget is not None for result in results) and not stop()


def _print(story: str, results: Mapping[str, Comparison]) -> None:
    for state, result in results.items():
        click.echo(f"{story}{' with ' + state if state else ''}, seed {result.seed}\n")
        click.echo(result)


def _write(
    story: str,
    results: Mapping[str, Comparison],
    methods: Mapping[str, Methods],
    targets: Mapping[str, Path | None],
) -> None:
    from storchc.comparing.formats import as_csv, as_json
    from storchc.comparing.page import as_page
    from storchc.comparing.picture import drawn

    writers = {
        "plot": lambda target: drawn(story, results, target.suffix[1:].lower()),
        "json": lambda target: as_json(story, results, methods).encode(),
        "csv": lambda target: as_csv(results).encode(),
        "html": lambda target: as_page(story, results).encode(),
    }
    for option, target in targets.items():
        if target is not None:
            write_result(target, writers[option](target))
