"""What users import says what goes in and comes out: shapes, errors, sources; its examples run."""

from __future__ import annotations

import ast
import doctest
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

import pytest

import storch_runtime
from storch_runtime import distributions, methods, samplers

SHAPE = re.compile(r"\[[^\]]*\]``|scalar|[Ss]ee `|any shape|shapes? of|shaped")
RUN_BY_USERS = (
    "Estimate",
    "Method",
    "Downstream",
    "Sampler",
    "StoryModule",
    "gradient_statistics",
    "reduce_plates",
    "variance",
)


def exported(module: ModuleType) -> dict[str, Any]:
    """The classes and functions that a module exports."""
    named = {name: thing for name, thing in vars(module).items() if name[0] != "_"}
    return {n: t for n, t in named.items() if inspect.isclass(t) or inspect.isfunction(t)}


PUBLIC = {
    f"{module.__name__.removeprefix('storch_runtime.')}.{name}": thing
    for module in (storch_runtime, methods, samplers, distributions)
    for name, thing in exported(module).items()
}


def own(kind: type) -> list[type]:
    return [c for c in kind.__mro__ if c.__module__.startswith("storch_runtime")]


def functions(thing: Any) -> Iterator[tuple[FunctionType, str]]:
    """The public functions of something public, each with all that is said of it.

    What overrides a function keeps to what is said of that one; a property is a part of its class.
    """
    if not inspect.isclass(thing):
        yield thing, thing.__doc__ or ""
        return
    for name in {name for kind in own(thing) for name in vars(kind) if name[0] != "_"}:
        found = [vars(kind)[name] for kind in own(thing) if name in vars(kind)]
        said = [part.__doc__ or "" for part in found]
        first = found[0]
        if isinstance(first, property):
            said += [kind.__doc__ or "" for kind in own(thing) if name in vars(kind)]
            said.append(thing.__doc__ or "")
            first = first.fget
        if isinstance(first, FunctionType):
            yield first, "\n".join(said)


def raised(function: FunctionType) -> set[str]:
    """The errors that its own code raises by name; none where a subclass is to have some."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    assert isinstance(tree.body[0], ast.FunctionDef)
    if all(isinstance(part, ast.Expr | ast.Raise) for part in tree.body[0].body):
        return set()
    calls = [n.exc for n in ast.walk(tree) if isinstance(n, ast.Raise)]
    names = {c.func.id for c in calls if isinstance(c, ast.Call) and isinstance(c.func, ast.Name)}
    return {name for name in names if name.endswith("Error")}


def lacking(thing: Any) -> list[str]:
    """What is missing where something public is described."""
    missing = []
    kinds = own(thing) if inspect.isclass(thing) else []
    files = [inspect.getmodule(part) for part in (*kinds, thing)]
    around = "\n".join(part.__doc__ or "" for part in (*kinds, *files) if part is not None)
    for function, said in functions(thing):
        tensors = any("Tensor" in str(kind) for kind in function.__annotations__.values())
        if tensors and not SHAPE.search(said):
            missing.append(f"{function.__qualname__}: no shape")
        missing += [
            f"{function.__qualname__}: {error}"
            for error in raised(function)
            if error not in said + around
        ]
    return missing


@pytest.mark.parametrize("name", PUBLIC)
def test_shapes_and_errors_are_said(name: str) -> None:
    assert PUBLIC[name].__doc__
    assert not lacking(PUBLIC[name])


@pytest.mark.parametrize("folder", [methods, samplers])
def test_methods_and_samplers_have_shapes_and_sources(folder: ModuleType) -> None:
    """What a method does stands in its file, to which its class points."""
    for name, thing in exported(folder).items():
        file = inspect.getmodule(thing)
        if thing is samplers.Sampler:
            continue
        assert file is not None
        assert all(f"\n{word}: " in (file.__doc__ or "") for word in ("Shapes", "Reference")), name
        assert f"`{file.__name__}`" in (thing.__doc__ or ""), name


def test_families_say_what_they_are_made_of() -> None:
    for name, family in exported(distributions).items():
        kind = distributions.Distribution
        if inspect.isclass(family) and issubclass(family, kind) and family is not kind:
            assert "\n    Parameters: " in (family.__doc__ or ""), name
            assert "\n    Value: " in (family.__doc__ or ""), name


def test_what_users_call_has_an_example() -> None:
    for name in RUN_BY_USERS:
        assert ">>> " in (getattr(storch_runtime, name).__doc__ or ""), name


def test_examples_run() -> None:
    found = pkgutil.walk_packages(storch_runtime.__path__, "storch_runtime.")
    modules = [storch_runtime, *(import_module(info.name) for info in found)]
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.attempted for result in results) > 50
    assert sum(result.failed for result in results) == 0


def test_what_says_nothing_is_found() -> None:
    def silent(value: Any, count: int) -> Any:
        """Something."""
        if count:
            raise ValueError("no")

    silent.__annotations__["value"] = "Tensor"
    name = silent.__qualname__
    assert lacking(silent) == [f"{name}: no shape", f"{name}: ValueError"]


@pytest.mark.parametrize(
    ("name", "where"),
    [("ScoreFunction", "methods"), ("MonteCarlo", "samplers"), ("Normal", "distributions")],
)
def test_an_import_from_the_wrong_place_names_the_right_one(name: str, where: str) -> None:
    words = f"`{name}` is exported by `storch_runtime.{where}`"
    with pytest.raises(ImportError, match=re.escape(words)):
        exec(f"from storch_runtime import {name}")
    assert not hasattr(storch_runtime, "Normla")
