"""Options of methods and samplers: numbers, words, flags, modules, or values of the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from storchc.catalogue import methods, samplers
from storchc.catalogue.method import Option
from storchc.diagnostics import names as name_words
from storchc.diagnostics import options as words
from storchc.diagnostics.diagnostic import Problem
from storchc.diagnostics.suggest import listed
from storchc.ir.expression import CallUser, Construct, Literal, Named, Reference, Value
from storchc.ir.nodes import Choice, ModuleOption, Written
from storchc.ir.types import DistributionType, Plates, write_shape
from storchc.records import dataclass
from storchc.syntax import tree
from storchc.typing import critics, distributions, expressions
from storchc.typing.constants import integer
from storchc.typing.context import Context, Refused

Constant = int | float | bool | str | None | ModuleOption
_NUMBERS_OF_VALUES = ("n", "k")


@dataclass(slots=True)
class _Reading:
    """A method or sampler under inspection, at a sample of the type ``drawn``, its name ``own``.

    ``plates``: all that the sample has, those of a plate that it joins too; None: not known.
    """

    ctx: Context
    call: tree.Call
    drawn: DistributionType | None
    own: str = ""
    plates: Plates | None = None
    constants: dict[str, Constant] = field(default_factory=dict)
    values: dict[str, Value | Construct | Named] = field(default_factory=dict)

    def choice(self) -> Choice:
        """What has been read."""
        written = {k.name.id: Written(k.span, k.value.span) for k in self.call.keywords}
        name, span = self.call.function.id, self.call.span
        return Choice(name, self.constants, self.values, span, written)


def read_method(
    ctx: Context, node: tree.Sample, drawn: DistributionType | None, plates: Plates | None
) -> Choice | None:
    """The method of a sample as the story names it; None where it names none, or a wrong one."""
    call = node.method
    if call is None:
        return None
    _check_numbers(ctx, call, node)
    name, reading = call.function, _Reading(ctx, call, drawn, node.name.id, plates)
    if name.id in ctx.uses:
        ctx.use(name)
        _each(reading, lambda keyword: _user_option(reading, keyword), None)
        return reading.choice()
    entry = methods.lookup(name.id)
    if entry is None:
        ctx.problems.add(_no_method(ctx, name))
        return None
    stated = node.plate is None and node.sampler is None
    return _read(reading, entry.options, stated=stated)


def read_sampler(ctx: Context, node: tree.Sample, drawn: DistributionType | None) -> Choice | None:
    """The sampler of a sample; None where it names none, or a wrong one."""
    call = node.sampler
    if call is None:
        return None
    if node.plate is not None:
        _check_numbers(ctx, call, node)
    entry = samplers.lookup(call.function.id)
    if entry is None:
        ctx.problems.add(_no_sampler(ctx, call.function))
        return None
    return _read(_Reading(ctx, call, drawn), entry.options, stated=node.plate is None)


def _no_method(ctx: Context, name: tree.Name) -> Problem:
    definition = ctx.scope.definitions.get(name.id)
    if definition is not None:
        return name_words.wrong_kind(name, definition.kind, "method", definition.name.span)
    if samplers.lookup(name.id) is not None:
        return name_words.wrong_kind(name, "sampler", "method")
    return name_words.unknown_method(name, "method", (*methods.names(), *ctx.uses))


def _no_sampler(ctx: Context, name: tree.Name) -> Problem:
    definition = ctx.scope.definitions.get(name.id)
    if definition is not None:
        return name_words.wrong_kind(name, definition.kind, "sampler", definition.name.span)
    if methods.lookup(name.id) is not None:
        return name_words.wrong_kind(name, "method", "sampler")
    return name_words.unknown_method(name, "sampler", samplers.names())


def _check_numbers(ctx: Context, call: tree.Call, node: tree.Sample) -> None:
    """How many values are drawn is said once, where the plate is opened."""
    for keyword in call.keywords:
        option, span = keyword.name.id, keyword.span
        if option not in _NUMBERS_OF_VALUES:
            continue
        if node.plate is not None:
            ctx.problems.add(words.number_inside_plate(span, option, node.plate.id))
        elif node.sampler is not None:
            name = node.sampler.function.id
            ctx.problems.add(words.number_on_sampler(span, option, name))


def _each(reading: _Reading, read: Callable[[tree.Keyword], None], first: str | None) -> None:
    """Read every option; each that is wrong is reported for itself."""
    call, problems = reading.call, reading.ctx.problems
    if call.args:
        problems.add(words.positional_option(call.args[0].span, call.function.id, first))
    for keyword in call.keywords:
        try:
            read(keyword)
        except Refused as refusal:
            problems.add(refusal.problem)


def _read(reading: _Reading, options: tuple[Option, ...], *, stated: bool) -> Choice:
    """``stated``: how many values there are is said here, not by a sampler or an open plate."""
    known = {option.name: option for option in options}
    owner = reading.call.function.id

    def read(keyword: tree.Keyword) -> None:
        option = known.get(keyword.name.id)
        if option is None:
            raise Refused(words.unknown_option(keyword.name, owner, known))
        _option(reading, option, keyword.value)

    _each(reading, read, next(iter(known), None))
    given = {keyword.name.id for keyword in reading.call.keywords}
    for option in options:
        waived = option.name in _NUMBERS_OF_VALUES and not stated
        if option.default is None and option.name not in given and not waived:
            span = reading.call.span
            reading.ctx.problems.add(words.missing_option(span, owner, option.name))
    return reading.choice()


# --- one option ----------------------------------------------------------------------------------


def _option(reading: _Reading, option: Option, given: tree.Expression) -> None:
    match option.kind:
        case "count":
            reading.constants[option.name] = _count(reading.ctx, option, given)
        case "number":
            _number(reading, option, given)
        case "flag":
            reading.constants[option.name] = _flag(option, given)
        case "word":
            _word(reading, option, given)
        case "module":
            found, told = critics.critic(reading.ctx, option, given, reading.own)
            reading.constants[option.name] = found
            reading.values |= told
        case "index":
            _index(reading, option, given)
        case "distribution":
            _distribution(reading, option, given)


def _count(ctx: Context, option: Option, given: tree.Expression) -> int:
    count = integer(ctx, given)
    if count is None:
        wanted = "an integer that is known when the story is compiled"
        raise Refused(words.wrong_option(given.span, option.name, wanted))
    _check_bounds(option, count, given)
    if count % option.multiple:
        raise Refused(words.option_no_multiple(given.span, option.name, option.multiple, count))
    return count


def _check_bounds(option: Option, number: int | float, given: tree.Expression) -> None:
    below = option.below is None or number < option.below
    if number >= option.least and below:
        return
    bounds = f"at least {option.least}"
    bounds += "" if option.below is None else f" and below {option.below}"
    raise Refused(words.option_out_of_bounds(given.span, option.name, bounds))


def _number(reading: _Reading, option: Option, given: tree.Expression) -> None:
    value = expressions.single(expressions.typed(reading.ctx, given))
    wanted = "a number" if option.value else "a number that is known when the story is compiled"
    match value:
        case None:
            return
        case Literal(value=bool()):
            raise Refused(words.wrong_option(given.span, option.name, wanted))
        case Literal(value=number):
            _check_bounds(option, number, given)
            reading.constants[option.name] = number
        case _ if option.value:
            _check_plates(reading, option, value)
            reading.values[option.name] = _scalar(reading.ctx, option, value)
        case _:
            raise Refused(words.wrong_option(given.span, option.name, wanted))


def _check_plates(reading: _Reading, option: Option, value: Value) -> None:
    """A draw has the plates of its distribution, and of what it joins: no option adds any."""
    more = frozenset[str]() if reading.plates is None else value.type.plates - reading.plates
    if more:
        raise Refused(words.option_plates(value.span, option.name, more))


def _scalar(ctx: Context, option: Option, value: Value) -> Value:
    """A value of the story as an option: one number for each element of its plates."""
    if value.type.shape:
        shape = write_shape(value.type.shape)
        raise Refused(words.option_shape(value.span, option.name, shape, _element(ctx, value)))
    return value


def _element(ctx: Context, value: Value) -> str:
    """How the only element of a module's output, or of what has a name, is written."""
    if [size.value for size in value.type.shape] != [1]:
        return ""
    match value:
        case Reference(name=name):
            return f"{name}[0]"
        case CallUser(callee=name):
            text = ctx.scope.source.text[value.span.start : value.span.end]
            whole = text.startswith(name) and "\n" not in text
            return f"{text if whole else f'{name}(…)'}[0]"
        case _:
            return ""


def _flag(option: Option, given: tree.Expression) -> bool:
    if not isinstance(given, tree.Constant) or given.id not in ("true", "false"):
        raise Refused(words.wrong_option(given.span, option.name, "`true` or `false`"))
    return given.id == "true"


def _word(reading: _Reading, option: Option, given: tree.Expression) -> None:
    word = given.id if isinstance(given, tree.Name | tree.Constant) else None
    if word in option.words:
        reading.constants[option.name] = word
        return
    if isinstance(given, tree.Text) and given.value in option.words:
        raise Refused(words.quoted_word(given.span, option.name, given.value))
    if not option.value:
        wanted = f"one of {listed(option.words, 'or')}"
        raise Refused(words.wrong_option(given.span, option.name, wanted))
    if isinstance(given, tree.Name) and reading.ctx.scope.kind(given.id) is None:
        values = reading.ctx.candidates("value")
        raise Refused(words.unknown_word(given, option.name, option.words, values))
    value = expressions.single(expressions.typed(reading.ctx, given))
    if value is not None:
        reading.values[option.name] = _scalar(reading.ctx, option, value)


def _index(reading: _Reading, option: Option, given: tree.Expression) -> None:
    value = expressions.single(expressions.typed(reading.ctx, given))
    if value is None:
        return
    if isinstance(value, Literal) or value.type.dtype != "int":
        raise Refused(words.wrong_option(given.span, option.name, "an `int` value of the story"))
    _check_plates(reading, option, value)
    reading.values[option.name] = _scalar(reading.ctx, option, value)


def _distribution(reading: _Reading, option: Option, given: tree.Expression) -> None:
    found = distributions.distribution(reading.ctx, given)
    if found is None:
        return
    drawn, type_ = reading.drawn, found.type
    if drawn is not None:
        if type_.sample.shape != drawn.sample.shape:
            shapes = write_shape(type_.sample.shape), write_shape(drawn.sample.shape)
            raise Refused(words.proposal_shape(given.span, *shapes))
        if type_.dtype != drawn.dtype:
            raise Refused(words.proposal_dtype(given.span, type_.dtype, drawn.dtype))
        if type_.plates - drawn.plates:
            raise Refused(words.proposal_plates(given.span, type_.plates - drawn.plates))
    reading.values[option.name] = found


# --- options of the user's own methods -----------------------------------------------------------


def _user_option(reading: _Reading, keyword: tree.Keyword) -> None:
    """Options of a user's method pass unchecked, as long as they are constants or modules."""
    name, given, ctx = keyword.name.id, keyword.value, reading.ctx
    match given:
        case tree.Text(value=text):
            reading.constants[name] = text
        case tree.Constant(id="none"):
            reading.constants[name] = None
        case tree.Name(id=word) if ctx.scope.kind(word) == "module":
            reading.constants[name] = critics.module(ctx, _ANY_MODULE, given)
        case tree.Name(id=word) if ctx.scope.kind(word) is None:
            reading.constants[name] = word
        case tree.ListOf():
            raise Refused(words.option_for_user(given.span, name, reading.call.function.id))
        case _:
            value = expressions.typed(ctx, given)
            if value is not None and not isinstance(value, Literal):
                raise Refused(words.option_for_user(given.span, name, reading.call.function.id))
            reading.constants[name] = value.value if isinstance(value, Literal) else None


_ANY_MODULE = Option("module", "module", None, "a module of the user's")
