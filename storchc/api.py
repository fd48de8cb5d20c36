"""The Python interface: a story by its path, or its text by the keyword ``text``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from storchc.diagnostics.diagnostic import Diagnostic, StoryError, StoryWarning, in_short
from storchc.driver import NO_METHODS, Result, check_story, compile_story

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from storch_runtime.comparison.contest import Progress
    from storch_runtime.comparison.result import Comparison
    from storch_runtime.observing import Inputs
    from storchc.ir.graph import Graph
    from storchc.loading import LoadedStory
    from storchc.profile import Profile

StoryPath = str | os.PathLike[str]


def compile(
    path: StoryPath | None = None,
    *,
    text: str | None = None,
    methods: Mapping[str, str] | None = None,
    profile: StoryPath | None = None,
) -> str:
    """The text of the module that computes the story.

    Args:
        path: the story's file.
        text: the story itself, in place of a file.
        methods: replaces methods by the names of their samples: ``{"z": "Expect()"}``.
        profile: what `compare` has measured, a file of ``storchc compare --json``: `Best` chooses
            by it.

    Raises:
        StoryError: the story has errors.
    """
    return _code(
        _sound(compile_story(*_read(path, text), _checked(methods), profile=_profile(profile)))
    )


def load(
    path: StoryPath | None = None,
    *,
    text: str | None = None,
    methods: Mapping[str, str] | None = None,
    profile: StoryPath | None = None,
) -> type[LoadedStory]:
    """The class that computes the story, ready to be constructed. Takes what ``compile`` takes.

    What is doubtful in the story is a ``StoryWarning``.
    """
    import warnings

    from storchc.loading import load_class

    name, data = _read(path, text)
    result = _sound(compile_story(name, data, _checked(methods), profile=_profile(profile)))
    for diagnostic in result.diagnostics:
        warnings.warn(in_short(diagnostic), StoryWarning, stacklevel=2)
    assert result.graph is not None
    return load_class(_code(result), result.graph.name, name)


def compare(
    path: StoryPath | None = None,
    *,
    text: str | None = None,
    methods: Sequence[Mapping[str, str] | str] | Literal["all"] | None = None,
    inputs: Inputs = (),
    build: Callable[[], Mapping[str, object]] | None = None,
    state: StoryPath | None = None,
    repeats: int = 1000,
    budget: float | None = None,
    seed: int = 0,
    listen: Callable[[Progress], None] | None = None,
) -> Comparison:
    """Measure bias, variance and time of several estimators of the story's gradient.

    What `storchc compare` does; `print` shows its table.

    Args:
        path: the story's file.
        text: the story itself, in place of a file.
        methods: what to compare, each by the names of the samples, ``{"z": "Expect()"}``, where
            there is one sample its method alone; ``"all"`` that are legal; None: a handful.
        inputs: what the model is called with: one tensor, a tuple, or a mapping by name.
        build: returns the keyword arguments of the story's constructor; without it all must have
            defaults in the story.
        state: a checkpoint of the model's weights (`torch.save(model.state_dict(), …)`).
        repeats: estimates of each gradient, at most.
        budget: seconds after which it ends, with what is known until then.
        seed: of all draws. The same seed gives the same figures, times aside.
        listen: hears how far it is.

    Raises:
        StoryError: the story has errors, or does not take one of the methods.
        TypeError: a model cannot be made of what ``build`` returns, or nothing can be compared.
    """
    from storchc.comparing.story import Asked, chosen, compared

    name, data = _read(path, text)
    graph = _sound(check_story(name, data)).typed
    assert graph is not None
    wanted = _combinations(graph, methods)
    states = () if state is None else (Path(state),)
    asked = Asked(wanted, repeats, budget, seed, states, listen)
    candidates = chosen(name, data, graph, asked)
    for candidate in candidates:
        _sound(candidate.result)
    return compared(name, data, graph, candidates, inputs, build, asked)[0]


def _combinations(
    graph: Graph, methods: Sequence[Mapping[str, str] | str] | str | None
) -> list[Mapping[str, str]] | str | None:
    """The methods to compare, each by the names of samples."""
    if methods is None or methods == "all":
        return methods
    words = "methods= lists what to compare, [{'z': 'Expect()'}, …], or is 'all'"
    if isinstance(methods, str | Mapping) or not isinstance(methods, Sequence):
        raise TypeError(f"{words}; this is {methods!r}")
    if any(isinstance(method, str) for method in methods) and len(graph.samples) != 1:
        raise TypeError(f"{words}: the story has {len(graph.samples)} samples, so name them")
    alone = [sample.name for sample in graph.samples]
    return [
        {alone[0]: method} if isinstance(method, str) else _checked(method) for method in methods
    ]


def check(
    path: StoryPath | None = None,
    *,
    text: str | None = None,
    methods: Mapping[str, str] | None = None,
    profile: StoryPath | None = None,
) -> list[Diagnostic]:
    """Everything that is wrong or doubtful in the story, in its order; empty when all is well."""
    return check_story(*_read(path, text), _checked(methods), profile=_profile(profile)).diagnostics


def analyze(
    path: StoryPath | None = None,
    *,
    text: str | None = None,
    methods: Mapping[str, str] | None = None,
    profile: StoryPath | None = None,
) -> Graph:
    """The typed graph of the story, as it says it. Raises ``StoryError`` when it has errors."""
    graph = _sound(
        check_story(*_read(path, text), _checked(methods), profile=_profile(profile))
    ).typed
    assert graph is not None
    return graph


def _profile(path: StoryPath | None) -> Profile | None:
    """The profile in a file; ValueError where it is none."""
    if path is None:
        return None
    from storchc.profile import read_profile

    return read_profile(os.fspath(path), Path(path).read_bytes())


def _checked(methods: Mapping[str, str] | None) -> Mapping[str, str]:
    """``methods`` as they are: those of samples by their names."""
    if methods is None:
        return NO_METHODS
    if isinstance(methods, Mapping):
        texts = [*methods, *methods.values()]
        if all(isinstance(text, str) for text in texts):
            return methods
    raise TypeError(
        "methods= gives methods by the names of their samples, {'z': 'Expect()'};"
        f" this is {methods!r}"
    )


def _read(path: StoryPath | None, text: str | None) -> tuple[str, bytes]:
    """The name of a story and its bytes."""
    if (path is None) == (text is None):
        raise TypeError("give either the path of a story or its text=")
    if text is not None:
        if not isinstance(text, str):
            raise TypeError(f"text= is the text of a story, a str; this is {type(text).__name__}")
        return "<text>", text.encode("utf-8", "surrogatepass")
    assert path is not None
    if isinstance(path, str) and "\n" in path:
        raise TypeError("this is the text of a story, not its path: give it by the keyword text=")
    return os.fspath(path), Path(path).read_bytes()


def _sound(result: Result) -> Result:
    if result.failed:
        raise StoryError(result.diagnostics)
    return result


def _code(result: Result) -> str:
    assert result.code is not None
    return result.code
