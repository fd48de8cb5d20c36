"""Models made for commands: a constructor's arguments by ``make()``, inputs from arrays."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

from storchc.diagnostics.suggest import did_you_mean, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch import Tensor

    from storchc.ir.graph import Graph
    from storchc.loading import LoadedStory

Make = Callable[[], Mapping[str, object]]
"""Gives the keyword arguments of a story's constructor."""


class CannotBuild(TypeError):
    """A model or its inputs cannot be made of what was given; its text says what to give."""


def read_make(text: str) -> Make:
    """The function that ``FILE.py:NAME`` names; its file is run, with its folder importable.

    CannotBuild where there is none.
    """
    file, colon, name = text.rpartition(":")
    if not (colon and file and name.isidentifier()):
        raise CannotBuild(f"`{text}` names no function: write it like `vae.py:make`")
    make = getattr(_executed(Path(file)), name, None)
    if not callable(make):
        raise CannotBuild(f"`{file}` has no function `{name}`")
    found: Make = make
    return found


def _executed(path: Path) -> ModuleType:
    module = ModuleType(path.stem, f"Run for `{path}`.")
    module.__file__ = str(path)
    try:
        code = compile(path.read_bytes(), str(path), "exec")
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise CannotBuild(f"cannot read `{path}`: {words}") from None
    except (SyntaxError, ValueError) as error:
        raise CannotBuild(f"`{path}` is no Python: {error}") from None
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules.setdefault(path.stem, module)
    try:
        exec(code, module.__dict__)
    except Exception as error:
        raise CannotBuild(f"`{path}` fails: {_in_a_line(error)}") from error
    finally:
        sys.path.pop(0)
    return module


def arguments_of(story: type[LoadedStory], make: Make | None) -> dict[str, Any]:
    """What the constructor of ``story`` is given, by name, checked against what it takes.

    CannotBuild where ``make`` fails, or gives too little or too much; without it (None) all that
    the story passes must have a default there.
    """
    given = {} if make is None else _made(make)
    taken = inspect.signature(story.__init__).parameters
    known = {name: taken[name] for name in list(taken)[1:]}
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known, f"there is {listed(known)}" if known else "")
            raise CannotBuild(f"make() gives `{name}`, which the story does not take; {hint}")
    missing = [
        name
        for name, p in known.items()
        if p.default is inspect.Parameter.empty and name not in given
    ]
    if missing and make is None:
        raise CannotBuild(
            f"the story has no default for {listed(missing)}: write a function that returns "
            f"{{{', '.join(f'{name!r}: …' for name in missing)}}}, and name it by "
            "`--build FILE.py:make` (in Python: `build=make`)"
        )
    if missing:
        raise CannotBuild(f"make() gives no {listed(missing, 'or')}, for which there is no default")
    return given


def _made(make: Make) -> dict[str, Any]:
    try:
        given = make()
    except Exception as error:
        raise CannotBuild(f"make() fails: {_in_a_line(error)}") from error
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise CannotBuild(
            "make() returns the constructor's keyword arguments, {'encoder': …}; "
            f"this is {type(given).__name__}"
        )
    return dict(given)


def construct(story: type[LoadedStory], given: Mapping[str, Any]) -> LoadedStory:
    """A model of ``story`` from what `arguments_of` has checked; CannotBuild where it refuses."""
    try:
        return story(**given)
    except Exception as error:
        raise CannotBuild(f"the story does not take what make() gives: {error}") from error


def _in_a_line(error: Exception) -> str:
    """What went wrong in the user's code, and where."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})" if trace else ""
    return f"{type(error).__name__}: {error}{where}"


def read_inputs(path: str | None, graph: Graph) -> dict[str, Tensor]:
    """The inputs of a story from the arrays of an ``.npz`` file, by their names.

    Floats take torch's default precision, whole numbers of an input that is `: int` 64 bits.
    Arrays of other names are left. CannotBuild where an array lacks, or is of another kind.
    """
    wanted = {given.name: given.type.dtype for given in graph.inputs}
    if not wanted:
        return {}
    if path is None:
        raise CannotBuild(
            f"the story takes {listed(wanted)}: give arrays of these names by "
            "`--inputs FILE.npz` (`numpy.savez('FILE.npz', "
            f"{', '.join(f'{name}=…' for name in wanted)})`)"
        )
    arrays = _arrays(path)
    missing = [name for name in wanted if name not in arrays]
    if missing:
        there = f"it has {listed(arrays)}" if arrays else "it is empty"
        raise CannotBuild(f"`{path}` has no array {listed(missing, 'or')}; {there}")
    return {name: _tensor(path, name, arrays[name], kind) for name, kind in wanted.items()}


def _arrays(path: str) -> dict[str, Any]:
    try:
        import numpy
    except ImportError:
        raise CannotBuild(f"to read `{path}` takes numpy: pip install 'storchc[compare]'") from None
    try:
        with numpy.load(path, allow_pickle=False) as data:
            if not isinstance(data, numpy.lib.npyio.NpzFile):
                raise ValueError("it holds one array without a name")
            return {name: data[name] for name in data.files}
    except Exception as error:
        raise CannotBuild(f"cannot read `{path}` as an .npz file: {error}") from None


_KINDS = {"float": "f", "int": "iu", "bool": "b"}


def _tensor(path: str, name: str, array: Any, kind: str) -> Tensor:
    import torch

    single = array.ndim == 0 and kind == "float" and array.dtype.kind in "iu"  # `input beta`
    if not single and array.dtype.kind not in _KINDS[kind]:
        raise CannotBuild(
            f"`{name}` of `{path}` holds {array.dtype}, and the story takes {kind}: store it as "
            "the story takes it"
        )
    dtype = {"float": torch.get_default_dtype(), "int": torch.int64, "bool": torch.bool}[kind]
    return torch.as_tensor(array).to(dtype)
