"""Losses, element by element: a story sums them itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Emission,
    Function,
    Misfit,
    Outcome,
    Parameter,
    Ranging,
    Together,
)
from storchc.catalogue.functions import algebra, misfits, moves
from storchc.catalogue.functions.fitting import broadcasts_to, elementwise
from storchc.catalogue.functions.ranging import REAL, fixed, one
from storchc.catalogue.functions.smooth import SMOOTH
from storchc.catalogue.functions.writing import (
    converted,
    fitted,
    functional,
    given,
    same,
    setting,
    sizes,
    tensor,
)
from storchc.ir import ranges as at
from storchc.ir.expression import Apply
from storchc.ir.size import Shape
from storchc.ir.types import write_shape
from storchc.python.expressions import Py, call, infix, literal, method, prefix, tuple_of

INPUT = (Parameter("input"), Parameter("target"))
WEIGHT = Parameter("weight", default=None)
GROUP = "losses"


def _number(name: str, default: float) -> Parameter:
    return Parameter(name, "number", default)


def _flag(name: str, default: bool) -> Parameter:
    return Parameter(name, "flag", default)


# --- of elements ---------------------------------------------------------------------------------


def _elements(name: str, parameters: tuple[Parameter, ...], e: Emission) -> Py:
    shape = e.result.shape
    codes = [fitted(e, tensor(e, position), position, shape) for position in range(len(e.types))]
    values = [p.name for p in parameters if p.kind == "value" and given(e, p.name)]
    operands = dict(zip(values, codes, strict=True))
    weight = operands.pop("weight", None)  # torch has no derivative for it
    optional = {n: method(operands.pop(n), "detach") for n in _OPTIONAL if n in operands}
    keywords = {**optional, **_changed(e, parameters), "reduction": literal("none")}
    loss = functional(name, *operands.values(), **keywords)
    return loss if weight is None else infix("*", weight, loss)


def _sides(args: Arguments) -> Outcome:
    """The two sides have one event shape, rank included, or one of them is a number."""
    outcome = elementwise("float", args)
    left, right = (t.shape for t in args.types[:2])
    if left and right and left != right:
        raise Misfit(
            f"the sides of the loss are `{write_shape(left)}` and `{write_shape(right)}`",
            "give both the same event shape, with `reshape` or an index: each pair of elements "
            "would be compared else",
            1,
        )
    return outcome


_OPTIONAL = ("pos_weight",)


def _changed(e: Emission, parameters: tuple[Parameter, ...]) -> dict[str, Py]:
    options = [p for p in parameters if p.kind != "value"]
    return {p.name: setting(e, p.name) for p in options if e.settings[p.name] != p.default}


_BROKEN = {
    "hinge_embedding_loss": frozenset({1}),  # the target is compared with 1 and -1
    "binary_cross_entropy_with_logits": frozenset({2, 3}),  # torch: no derivative to pos_weight
}


def _poisson(value: Apply) -> Together:
    """The target multiplies the log rate; Stirling's formula is in all but linear."""
    return () if value.settings["full"] else (frozenset({1}),)


_LINEAR = {
    "binary_cross_entropy": algebra.only({1}, {2}),
    "binary_cross_entropy_with_logits": algebra.only({1}, {2}, {3}),
    "kl_div": algebra.only({0}),
    "poisson_nll_loss": _poisson,
}
ELEMENTS = tuple(
    Function(
        name,
        summary,
        parameters,
        _sides,
        partial(_elements, name, parameters),
        broken=_BROKEN.get(name, "none"),
        algebra=Algebra(moves.elementwise, _LINEAR.get(name, algebra.nothing)),
        range=misfits.ELEMENTS[name][0],
        smoothness=misfits.ELEMENTS[name][1],
        align="plates",
        numbers=frozenset(range(sum(p.kind == "value" for p in parameters))),
        group=GROUP,
    )
    for name, summary, parameters in (
        ("mse_loss", "(input - target)**2", INPUT),
        ("l1_loss", "|input - target|", INPUT),
        ("smooth_l1_loss", "squared near 0, linear beyond beta", (*INPUT, _number("beta", 1.0))),
        ("huber_loss", "squared near 0, linear beyond delta", (*INPUT, _number("delta", 1.0))),
        ("binary_cross_entropy", "-log_prob of a Bernoulli given probs", (*INPUT, WEIGHT)),
        (
            "binary_cross_entropy_with_logits",
            "-log_prob of a Bernoulli given logits",
            (*INPUT, WEIGHT, Parameter("pos_weight", default=None)),
        ),
        ("kl_div", "target (log(target) - input)", (*INPUT, _flag("log_target", False))),
        (
            "poisson_nll_loss",
            "-log_prob of a Poisson given its log rate",
            (*INPUT, _flag("log_input", True), _flag("full", False), _number("eps", 1e-8)),
        ),
        (
            "hinge_embedding_loss",
            "input where the target is 1, max(0, margin - input) where it is -1",
            (*INPUT, _number("margin", 1.0)),
        ),
        (
            "margin_ranking_loss",
            "max(0, -target (input1 - input2) + margin)",
            (
                Parameter("input1"),
                Parameter("input2"),
                Parameter("target"),
                _number("margin", 0.0),
            ),
        ),
    )
)


def _soft_margin(e: Emission) -> Py:
    left, right = same(e)  # torch's own has no derivative to the target
    return functional("softplus", prefix("-", infix("*", right, left)))


SOFT_MARGIN = Function(
    "soft_margin_loss",
    "log(1 + exp(-target input))",
    INPUT,
    _sides,
    _soft_margin,
    broken="none",
    algebra=algebra.ELEMENTWISE,
    range=fixed(at.POSITIVE),
    smoothness=SMOOTH,
    group=GROUP,
)


def _gaussian(e: Emission) -> Py:
    mean, target, variance = same(e)  # torch's own looks at the values, which cannot be compiled
    scale = method(method(variance, "clamp", min=setting(e, "eps")), "sqrt")
    normal = call("torch.distributions.Normal", mean, scale, validate_args=literal(False))
    loss = prefix("-", method(normal, "log_prob", target))
    return loss if e.settings["full"] else infix("-", loss, literal(math.log(2 * math.pi) / 2))


GAUSSIAN = Function(
    "gaussian_nll_loss",
    "-log_prob of a normal given mean and variance",
    (*INPUT, Parameter("var"), _flag("full", False), _number("eps", 1e-6)),
    partial(elementwise, "float"),
    _gaussian,
    broken="none",
    algebra=algebra.ELEMENTWISE,
    range=REAL,
    smoothness=misfits.normal_smooth,
    group=GROUP,
)


# --- of classes ----------------------------------------------------------------------------------

IGNORE = Parameter("ignore_index", "int", -100)
SMOOTHING = _number("label_smoothing", 0.0)


def _classes(name: str, args: Arguments) -> Shape:
    if not args.shapes[0]:
        message = f"the input of `{name}` has no class dimension"
        raise Misfit(message, "its last event dimension counts the classes", 0)
    return args.shapes[0]


def _labels(name: str, args: Arguments) -> Outcome:
    shape = _classes(name, args)
    target = args.types[1]
    if target.dtype != "int":
        raise Misfit(f"the target of `{name}` is {target.dtype}, not int", _LABELS_HELP, 1)
    return _matched(name, shape, shape[:-1], args)


_LABELS_HELP = "give the number of the class; `argmax` makes it from a one-hot vector"


def _matched(name: str, shape: Shape, wanted: Shape, args: Arguments) -> Outcome:
    target = args.shapes[1]
    if not broadcasts_to(target, wanted):
        message = f"the target of `{name}` is `{write_shape(target)}`, not `{write_shape(wanted)}`"
        raise Misfit(message, "the target lacks the class dimension of the input, its last", 1)
    return Outcome(shape[:-1], "float")


def _cross_entropy_shape(args: Arguments) -> Outcome:
    shape = _classes("cross_entropy", args)
    if args.types[1].dtype == "int":
        return _labels("cross_entropy", args)
    if args.shapes[1] != shape:
        message = f"`{write_shape(shape)}` and `{write_shape(args.shapes[1])}` differ"
        raise Misfit(message, "probabilities have the shape of the input; class numbers are int", 1)
    return Outcome(shape[:-1], "float")


def _class_loss(name: str, parameters: tuple[Parameter, ...], e: Emission) -> Py:
    """Torch wants the class dimension second: all others become one, for two or more of them."""
    outer = (*e.plates(), *sizes(e, e.result.shape))
    keywords = {**_changed(e, parameters), "reduction": literal("none")}
    target = e.types[1]
    wanted = e.result.shape if target.dtype == "int" else target.shape
    scores = converted(e, 0)
    if name == "cross_entropy" and target.dtype == "int" and _repeated(e, keywords):
        name, scores = "nll_loss", functional("log_softmax", scores, dim=literal(-1))
    codes = (
        fitted(e, scores, 0, e.types[0].shape),
        fitted(e, e.operands[1] if target.dtype == "int" else converted(e, 1), 1, wanted),
    )
    if len(outer) < 2:
        return functional(name, *codes, **keywords)
    rows = literal(0), literal(-2)
    ends = (rows, () if target.dtype == "int" else rows)
    flat = (method(code, "flatten", *end) for code, end in zip(codes, ends, strict=True))
    losses = functional(name, *flat, **keywords)
    return call("torch.unflatten", losses, literal(0), tuple_of(*outer))


def _repeated(e: Emission, keywords: dict[str, Py]) -> bool:
    """Whether scores are repeated along plates, and better normalised before they are."""
    return e.types[0].plates != e.result.plates and SMOOTHING.name not in keywords


def _class_function(
    name: str,
    summary: str,
    parameters: tuple[Parameter, ...],
    infer: Callable[[Arguments], Outcome],
    linear: Callable[[Apply], Together],
    range: Ranging,
) -> Function:
    return Function(
        name,
        summary,
        parameters,
        infer,
        partial(_class_loss, name, parameters),
        broken="none",
        algebra=Algebra(moves.classes, linear),
        range=range,
        smoothness=misfits.classes_smooth,
        align="plates",
        group=GROUP,
    )


def _probabilities(value: Apply) -> Together:
    """Of the log-probabilities of the classes probabilities take the mean."""
    return () if value.operands[1].type.dtype == "int" else (frozenset({1}),)


CLASSES = (
    _class_function(
        "cross_entropy",
        "-log_softmax(input) at the target class (the last dimension counts classes)",
        (*INPUT, IGNORE, SMOOTHING),
        _cross_entropy_shape,
        _probabilities,
        misfits.cross_entropy,
    ),
    _class_function(
        "nll_loss",
        "-input at the target class (the last dimension counts classes)",
        (*INPUT, IGNORE),
        partial(_labels, "nll_loss"),
        algebra.only({0}),
        one(at.negative),
    ),
)

FUNCTIONS = (*ELEMENTS, SOFT_MARGIN, GAUSSIAN, *CLASSES)
