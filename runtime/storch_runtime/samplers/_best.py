"""The most probable sequences of independent places, by an exact beam."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["best_sequences", "sequence_log_probs"]


def best_sequences(log_probs: Tensor, k: int) -> Tensor:
    """The ``k`` best sequences ``[k, *plates, places]``, the best first; all if there are fewer.

    ``log_probs`` ``[C, *plates, places]`` are those of each outcome at each place. As places are
    independent, the k best sequences begin with prefixes that are among the k best themselves:
    nothing that the beam drops could have come back. Ties are broken anyhow, yet no sequence is
    listed twice.
    """
    outcomes = len(log_probs)
    scores = log_probs.new_zeros((1, *log_probs.shape[1:-1]))
    steps = []
    for place in log_probs.unbind(-1):
        joint = (scores.unsqueeze(1) + place).flatten(0, 1)
        scores, chosen = joint.topk(min(k, len(joint)), 0)
        steps.append(chosen)
    trail = torch.arange(len(scores), device=log_probs.device)
    trail = trail.reshape(-1, *(1,) * (scores.dim() - 1)).expand_as(scores)
    symbols = []
    for chosen in reversed(steps):
        chosen = chosen.gather(0, trail)
        symbols.append(chosen % outcomes)
        trail = chosen // outcomes
    return torch.stack(symbols[::-1], -1)


def sequence_log_probs(log_probs: Tensor, sequences: Tensor) -> Tensor:
    """``[k, *plates]``: of sequences ``[k, *plates, places]``, each of independent places."""
    return log_probs.gather(0, sequences).sum(-1)
