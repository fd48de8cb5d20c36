"""Random nests of loops, and what reaches what in them when every step is carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from storchc.analysis.dataflow import Memory, Variable, names_in
from storchc.driver import check_story
from storchc.ir.expression import CallUser, Distribution, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Loop, Node, Sample
from storchc.ir.walk import expressions, walk

STEPS = 4
"""One more than there are variables that a step hands on: two, and what a function has in mind."""


MEMORY = Memory("f")
"""What the stateful function of every nest has in mind: what it was called with."""


@dataclass
class Nest:
    """A story while it is written."""

    draw: st.DrawFn
    lines: list[str] = field(default_factory=list)
    names: int = 0

    def fresh(self, letter: str) -> str:
        """A name that the story does not have yet."""
        self.names += 1
        return f"{letter}{self.names}"

    def value(self, visible: list[str]) -> str:
        """An expression of names that can be read, the latest more often than others."""
        a, b = (self.draw(st.sampled_from([*visible, *visible[-2:] * 2])) for _ in range(2))
        return self.draw(st.sampled_from([a, f"{a} + {b}", f"f({a})", f"f({b})"]))

    def block(self, visible: list[str], indent: str, depth: int) -> list[str]:
        """Some statements; the names that can be read behind them."""
        known = list(visible)
        for _ in range(self.draw(st.integers(1, 3))):
            match self.draw(st.sampled_from("cssk" if depth == 2 else "csskll")):
                case "c":
                    known.append(self.compute(known, indent))
                case "s":
                    known.append(self.sample(known, indent))
                case "k":
                    self.lines.append(f"{indent}cost {self.fresh('k')} = {self.value(known)}")
                case _:
                    known += self.loop(known, indent, depth)
        return known

    def compute(self, visible: list[str], indent: str) -> str:
        """A computed value; its name."""
        name = self.fresh("v")
        self.lines.append(f"{indent}compute {name} = {self.value(visible)}")
        return name

    def sample(self, visible: list[str], indent: str) -> str:
        """A sample; its name."""
        name = self.fresh("z")
        self.lines.append(f"{indent}sample {name} ~ Normal({self.value(visible)}, 1)")
        return name

    def loop(self, visible: list[str], indent: str, depth: int) -> list[str]:
        """A loop; the names that it leaves behind."""
        carried = [self.fresh("h") for _ in range(self.draw(st.integers(0, 2)))]
        initial = ", ".join(f"{name} = {self.value(visible)}" for name in carried)
        start = f"for {self.fresh('t')} in range({STEPS})" + (f" from {initial}" if carried else "")
        self.lines.append(f"{indent}{start}:")
        known = self.block([*visible, *carried], indent + "    ", depth + 1)
        for name in self.draw(st.permutations(carried)):
            self.lines.append(f"{indent}    compute {name} = {self.value(known)}")
        if self.draw(st.booleans()):
            self.block(known, indent + "    ", 2)
        return carried


@st.composite
def nests(draw: st.DrawFn) -> str:
    """The text of a story with loops within loops."""
    nest = Nest(draw, ["story Nest", "function f stateful: [] -> []", "param w = 0.1"])
    nest.lines.append("sample z0 ~ Normal(w, 1)")
    known = nest.block(["w", "z0"], "", 0)
    nest.loop(known, "", 0)
    return "\n".join([*nest.lines, f"cost last = {nest.value(known)}"]) + "\n"


Instance = tuple[str, tuple[int, ...]]
"""A statement by the name that it makes, in the steps of the loops around it."""

Reached = Mapping[Variable, frozenset[Instance]]


@dataclass
class Unrolled:
    """Every statement of a story as it is carried out in every step, with all that reaches it.

    A loop may end after any of its steps, as a fact of it holds whatever their number.
    """

    story: Graph
    made: dict[Instance, frozenset[Instance]] = field(default_factory=dict)

    def run(self, nodes: tuple[Node, ...], known: Reached, steps: tuple[int, ...]) -> Reached:
        """Carry out some statements; what reaches each variable behind them."""
        now = dict(known)
        for node in nodes:
            if isinstance(node, Loop):
                now = dict(self._loop(node, now, steps))
            else:
                self._statement(node, now, steps)
        return now

    def _loop(self, loop: Loop, known: Reached, steps: tuple[int, ...]) -> Reached:
        now = dict(known)
        for carried in loop.carried:
            now |= _begun(carried, known, now.get(MEMORY, frozenset()))
        left: dict[Variable, frozenset[Instance]] = {}
        for step in range(STEPS):
            now = dict(self.run(loop.body, now, (*steps, step)))
            left = {v: left.get(v, frozenset()) | fact for v, fact in now.items()}
        return left

    def _statement(
        self, node: Node, now: dict[Variable, frozenset[Instance]], steps: tuple[int, ...]
    ) -> None:
        read = frozenset[Instance]().union(*(now.get(v, ()) for v in names_in(expressions(node))))
        called = calls(*expressions(node))
        match node:
            case Compute((name,)) | Sample(name) | Cost(name):
                own = (name, steps)
                read |= now.get(MEMORY, frozenset()) if called else frozenset()
                self.made[own] = self.made.get(own, frozenset()) | read
                now[name] = read | {own}
                if called:
                    now[MEMORY] = read


def _begun(carried: Carried, known: Reached, memory: frozenset[Instance]) -> Reached:
    """A carried variable before the first step; the function remembers a call in the header."""
    initial, called = names_in([carried.initial]), calls(carried.initial)
    read = frozenset[Instance]().union(*(known.get(v, ()) for v in initial))
    read |= memory if called else frozenset()
    return {carried.name: read, MEMORY: read} if called else {carried.name: read}


def calls(*roots: Value | Distribution) -> bool:
    """Whether expressions call the stateful function."""
    return any(isinstance(part, CallUser) for root in roots for part in walk(root))


def unrolled(text: str) -> tuple[Graph, Mapping[Instance, frozenset[Instance]]]:
    """The graph of a story; what reaches each of its statements, in each step."""
    story = check_story("nest.story", text.encode(), until="flow").graph
    assert story is not None
    found = Unrolled(story)
    found.run(story.nodes, {}, ())
    return story, found.made
