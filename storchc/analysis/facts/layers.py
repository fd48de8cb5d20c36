"""The layers of a module, as far as its default in the story tells."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.ir.graph import Callee
from storchc.syntax import tree

_COUPLING = frozenset({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"})


def coupling_layer(callee: Callee) -> tree.Call | None:
    """The first layer of a module that joins the rows of a batch."""
    calls = () if callee.default is None else _calls(callee.default)
    return next((call for call in calls if layer_name(call) in _COUPLING), None)


def layers_of(callee: Callee) -> Iterator[str]:
    """The names of the layers of a module's default: ``Linear``, ``BatchNorm1d``."""
    if callee.default is not None:
        yield from map(layer_name, _calls(callee.default))


def layer_name(call: tree.Call) -> str:
    """The class of a layer, without `nn.`."""
    return call.function.id.rpartition(".")[2]


def _calls(expression: tree.Expression) -> Iterator[tree.Call]:
    if isinstance(expression, tree.Call):
        yield expression
        for argument in (*expression.args, *(k.value for k in expression.keywords)):
            yield from _calls(argument)
    elif isinstance(expression, tree.ListOf):
        for item in expression.items:
            yield from _calls(item)
