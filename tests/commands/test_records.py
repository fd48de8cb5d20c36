"""Records behave as the standard library's frozen dataclasses with slots do."""

import copy
import dataclasses
import pickle
from dataclasses import field
from typing import Any

import pytest

from storchc import records

KINDS = {"ours": records.dataclass, "standard": dataclasses.dataclass}


@records.dataclass(frozen=True, slots=True)
class Kept:
    """A record at the top of a module, where pickle finds it."""

    name: str


def make(kind: str) -> Any:
    """A class with every sort of field that the compiler uses."""

    @KINDS[kind](frozen=True, slots=True)
    class Thing:
        """A thing."""

        name: str
        items: tuple[int, ...] = ()
        tags: dict[str, Any] = field(default_factory=dict)
        span: int = field(default=0, compare=False, repr=False)

        @property
        def size(self) -> int:
            """How many items."""
            return len(self.items)

    return Thing


@pytest.mark.parametrize("kind", KINDS)
def test_behaviour(kind: str) -> None:
    thing = make(kind)
    one, same = thing("a", (1, 2), span=3), thing("a", (1, 2), span=4)
    assert one == same
    assert one != thing("b", (1, 2))
    assert one != ("a", (1, 2), {})
    assert repr(one).endswith("Thing(name='a', items=(1, 2), tags={})")
    assert (one.size, one.span, thing("x").tags) == (2, 3, {})
    assert thing("x").tags is not thing("x").tags
    assert dataclasses.replace(one, name="b").name == "b"
    assert dataclasses.asdict(one) == {"name": "a", "items": (1, 2), "tags": {}, "span": 3}
    assert copy.deepcopy(one) == one
    assert not hasattr(one, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        one.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        del one.name
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument"):
        thing()
    match one:
        case thing(name, items):
            assert (name, items) == ("a", (1, 2))


def test_hashes_and_pickles() -> None:
    assert hash(Kept("a")) == hash(Kept("a"))
    assert {Kept("a"), Kept("a"), Kept("b")} == {Kept("a"), Kept("b")}
    assert pickle.loads(pickle.dumps(Kept("a"))) == Kept("a")
