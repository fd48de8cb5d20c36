"""``dataclass(slots=True)``, frozen or not, made in a sixth of the time.

The standard library compiles six methods for each class, which for the hundred classes of the
compiler takes longer than checking a story. Here only the constructor is compiled, and all other
methods are shared.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass
    from typing import Any, NoReturn
else:

    def dataclass(**options: bool) -> Callable[[type], type]:
        """As in the standard library, and by it when anything else is asked for."""
        match options:
            case {"frozen": True, "slots": True} if len(options) == 2:
                return _record
            case {"slots": True} if len(options) == 1:
                return _mutable
            case _:
                return dataclasses.dataclass(**options)


def _record(cls: type) -> type:
    return _made(cls, _FROZEN)


def _mutable(cls: type) -> type:
    return _made(cls, _CHANGING)


def _made(cls: type, shared: dict[str, Any]) -> type:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    fields = dataclasses.fields(made)
    made.__init__ = _constructor(made, fields)
    for name, method in shared.items():
        if name not in vars(cls):
            setattr(made, name, method)
    compared = [field.name for field in fields if field.compare]
    made._compared = attrgetter(*compared) if compared else type
    result: type = made
    return result


def _constructor(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    """``__init__`` with a parameter for every field, compiled at once."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_absent": _ABSENT}
    parameters, body = ["self"], []
    for field in fields:
        name, default = field.name, f"_default_{field.name}"
        value = name
        if not field.init:
            continue
        if field.default is not dataclasses.MISSING:
            names[default] = field.default
            parameters.append(f"{name}={default}")
        elif field.default_factory is not dataclasses.MISSING:
            names[default] = field.default_factory
            parameters.append(f"{name}=_absent")
            value = f"{default}() if {name} is _absent else {name}"
        else:
            parameters.append(name)
        body.append(f" _set(self, {name!r}, {value})\n")
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()\n")
    exec(f"def __init__({', '.join(parameters)}):\n{''.join(body) or ' pass'}", names)
    constructor: Callable[..., None] = names["__init__"]
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    return constructor


_ABSENT = object()


def _equal(self: Any, other: Any) -> object:
    if type(self) is not type(other):
        return NotImplemented
    return self._compared(self) == self._compared(other)


def _hash(self: Any) -> int:
    return hash(self._compared(self))


def _show(self: Any) -> str:
    shown = [f.name for f in dataclasses.fields(self) if f.repr]
    return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in shown)})"


def _refuse(self: object, name: str, *_: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_CHANGING: dict[str, Any] = {"__eq__": _equal, "__hash__": None, "__repr__": _show}

_FROZEN: dict[str, Any] = {
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _show,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _state,
    "__setstate__": _restore,
}
