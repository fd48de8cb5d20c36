"""The stages in order: from the bytes of a story to its diagnostics, its graph and its module.

Nothing here prints, opens a file or ends the process: the command line and the Python interface
do, each in its own way.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from types import MappingProxyType

from storchc.diagnostics.diagnostic import Diagnostic, Problems
from storchc.overrides import Texts, given_name, read_overrides
from storchc.records import dataclass
from storchc.source import Source
from storchc.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storchc.analysis.estimation import Estimation
    from storchc.best import Taken
    from storchc.ir.graph import Graph
    from storchc.profile import Profile

NO_METHODS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a story. ``diagnostics`` stand in the order of the file.

    ``sources`` are the texts that they point into. ``typed`` is the graph as the story says it,
    ``graph`` what the later stages read: no `stop when` is in it. Both and ``estimation`` are there
    unless errors kept the stages from making them; ``code`` is there when a module was asked for
    and there are no errors. ``taken`` is what stands in the place of `Best`, by sample.
    """

    diagnostics: list[Diagnostic]
    sources: Mapping[str, Source]
    typed: Graph | None = None
    graph: Graph | None = None
    estimation: Estimation | None = None
    code: str | None = None
    taken: Mapping[str, Taken] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether there is an error among the diagnostics."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    @property
    def draws_many(self) -> bool:
        """Whether a sample is drawn more than twice: no support that is worth a word is smaller."""
        found = () if self.estimation is None else self.estimation.estimators.values()
        return any(estimator.count > 2 for estimator in found)


def check_story(
    name: str,
    data: bytes,
    methods: Mapping[str, str] = NO_METHODS,
    *,
    profile: Profile | None = None,
    until: str | None = None,
) -> Result:
    """Run every check on the story ``data``, called ``name`` in diagnostics.

    `Best` chooses by the ``profile``: NotAProfile where that is of another story. ``until`` names
    the last pass of the analysis that is run.
    """
    with _blamed(name), _uncollected():
        return _check(name, data, methods, profile, until)


def compile_story(
    name: str,
    data: bytes,
    methods: Mapping[str, str] = NO_METHODS,
    *,
    profile: Profile | None = None,
) -> Result:
    """Check the story and, when it has no errors, write its module."""
    with _blamed(name), _uncollected():
        result = _check(name, data, methods, profile)
        if result.failed or result.graph is None or result.estimation is None:
            return result
        from storchc.emit.module import generate

        code = generate(result.graph, result.estimation)
        return replace(result, code=code)


def _check(
    name: str,
    data: bytes,
    methods: Mapping[str, str],
    profile: Profile | None,
    until: str | None = None,
) -> Result:
    """Check the story, with the methods that are best where it leaves the choice to `Best`."""
    result = _checked(name, data, methods, until)
    if result.failed or result.typed is None or until or not _leaves_choice(result.typed):
        return result
    from storchc.best import choose

    if profile is not None:
        profile.must_be_of(result.typed.name)

    def legal(tried: Mapping[str, str]) -> bool:
        own = {given_name(sample) for sample in tried}
        found = _checked(name, data, {**methods, **tried})
        return not found.failed and not any(d.file in own for d in found.diagnostics)

    assert result.estimation is not None
    mixed = result.estimation.dependence.mixed
    taken = choose(result.typed, mixed, methods, profile, legal)
    texts = {sample: choice.method for sample, choice in taken.items()}
    return replace(_checked(name, data, {**methods, **texts}), taken=taken)


def _leaves_choice(graph: Graph) -> bool:
    from storchc.catalogue.ranking import RANKED

    methods = (node.method for node in graph.samples)
    return any(method is not None and method.name == RANKED for method in methods)


def _checked(
    name: str, data: bytes, methods: Mapping[str, str], until: str | None = None
) -> Result:
    from storchc.syntax.reading import read_story

    problems = Problems()
    source, story = read_story(name, data, problems)
    texts, overrides = read_overrides(source, methods, problems)
    if story is None or problems.fatal:
        return _result(texts, problems)
    from storchc.typing.build import build_graph

    typed = build_graph(story, source, problems, overrides)
    if typed is None:
        return _result(texts, problems)
    from storchc.analysis.passes import analyse

    return _result(texts, problems, typed, analyse(typed, problems, until))


def _result(
    texts: Texts,
    problems: Problems,
    typed: Graph | None = None,
    estimation: Estimation | None = None,
) -> Result:
    graph = None if estimation is None else estimation.graph
    found = sorted(problems.found, key=lambda p: (p.span, p.severity, p.code))
    return Result([texts.locate(p) for p in found], texts.by_name(), typed, graph, estimation)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the garbage: there is little, and to look for it among all records takes a tenth."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    """Tell an exception that is no diagnostic, a mistake of ours, which story brought it about."""
    try:
        yield
    except Exception as error:
        error.add_note(f"storchc {__version__} failed on the story {name}")
        raise
