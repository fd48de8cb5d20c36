"""Names that the compiler makes: what they stand for is asked here, and nowhere read from them.

All begin with an underscore, which no name of a story does.
"""

from __future__ import annotations

_ALIVE = "_alive_"
_FRESH = "_new_"
_SHOWN = "_shown_"
_MEAN = "_mean_"
_CREDITED = "_credited_"
_UNCREDITED = "_uncredited_"
_FIXED = "_fixed_"


def alive_of(loop: str) -> str:
    """The truth value that says which elements of a loop have not stopped."""
    return _ALIVE + loop


def fresh_of(name: str) -> str:
    """A result of a call in this step, beside ``name``, which an element that has stopped holds."""
    return _FRESH + name


def shown_of(report: str) -> str:
    """What a report shows of elements that may have stopped."""
    return _SHOWN + report


def mean_of(name: str) -> str:
    """The expectation of a value over a sample that is summed out step by step."""
    return _MEAN + name


def credited_of(name: str) -> str:
    """The summands of a value that nothing stands `without_credit` in."""
    return _CREDITED + name


def uncredited_of(name: str, number: int) -> str:
    """Other summands of a value, which credit alike; ``number`` tells these groups apart."""
    return f"{_UNCREDITED}{name}_{number}" if number else _UNCREDITED + name


def fixed_of(name: str) -> str:
    """A value once more, the samples that it is made of taken as data."""
    return _FIXED + name


def beside_of(sample: str, number: int) -> str:
    """What a step leaves beside a sample, for the likelihood of all steps."""
    return f"_beside_{sample}_{number}" if number else f"_beside_{sample}"


def averaged(name: str) -> str:
    """The value of which ``name`` is the expectation, or else itself."""
    return name.removeprefix(_MEAN)


def before_of(sample: str) -> str:
    """The plate of the outcomes of a sample in the step before; plates have no such names."""
    return f"{sample} before"


def copy_of(sample: str, number: int) -> str:
    """A plate for the outcomes of some factors of a sample; plates have no such names."""
    return f"{sample}~{number}"


def is_alive(name: str) -> bool:
    """Whether ``name`` is the truth value of some loop."""
    return name.startswith(_ALIVE)


def is_made(name: str) -> bool:
    """Whether the compiler made ``name``."""
    return name.startswith("_")


def spelled(name: str) -> str:
    """How a name is spelled in the generated module."""
    return "alive" if is_alive(name) else name.removeprefix(_SHOWN).lstrip("_")
