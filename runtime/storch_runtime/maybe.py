"""A word for the types of what some stories have and others do not."""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["MaybeNone"]

MaybeNone: TypeAlias = Any
"""Stands beside a type, as in ``Tensor | MaybeNone``, where None is possible in general.

Whether it is None in a story was decided when that was compiled, or by whoever wrote the method;
a type checker cannot see it, and lets the value pass for what stands beside this word.
"""
