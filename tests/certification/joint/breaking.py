"""What must fail: parts of a program that do not follow a joint choice, or not as they should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from storchc.emit import function, joint, loops
from storchc.emit.written import nothing
from storchc.lower import reindex
from storchc.program.joint import Reindex
from storchc.program.loops import Stack, Traced
from storchc.program.operation import Operation
from storchc.program.slots import Kind


def kept(patch: pytest.MonkeyPatch, *kinds: Kind) -> None:
    """Slots of these kinds stay as they were."""
    right = joint.reindex

    def wrong(context: Any, operation: Any) -> Any:
        slot = operation.target
        stays = nothing(slot, context.held[slot])
        return stays if slot.kind in kinds else right(context, operation)

    patch.setitem(function.WRITERS, Reindex, wrong)


def steps_kept(patch: pytest.MonkeyPatch) -> None:
    """What steps have left stays as they left it."""
    right = vars(loops)["_stacked"]

    def wrong(context: Any, operation: Stack) -> Any:
        return right(context, replace(operation, traced=()))

    patch.setattr(loops, "_stacked", wrong)


def places_moved(patch: pytest.MonkeyPatch, last: bool) -> None:
    """What steps have left belongs to the sequences before the first choice, or after the last."""
    right = vars(loops)["lines_at"]

    def wrong(context: Any, traced: Traced, stored: Any) -> Any:
        return right(context, replace(traced, made=traced.choices if last else 0), stored)

    patch.setattr(loops, "lines_at", wrong)


def blind_to_inner_loops(patch: pytest.MonkeyPatch) -> None:
    """Nothing is re-indexed for what a loop has chosen."""
    right = reindex._Reindexing._chosen

    def wrong(self: Any, choice: Any, live: Any, inside: bool) -> Iterator[Operation]:
        of_a_loop = not choice.made.isdisjoint(self.graph.loop_names)
        return iter(()) if of_a_loop else right(self, choice, live, inside)

    patch.setattr(reindex._Reindexing, "_chosen", wrong)
