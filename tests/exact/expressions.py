"""Expressions, evaluated for one element of their plates at a time."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import torch
from torch import Tensor

from storchc.syntax import tree
from tests.exact import laws
from tests.exact.functions import CONSTANTS, FUNCTIONS, OPERATORS, UNARY, index
from tests.exact.laws import as_float
from tests.exact.worlds import lift, spread

Element = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Node:
    """A named value: one entry for each element of its plates.

    ``samples`` are the samples that it depends on, ``credited`` those of them that reach it on a
    path which no ``stop_gradient`` cuts.
    """

    plates: tuple[str, ...]
    elements: dict[tuple[int, ...], Any]
    samples: frozenset[str] = frozenset()
    credited: frozenset[str] = frozenset()

    def at(self, element: Element) -> Any:
        """The entry of the element that ``element`` belongs to."""
        return self.elements[tuple(element[p] for p in self.plates)]


@dataclass(slots=True)
class Scope:
    """What a story has defined so far.

    ``called`` is what stateful functions have said in the statement at hand, by the calls' ids.
    """

    dims: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    reductions: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    values: dict[str, Node] = field(default_factory=dict)
    weights: dict[str, list[tuple[str | None, Node]]] = field(default_factory=dict)
    enumerated: set[str] = field(default_factory=set)
    modules: dict[str, Callable[..., Any]] = field(default_factory=dict)
    called: dict[int, Node] = field(default_factory=dict)

    def elements(self, plates: tuple[str, ...]) -> list[dict[str, int]]:
        """All elements of these plates."""
        ranges = (range(self.sizes[p]) for p in plates)
        return [dict(zip(plates, place, strict=True)) for place in product(*ranges)]

    def ordered(self, plates: set[str]) -> tuple[str, ...]:
        """Plates in the order of the dimensions: newest sample plate first."""
        return tuple(p for p in self.order if p in plates)


# --- what an expression has before it is evaluated ------------------------------------------------


def parts(expression: object) -> list[Any]:
    """The direct subexpressions, in the order in which they are evaluated."""
    named = sequenced(expression)
    if named is not None:
        return [named]
    match expression:
        case tree.Unary():
            return [expression.operand]
        case tree.Binary():
            return [expression.left, expression.right]
        case tree.Conditional():
            known = _known(expression.condition)
            if known is not None:
                return [expression.then if known else expression.otherwise]
            return [expression.condition, expression.then, expression.otherwise]
        case tree.Call():
            return [
                *expression.args,
                *(k.value for k in expression.keywords if k.name.id != "over"),
            ]
        case tree.Index():
            return [expression.value, *expression.items]
        case tree.Slice():
            return [e for e in (expression.start, expression.stop, expression.step) if e]
        case tree.Attribute():
            return [expression.value]
        case tree.ListOf():
            return list(expression.items)
    return []


def sequenced(expression: object) -> tree.Name | None:
    """The name under which the sequence of a variable stands when its loop has ended."""
    if isinstance(expression, tree.Call) and expression.function.id == "sequence":
        (variable,) = expression.args
        assert isinstance(variable, tree.Name)
        return tree.Name(f"sequence of {variable.id}", variable.span)
    return None


def _known(condition: object) -> bool | None:
    """What a condition made of numbers says: only the side that it selects is there."""
    return bool(evaluate(condition, Scope(), {})) if _constant(condition) else None


def chosen(choice: tree.Conditional, scope: Scope) -> object | None:
    """The only side of a choice that is evaluated: of one by numbers, dims and loop counters."""
    dims = frozenset(scope.dims) - frozenset(scope.values)
    if not _constant(choice.condition, dims):
        return None
    return choice.then if evaluate(choice.condition, scope, {}) else choice.otherwise


def _constant(expression: object, dims: frozenset[str] = frozenset()) -> bool:
    """Whether it is made of numbers, and of these dims, by elementwise maths."""
    match expression:
        case tree.Name(id=name):
            return name in dims
        case tree.Call(function=function) if function.id not in _ELEMENTWISE:
            return False
    return all(_constant(part, dims) for part in parts(expression))


_ELEMENTWISE = ("sigmoid", "tanh", "square", "exp", "stop_gradient", "where")


def plates_of(expression: object, scope: Scope) -> set[str]:
    """The plates of an expression's value."""
    if isinstance(expression, tree.Name):
        node = scope.values.get(expression.id)
        return set(node.plates) if node else set()
    found = set().union(*(plates_of(part, scope) for part in parts(expression)))
    return found - set(reduced_plates(expression))


def reduced_plates(expression: object) -> list[str]:
    """The plates that ``over=`` names."""
    if not isinstance(expression, tree.Call):
        return []
    for keyword in expression.keywords:
        if keyword.name.id == "over":
            named = keyword.value
            plates = named.items if isinstance(named, tree.ListOf) else (named,)
            return [plate.id for plate in plates if isinstance(plate, tree.Name)]
    return []


UNCREDITED = ("stop_gradient", "without_credit")


def samples_of(expression: object, scope: Scope) -> frozenset[str]:
    """The samples that an expression depends on."""
    if isinstance(expression, tree.Name):
        node = scope.values.get(expression.id)
        return node.samples if node else frozenset()
    if (said := scope.called.get(id(expression))) is not None:
        return said.samples
    return frozenset().union(*(samples_of(part, scope) for part in parts(expression)))


def credited_of(expression: object, scope: Scope) -> frozenset[str]:
    """The samples that an expression depends on and that nothing has cut the credit of."""
    if isinstance(expression, tree.Name):
        node = scope.values.get(expression.id)
        return node.credited if node else frozenset()
    if (said := scope.called.get(id(expression))) is not None:
        return said.credited
    if isinstance(expression, tree.Call) and expression.function.id in UNCREDITED:
        return frozenset()
    return frozenset().union(*(credited_of(part, scope) for part in parts(expression)))


# --- evaluation ----------------------------------------------------------------------------------


def evaluate(expression: object, scope: Scope, element: Element) -> Any:
    """The value of ``expression`` at ``element``: a number, or a tensor ``[worlds, *event]``."""

    def of(part: object) -> Any:
        return evaluate(part, scope, element)

    match expression:
        case tree.Number() | tree.Text():
            return expression.value
        case tree.Constant():
            return CONSTANTS[expression.id]
        case tree.Name():
            named = scope.values.get(expression.id)
            return named.at(element) if named else scope.dims[expression.id]
        case tree.Unary():
            return lift(UNARY[expression.op], of(expression.operand))
        case tree.Binary():
            return lift(OPERATORS[expression.op], of(expression.left), of(expression.right))
        case tree.Conditional() if (side := chosen(expression, scope)) is not None:
            return of(side)
        case tree.Conditional():
            where = (expression.condition, expression.then, expression.otherwise)
            return lift(FUNCTIONS["where"], *(of(part) for part in where))
        case tree.ListOf():
            return [of(item) for item in expression.items]
        case tree.Index():
            return lift(index, of(expression.value), tuple(_item(i, of) for i in expression.items))
        case tree.Attribute():
            return lift(laws.attribute, of(expression.value), expression.name.id)
        case tree.Call():
            return _call(expression, scope, element)
    raise TypeError(f"the interpreter does not know {expression!r}")


def _item(item: object, of: Callable[[object], Any]) -> Any:
    if isinstance(item, tree.Dots):
        return ...
    if isinstance(item, tree.Slice):
        ends = (item.start, item.stop, item.step)
        return slice(*(None if end is None else of(end) for end in ends))
    return of(item)


def _call(call: tree.Call, scope: Scope, element: Element) -> Any:
    sequence = sequenced(call)
    if sequence is not None:
        return evaluate(sequence, scope, element)
    said = scope.called.get(id(call))
    if said is not None:
        return said.at(element)
    over = reduced_plates(call)
    if over:
        return _reduce(call, over, scope, element)
    args = [evaluate(arg, scope, element) for arg in call.args]
    named = {k.name.id: evaluate(k.value, scope, element) for k in call.keywords}
    name = call.function.id
    if name in scope.modules:
        return _run_module(scope.modules[name], args)
    if name in laws.PARAMETERS:
        return laws.law(name, *args, **named)
    return lift(FUNCTIONS[name], *args, **named)


def _run_module(module: Callable[..., Any], args: list[Any]) -> Any:
    count = max(arg.shape[0] for arg in args)
    return module(*(spread(arg, count) for arg in args))


# --- plates --------------------------------------------------------------------------------------


def _reduce(call: tree.Call, over: list[str], scope: Scope, element: Element) -> Any:
    """``mean sum max min logmeanexp`` with ``over=``: one term for each element of these plates."""
    (operand,) = call.args
    present = plates_of(operand, scope)
    assert set(over) <= present, f"{over} are no plates of the operand"
    using, credited = samples_of(operand, scope), credited_of(operand, scope)
    terms, shares = [], []
    for place in scope.elements(tuple(over)):
        here = {**element, **place}
        terms.append(evaluate(operand, scope, here))
        shares.append(weight(scope, over, here, (present, using, credited)))
    return lift(_OVER[call.function.id], terms, shares)


def weight(
    scope: Scope,
    plates: list[str],
    element: Element,
    value: tuple[set[str], frozenset[str], frozenset[str]],
) -> Any:
    """The weight of ``element`` along ``plates`` for a value with these plates and samples."""
    present, using, credited = value
    product_: Any = 1.0
    for plate in plates:
        if plate in scope.reductions:
            product_ = product_ * (1 / scope.sizes[plate])
            continue
        for sample, node in scope.weights[plate]:
            if sample is None or sample in using or sample in scope.enumerated:
                share = _share(node, scope, element, present)
                cut = isinstance(share, Tensor) and sample not in credited
                product_ = lift(operator.mul, product_, share.detach() if cut else share)
    return product_


def _share(node: Node, scope: Scope, element: Element, present: set[str]) -> Any:
    """The weight at ``element``; the product over plates of it that the value has lost."""
    lost = tuple(p for p in node.plates if p not in present)
    product_: Any = 1.0
    for place in scope.elements(lost):
        product_ = lift(operator.mul, product_, node.at({**element, **place}))
    return product_


def _weighted(terms: list[Any], weights: list[Any]) -> Any:
    return sum(as_float(t) * w for t, w in zip(terms, weights, strict=True))


def _log_weighted(terms: list[Any], weights: list[Any]) -> Tensor:
    shares = [torch.as_tensor(t).exp() * w for t, w in zip(terms, weights, strict=True)]
    return torch.stack(torch.broadcast_tensors(*shares)).sum(0).log()


_OVER: dict[str, Callable[[list[Any], list[Any]], Any]] = {
    "mean": _weighted,
    "logmeanexp": _log_weighted,
    "sum": lambda terms, _: sum(terms),
    "max": lambda terms, _: torch.stack(terms).amax(0),
    "min": lambda terms, _: torch.stack(terms).amin(0),
}
