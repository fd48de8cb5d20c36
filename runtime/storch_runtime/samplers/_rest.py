"""The sequences outside a set: how probable they are together, and draws from among them.

A set of sequences of independent places is a tree of prefixes. Outside it lie all symbols that
branch off, and what lies outside further down: the mass is a sum of positive terms, from the leaves
to the root. Nothing is subtracted, so that it is right however little is left, and a draw follows
the tree down without ever being rejected.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from storch_runtime.distributions.enumeration import joint_indices
from storch_runtime.precision import smallest
from storch_runtime.samplers._best import sequence_log_probs

__all__ = ["Rest", "settled"]


class Rest:
    """What lies outside ``excluded``, for each element of the plates.

    ``log_probs`` ``[C, *plates, places]`` are those of each outcome at each place.

    * ``excluded``: ``[k, *plates, places]``; of equal ones the first counts. ``counted``
      ``[k, *plates]`` says which of them are excluded at all.
    * ``mass``: ``[*plates]``, the probability of everything that is outside.
    * ``inside``: ``[k, *plates]``, the probabilities of the excluded; 0 where one does not count.

    A node of the tree has the number of the first sequence that goes through it. Two rows follow:
    one takes in what does not count, and ``free`` has the prefixes that lie outside already.
    """

    def __init__(self, log_probs: Tensor, excluded: Tensor, counted: Tensor | None = None) -> None:
        self.excluded = excluded
        self.outcomes, *plates, _ = log_probs.shape
        self.plates = tuple(plates)
        count = len(excluded)
        self.free = count + 1
        self._places = log_probs.exp().unbind(-1)
        own = torch.arange(count, device=excluded.device)
        own = own.reshape(-1, *(1,) * len(plates)).expand(excluded.shape[:-1])
        if counted is not None:
            own = own.where(counted, count)
        node = torch.zeros_like(own) if counted is None else torch.where(counted, 0, own)
        nodes, edges = [], []
        self._children: list[Tensor] = []
        for symbol in excluded.unbind(-1):
            edge = node * self.outcomes + symbol
            child = own.new_full(self._table, self.free).scatter_reduce(0, edge, own, "amin")
            nodes.append(node)
            edges.append(edge)
            self._children.append(child)
            node = child.gather(0, edge)
        first = (node == own) & (own < count)
        self.inside = sequence_log_probs(log_probs, excluded).exp() * first
        self._open, self.mass = self._masses(nodes, edges)

    @property
    def _table(self) -> tuple[int, ...]:
        """The shape of a value for each node and each symbol behind it, flattened."""
        return ((self.free + 1) * self.outcomes, *self.plates)

    def _masses(self, nodes: list[Tensor], edges: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        """What of each edge lies outside, place by place, and what of the root."""
        below = torch.zeros_like(self.inside)
        found = []
        rows = torch.ones_like(self._places[0]).expand(self.free + 1, *self._places[0].shape)
        for node, edge, probs in reversed(list(zip(nodes, edges, self._places, strict=True))):
            outside = torch.ones_like(rows).flatten(0, 1).scatter(0, edge, below)
            found.append(outside)
            rows = outside.reshape(-1, *probs.shape) * probs
            below = rows.sum(1).gather(0, node)
        return found[::-1], rows[0].sum(0)

    def draw(self, m: int, clocks: Tensor | None = None) -> Tensor:
        """``[m, *plates, places]``, independent, from the distribution restricted to the outside.

        ``clocks`` ``[m, C, *plates, places]`` are standard exponential noise.
        """
        node = torch.zeros((m, *self.plates), dtype=torch.long, device=self.mass.device)
        symbols = []
        for place in range(len(self._places)):
            weights = self._weights(place, node)
            if clocks is None:
                ring = torch.empty_like(weights).exponential_()
            else:
                ring = clocks[..., place]
            symbol = (weights / ring.clamp(min=smallest(weights.dtype))).argmax(1)
            symbols.append(symbol)
            node = self._child(place, node, symbol)
        return torch.stack(symbols, -1)

    def chance(self, sequences: Tensor) -> Tensor:
        """``[m, *plates]``: the probability that a draw is this; of excluded ones 0."""
        node = torch.zeros(sequences.shape[:-1], dtype=torch.long, device=self.mass.device)
        total = self.mass.new_ones(node.shape)
        for place, symbol in enumerate(sequences.unbind(-1)):
            weights = self._weights(place, node)
            every = weights.sum(1)
            shares = weights / every.unsqueeze(1)
            certain = torch.zeros_like(weights)
            certain[:, 0] = 1  # where nothing is left, the first symbol is taken
            shares = shares.where(every.unsqueeze(1) > 0, certain)
            total = total * shares.gather(1, symbol.unsqueeze(1)).squeeze(1)
            node = self._child(place, node, symbol)
        return total

    def holds(self, sequences: Tensor) -> Tensor:
        """``[m, *plates]``: whether each of the sequences lies outside."""
        node = torch.zeros(sequences.shape[:-1], dtype=torch.long, device=self.mass.device)
        for place, symbol in enumerate(sequences.unbind(-1)):
            node = self._child(place, node, symbol)
        return node == self.free

    def outcomes_of(self, m: int) -> list[tuple[Tensor, float]]:
        """Every outcome of `draw` with its probability."""
        every = joint_indices(self.outcomes, len(self._places), self.mass.device)
        size, places = every.shape
        spread = every.reshape(size, *(1,) * len(self.plates), places)
        chances = self.chance(spread.expand(size, *self.plates, places)).double()
        each = [column.nonzero().flatten().tolist() for column in chances.reshape(size, -1).T]
        listed = []
        for choice in product(*each * m):
            index = torch.tensor(choice, dtype=torch.long, device=every.device)
            index = index.reshape(m, *self.plates)
            listed.append((every[index], chances.gather(0, index).prod().item()))
        return listed

    def _weights(self, place: int, node: Tensor) -> Tensor:
        """``[m, C, *plates]``: what of each symbol behind ``node`` lies outside."""
        symbols = torch.arange(self.outcomes, device=node.device)
        symbols = symbols.reshape(-1, *(1,) * len(self.plates))
        edges = node.unsqueeze(1) * self.outcomes + symbols
        outside = self._open[place].gather(0, edges.flatten(0, 1))
        return outside.reshape(edges.shape) * self._places[place]

    def _child(self, place: int, node: Tensor, symbol: Tensor) -> Tensor:
        return self._children[place].gather(0, node * self.outcomes + symbol)


def settled(sequences: Tensor, weight: Tensor) -> Tensor:
    """``sequences`` ``[n, *plates, places]``, of weight zero replaced by one of the largest weight.

    What counts for nothing is then at least possible: its log-probability is finite.
    """
    most = weight.argmax(0, keepdim=True).unsqueeze(-1).expand_as(sequences[:1])
    return sequences.where(weight.unsqueeze(-1) > 0, sequences.gather(0, most))
