"""Turns the text of a generated module into its class, without a file."""

from __future__ import annotations

import linecache
import sys
from itertools import count
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from storch_runtime import StoryModule

    class LoadedStory(StoryModule):
        """A story that is known when the program runs: what it has, no type checker can see.

        Its params, modules and functions are attributes; a call gives an `Estimate`.
        """

        def __init__(self, *parts: Any, **named: Any) -> None: ...

        def __getattr__(self, name: str) -> Any: ...


_numbers = count(1)


def load_class(code: str, name: str, story: str) -> type[LoadedStory]:
    """Execute ``code`` in a module of its own and hand out its class ``name``.

    The module is registered, so that its classes can be pickled and their source be found;
    ``linecache`` gets the code, so that tracebacks and ``inspect`` can show it.
    """
    number = next(_numbers)
    module = ModuleType(f"storchc_loaded_{number}", f"What storchc made of {story}.")
    module.__file__ = f"<storchc {number}: {story}>"
    lines = code.splitlines(keepends=True)
    linecache.cache[module.__file__] = (len(code), None, lines, module.__file__)
    sys.modules[module.__name__] = module
    try:
        exec(compile(code, module.__file__, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[module.__name__], linecache.cache[module.__file__]
        raise
    loaded: type[LoadedStory] = getattr(module, name)
    return loaded
