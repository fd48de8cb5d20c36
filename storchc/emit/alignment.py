"""Values with different plates side by side: dimensions of size 1 where one lacks a plate."""

from __future__ import annotations

from storchc.ir.types import Plates
from storchc.program.storage import Storage
from storchc.python.expressions import ALL, NONE, Py, index


def align(
    storage: Storage,
    code: Py,
    stored: Plates,
    rank: int,
    plates: Plates,
    target_rank: int | None = None,
) -> Py:
    """``code`` with a singleton dimension for each of ``plates`` it lacks, as far as needed.

    Dimensions on the left of the first plate that it has are left to broadcasting.
    """
    padding = 0 if target_rank is None else target_rank - rank
    if not stored or (plates <= stored and not padding):
        return code
    order = storage.order(plates | stored)
    first = next(i for i, plate in enumerate(order) if plate in stored)
    items = [ALL if plate in stored else NONE for plate in order[first:]]
    return _indexed(code, [*items, *[NONE] * padding])


def align_whole(storage: Storage, code: Py, stored: Plates, plates: Plates, event: int = 0) -> Py:
    """As ``align``, with a dimension for every one of ``plates``, also on the left.

    One that has no event gets ``event`` singleton dimensions in its place.
    """
    if plates <= stored and not event:
        return code
    plain = [ALL if p in stored else NONE for p in storage.order(plates | stored)]
    return _indexed(code, [*plain, *[NONE] * event])


def _indexed(code: Py, items: list[Py]) -> Py:
    while items and items[-1] is ALL:
        items.pop()
    return index(code, *items) if items else code
