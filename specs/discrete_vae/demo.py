"""Trains one story with four gradient estimators and shows what each brings, and what it costs.

The model is a variational auto-encoder of images whose code is two symbols out of ten. The
training loop is the same for each estimator: `storchc.load` puts another method into the story.
All start from the same weights and see the same batches, and each that draws draws ten codes an
image; three seeds say what is luck. Whatever a method optimises, what is reported is the exact
evidence lower bound (ELBO) on test images, by enumerating all 100 codes. In the end the estimators
are compared as `storchc compare` does it, at weights that training had on its way.

Run `make demo`, or `python specs/discrete_vae/demo.py --data mnist.npz` for images of your own:
arrays `x_train` and `x_test` of uint8 images, of any size. `--quick` sees that all works.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from images import Images, load
from picture import draw
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from training import EXACT, STORY, Run, Tell, batches, networks, train

import storchc
from storch_runtime import Comparison

METHODS = {
    "score function": "ScoreFunction(n=10)",
    "score function, batch average": "ScoreFunction(n=10, baseline=batch_average)",
    "Gumbel-softmax": "GumbelSoftmax(n=10, temperature=0.5)",
    "exact expectation": EXACT,
}
TOO_SHORT = "too short to compare"
POINTS = 60  # of each training curve


def main(arguments: list[str] | None = None) -> dict[str, list[Run]]:
    """Train with each method; print and draw the comparison."""
    options = read(arguments)
    began, console = time.perf_counter(), Console()
    images = load(options.data)
    if images.pixels <= 256:
        torch.set_num_threads(1)  # matrices this small keep no second thread busy
    console.print(
        f"Discrete VAE on {images.name}: {len(images.train)} images, 4 estimators, "
        f"{options.seeds} seeds"
    )
    runs: dict[str, list[Run]] = {name: [] for name in METHODS}
    with told(console, options) as tell:
        for seed in range(options.seed, options.seed + options.seeds):
            for name in METHODS:
                runs[name].append(trained(name, images, seed, options, tell))
    path = options.out / "discrete_vae.png"
    draw(path, runs, images, TOO_SHORT if options.quick else "")
    console.print(reached(runs))
    found = compared(runs["exact expectation"][0], images, options)
    print(f"What `storchc compare` prints, halfway through the first exact training:\n\n{found}\n")
    if options.quick:
        print(f"This was a quick run: {TOO_SHORT}.")
    print(f"{time.perf_counter() - began:.0f} seconds. The picture is {path}")
    return runs


def read(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--data", type=Path, help="an .npz file; default: scikit-learn's digits")
    parser.add_argument("--steps", type=int, default=2500, help="training steps of each method")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=1000, help="gradients for each variance")
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--seeds", type=int, default=3, help="trainings with each method")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the picture")
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    options = parser.parse_args(arguments)
    if options.quick:
        options.steps, options.repeats, options.seeds = 600, 60, 1
    return options


def trained(name: str, images: Images, seed: int, options: argparse.Namespace, tell: Tell) -> Run:
    """One training with one method."""
    return train(
        METHODS[name],
        networks(images.pixels, seed),
        batches(images.train, options.batch, seed),
        images.test,
        options.steps,
        max(1, options.steps // POINTS),
        lambda step, elbo: tell(name, step, elbo),
    )


def compared(run: Run, images: Images, options: argparse.Namespace) -> Comparison:
    """The gradients of all methods at the weights that a run had halfway, on one batch."""
    return storchc.compare(
        STORY,
        methods=list(METHODS.values()),
        inputs=images.train[: options.batch],
        build=lambda: {"encoder": run.halfway.encoder, "decoder": run.halfway.decoder},
        repeats=options.repeats,
        seed=options.seed,
    )


@contextmanager
def told(console: Console, options: argparse.Namespace) -> Iterator[Tell]:
    """Tells how far it is: a bar for each method on a terminal, else a line for each training."""
    if not console.is_terminal:
        yield lines(options)
        return
    columns = (
        TextColumn("{task.description:32}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("ELBO {task.fields[elbo]:8.2f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        total = options.steps * options.seeds
        tasks = {name: bars.add_task(name, total=total, elbo=float("nan")) for name in METHODS}
        before = dict.fromkeys(METHODS, 0)

        def tell(name: str, step: int, elbo: float) -> None:
            bars.update(tasks[name], completed=before[name] + step, elbo=elbo)
            if step == options.steps:
                before[name] += step

        yield tell


def lines(options: argparse.Namespace) -> Tell:
    """A line for each training that has ended, with the time that is left."""
    began, ended, total = time.perf_counter(), 0, len(METHODS) * options.seeds

    def tell(name: str, step: int, elbo: float) -> None:
        nonlocal ended
        if step == options.steps:
            ended += 1
            left = (time.perf_counter() - began) * (total - ended) / ended
            print(f"{ended} of {total}: {name}, ELBO {elbo:.2f}; {left:.0f} s left", flush=True)

    return tell


def reached(runs: Mapping[str, list[Run]]) -> Table:
    """What each method reached in which time, over the seeds."""
    result = Table(
        box=SIMPLE_HEAD,
        caption="ELBO: exact, test images, after training; mean of the seeds, least and most",
    )
    result.add_column("estimator", no_wrap=True)
    for title in ("ELBO", "least", "most", "seconds"):
        result.add_column(title, justify="right", no_wrap=True)
    for name, trained_ in runs.items():
        ends = [run.elbo[-1] for run in trained_]
        seconds = sum(run.times[-1] for run in trained_) / len(trained_)
        cells = (sum(ends) / len(ends), min(ends), max(ends))
        result.add_row(name, *(f"{cell:.2f}" for cell in cells), f"{seconds:.1f}")
    return result


if __name__ == "__main__":
    main()
