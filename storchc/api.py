"""The Python interface: a story by its path, or its text by the keyword ``text``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from storchc.diagnostics.diagnostic import Diagnostic, StoryError, StoryWarning, in_short
from storchc.driver import NO_METHODS, Result, check_story, compile_story

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storchc.ir.graph import Graph
    from storchc.loading import LoadedStory

StoryPath = str | os.PathLike[str]


def compile(
    path: StoryPath | None = None,
    *,
    text: str | None = None,
    methods: Mapping[str, str] | None = None,
) -> str:
    """The text of the module that computes the story.

    Args:
        path: the story's file.
        text: the story itself, in place of a file.
        methods: replaces methods by the names of their samples: ``{"z": "Expect()"}``.

    Raises:
        StoryError: the story has errors.
    """
    return _code(_sound(compile_story(*_read(path, text), _checked(methods))))


def load(
    path: StoryPath | None = None,
    *,
    text: str | None = None,
    methods: Mapping[str, str] | None = None,
) -> type[LoadedStory]:
    """The class that computes the story, ready to be constructed. Takes what ``compile`` takes.

    What is doubtful in the story is a ``StoryWarning``.
    """
    import warnings

    from storchc.loading import load_class

    name, data = _read(path, text)
    result = _sound(compile_story(name, data, _checked(methods)))
    for diagnostic in result.diagnostics:
        warnings.warn(in_short(diagnostic), StoryWarning, stacklevel=2)
    assert result.graph is not None
    return load_class(_code(result), result.graph.name, name)


def check(
    path: StoryPath | None = None,
    *,
    text: str | None = None,
    methods: Mapping[str, str] | None = None,
) -> list[Diagnostic]:
    """Everything that is wrong or doubtful in the story, in its order; empty when all is well."""
    return check_story(*_read(path, text), _checked(methods)).diagnostics


def analyze(
    path: StoryPath | None = None,
    *,
    text: str | None = None,
    methods: Mapping[str, str] | None = None,
) -> Graph:
    """The typed graph of the story, as it says it. Raises ``StoryError`` when it has errors."""
    graph = _sound(check_story(*_read(path, text), _checked(methods))).typed
    assert graph is not None
    return graph


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
