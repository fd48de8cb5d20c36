"""What a `logmeanexp` joins, under a name of its own, for the methods that ask for it."""

from __future__ import annotations

from storchc.backend.code import Code
from storchc.backend.writer import Writer
from storchc.ir.expression import OverPlates, Reference
from storchc.python.expressions import index, literal, method


def askers_of(writer: Writer, value: OverPlates) -> list[str]:
    """The samples whose methods ask what this reduction joins."""
    joins = writer.estimation.joins.items()
    return [name for name, join in joins if join.reduction.span == value.span]


def joined(writer: Writer, value: OverPlates, code: Code, askers: list[str]) -> Code:
    """What is joined, with a name; the methods find it there."""
    if not isinstance(value.value, Reference):
        code = writer.named("joined", code)
    writer.joined.update(dict.fromkeys(askers, code))
    return code


def weighed(writer: Writer, bound: Code, askers: list[str]) -> Code:
    """The bound, through which pathwise methods send the weights of their draws."""
    for sample in askers:
        if writer.estimation.estimators[sample].carrier != "pathwise":
            continue
        terms = writer.joined[sample]
        stored = writer.storage.full(writer.graph.types[sample].plates)
        chosen = index(writer.inner("methods"), literal(sample))
        whole = writer.storage.align_whole(terms.py, terms.stored, stored)
        bound = Code(method(chosen, "joined", writer.draw(sample), bound.py, whole), bound.stored)
    return bound
