"""The methods of a story, by sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import nn

from storch_runtime.method import Method
from storch_runtime.methods.expect import Expect

__all__ = ["Methods"]

_TAKEN = frozenset(dir(nn.ModuleDict)) | {"training"}


class Methods(nn.ModuleDict):
    """The methods of a story by the names of their samples, whatever these are.

    A sample may be called ``keys`` or ``training``, which a plain `nn.ModuleDict` refuses: such
    names are kept with a hyphen behind them, which no name of a story has.
    """

    def __getitem__(self, key: str) -> Method:
        method = self._modules.get(key) or self._modules.get(f"{key}-")
        if method is None:
            raise KeyError(key)
        return method  # type: ignore[return-value]

    def __setitem__(self, key: str, module: nn.Module) -> None:
        self._modules[f"{key}-" if key in _TAKEN else key] = module
        if isinstance(module, Method):
            module.stand_at(key)

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> Any:
        """The names of the samples."""
        return [name.removesuffix("-") for name in self._modules]

    def items(self) -> Any:
        """The names of the samples with their methods."""
        return list(zip(self.keys(), self._modules.values(), strict=True))

    def expect(self, sample: str) -> Expect:
        """The method of a sample whose outcomes the story was compiled to sum over."""
        method = self[sample]
        if not isinstance(method, Expect):
            raise TypeError(
                f"the story was compiled with `Expect` for `{sample}`, which is a "
                f"`{type(method).__name__}` now"
            )
        return method
