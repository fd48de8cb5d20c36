"""Trains one story with four gradient estimators and shows what each brings, and what it costs.

The model is a variational auto-encoder of images whose code is two symbols out of ten. The
training loop is the same for each estimator: `storchc.load` puts another method into the story.
All start from the same weights and see the same batches. Whatever a method optimises, what is
reported is the exact evidence lower bound (ELBO) on test images, by enumerating all 100 codes.

Run `make demo`, or `python specs/discrete_vae/demo.py --data mnist.npz` for images of your own:
arrays `x_train` and `x_test` of uint8 images, of any size.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from images import Images, load
from picture import draw
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from spread import Spread, exact_gradient, measure
from training import EXACT, Run, batches, networks, train

METHODS = {
    "score function, n=1": "ScoreFunction(n=1)",
    "score function, n=10, batch average": "ScoreFunction(n=10, baseline=batch_average)",
    "Gumbel-softmax, n=1": "GumbelSoftmax(n=1, temperature=0.5)",
    "exact expectation": EXACT,
}
TOO_SHORT = "too short to compare"
POINTS = 60  # of each training curve


def main(arguments: list[str] | None = None) -> dict[str, Run]:
    """Train with each method; print and draw the comparison."""
    options = read(arguments)
    began, console = time.perf_counter(), Console()
    images = load(options.data)
    if images.pixels <= 256:
        torch.set_num_threads(1)  # matrices this small keep no second thread busy
    console.print(f"Discrete VAE on {images.name}: {len(images.train)} images, 4 estimators")
    with progress(console) as bar:
        runs = {name: trained(name, images, options, bar) for name in METHODS}
        spreads = compared(runs["exact expectation"], images, options, bar)
    path = options.out / "discrete_vae.png"
    draw(path, runs, images, TOO_SHORT if options.quick else "")
    console.print(table(runs, spreads))
    if options.quick:
        console.print(f"This was a quick run: {TOO_SHORT}.")
    console.print(f"{time.perf_counter() - began:.0f} seconds. The picture is {path}")
    return runs


def read(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--data", type=Path, help="an .npz file; default: scikit-learn's digits")
    parser.add_argument("--steps", type=int, default=5000, help="training steps of each method")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=1000, help="gradients for each variance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the picture")
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    options = parser.parse_args(arguments)
    if options.quick:
        options.steps, options.repeats = 600, 60
    return options


def trained(name: str, images: Images, options: argparse.Namespace, bar: Progress) -> Run:
    """The training with one method, and its progress."""
    task = bar.add_task(name, total=options.steps, elbo="")
    return train(
        METHODS[name],
        networks(images.pixels, options.seed),
        batches(images.train, options.batch, options.seed),
        images.test,
        options.steps,
        max(1, options.steps // POINTS),
        lambda step, elbo: bar.update(task, completed=step, elbo=f"ELBO {elbo:8.2f}"),
    )


def compared(
    run: Run, images: Images, options: argparse.Namespace, bar: Progress
) -> dict[str, Spread]:
    """The gradients of all methods at the same weights: those of the run, halfway."""
    task = bar.add_task("comparing gradients", total=len(METHODS), elbo="")
    x = images.train[: options.batch]
    exact = exact_gradient(run.halfway.model(EXACT), x)
    spreads = {}
    for name, method in METHODS.items():
        spreads[name] = measure(run.halfway.model(method), exact, x, options.repeats)
        bar.advance(task)
    return spreads


def progress(console: Console) -> Progress:
    """A bar for each training, with the current ELBO."""
    return Progress(
        TextColumn("{task.description:36}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[elbo]}"),
        TimeElapsedColumn(),
        console=console,
    )


def table(runs: Mapping[str, Run], spreads: Mapping[str, Spread]) -> Table:
    """What each method reached, how its gradient spreads and strays, and what a step takes."""
    result = Table(
        box=SIMPLE_HEAD,
        caption="ELBO: exact, test images, after training. Variance and bias of the gradient: "
        "all at the weights that exact training had halfway, on one batch; bias as a part of the "
        "exact gradient's length (“< 5 %”: none seen, a bias of 5 % would show).",
    )
    result.add_column("estimator", no_wrap=True)
    for title in ("ELBO", "gradient\nvariance", "bias", "ms per\nstep"):
        result.add_column(title, justify="right", no_wrap=True)
    for name, run in runs.items():
        spread = spreads[name]
        result.add_row(
            name,
            f"{run.elbo[-1]:.2f}",
            f"{spread.variance:.3g}" if spread.variance > 1e-9 else "0",
            bias(spread),
            f"{statistics.median(run.seconds) * 1000:.2f}",
        )
    return result


def bias(spread: Spread) -> str:
    """The bias in words, as far as it can be told from 0."""
    if spread.bias < 1e-6 and spread.resolution < 1e-6:
        return "0 %"
    if spread.bias < 2 * spread.resolution:
        return f"< {percent(2 * spread.resolution)}"
    return percent(spread.bias)


def percent(part: float) -> str:
    """Two figures will do."""
    return f"{part * 100:.{1 if part < 0.1 else 0}f} %"


if __name__ == "__main__":
    main()
