"""The picture of the training: the share of words that each method's model writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt

COLOURS = ("#d1495b", "#edae49", "#3d7ea6", "#2f4b3c")


def draw(path: Path, curves: Mapping[str, Mapping[int, float]]) -> None:
    """Write the picture to ``path``: for each method, the shares by the number of steps taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with plt.style.context({"font.size": 10, "font.family": "DejaVu Sans"}):
        figure, axes = plt.subplots(figsize=(7, 4), layout="constrained", facecolor="white")
        for (name, shares), colour in zip(curves.items(), COLOURS, strict=True):
            percent = [100 * share for share in shares.values()]
            axes.plot(list(shares), percent, color=colour, linewidth=2, label=name)
        axes.set_xlim(0, max(step for shares in curves.values() for step in shares))
        axes.set_ylim(0, 100)
        axes.set_title("Words among what the model writes", loc="left", fontweight="bold")
        axes.set_xlabel("training step")
        axes.set_ylabel("per cent")
        axes.grid(color="#e6e6e6")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper left")
        figure.savefig(path, dpi=130)
        plt.close(figure)
