"""The picture of the demo: training curves, and what the models make of test images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from images import Images
from matplotlib.axes import Axes
from matplotlib.gridspec import SubplotSpec
from torch import Tensor
from training import Networks, Run

COLOURS = ("#d1495b", "#edae49", "#3d7ea6", "#2f4b3c")
COLUMNS = 7


def draw(path: Path, runs: Mapping[str, list[Run]], images: Images, warning: str = "") -> None:
    """Write the picture of all runs to ``path``; a ``warning`` stands above the curves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with plt.style.context({"font.size": 10, "font.family": "DejaVu Sans"}):
        figure = plt.figure(figsize=(13, 5.2), layout="constrained", facecolor="white")
        left, right = figure.add_gridspec(1, 2, width_ratios=(1.1, 1), wspace=0.04)
        curves(figure.add_subplot(left), runs, warning)
        reconstructions(right, runs, images)
        figure.savefig(path, dpi=130)
        plt.close(figure)


def curves(axes: Axes, runs: Mapping[str, list[Run]], warning: str) -> None:
    """The exact ELBO of each method as it rose: the mean of the seeds, the least and the most."""
    for (name, trained), colour in zip(runs.items(), COLOURS, strict=True):
        elbo = np.array([run.elbo for run in trained])
        seconds = np.array([run.times for run in trained]).mean(0)
        axes.plot(seconds, elbo.mean(0), color=colour, linewidth=2, label=name)
        axes.fill_between(seconds, elbo.min(0), elbo.max(0), color=colour, alpha=0.2, linewidth=0)
    every = [run for trained in runs.values() for run in trained]
    ends = [run.elbo[-1] for run in every]
    span = max(ends) - min(run.elbo[len(run.elbo) // 8] for run in every)
    axes.set_ylim(max(ends) - 1.25 * span, max(ends) + 0.08 * span)
    axes.set_xlim(0, max(run.times[-1] for run in every))
    title = "Exact evidence lower bound on test images"
    title += f": {warning}" if warning else ""
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xlabel(f"seconds of training; {len(next(iter(runs.values())))} seeds, least to most")
    axes.set_ylabel("ELBO (nats per image)")
    axes.grid(color="#e6e6e6")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="best")


def reconstructions(place: SubplotSpec, runs: Mapping[str, list[Run]], images: Images) -> None:
    """Test images above what each model decodes from their most probable codes."""
    x = images.test[:COLUMNS]
    rows = {"test image": (x, "#000000")}
    for (name, trained), colour in zip(runs.items(), COLOURS, strict=True):
        rows[name.replace(", ", ",\n")] = (decoded(trained[0].networks, x), colour)
    grid = place.get_gridspec().figure.add_subfigure(place).subplots(len(rows), COLUMNS)
    for line, (name, (shown, colour)) in zip(grid, rows.items(), strict=True):
        for axes, image in zip(line, shown, strict=True):
            axes.imshow(image.reshape(images.shape).numpy(), cmap="gray_r", vmin=0, vmax=1)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_color("#cccccc")
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", color=colour)
    grid[0, 0].get_figure().suptitle("Reconstructions from two symbols", fontweight="bold")


@torch.no_grad()
def decoded(networks: Networks, x: Tensor) -> Tensor:
    """What the decoder makes of each image's most probable code."""
    logits = networks.encoder(x).reshape(len(x), 2, 10)
    code = torch.nn.functional.one_hot(logits.argmax(-1), 10).to(x.dtype)
    return networks.decoder(code.flatten(1)).sigmoid()
