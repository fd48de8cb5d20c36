"""The backward pass of an estimate, without the detours of the general one."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["differentiate"]

_ENGINE = getattr(torch.autograd.Variable, "_execution_engine", None)


def differentiate(loss: Tensor, retain_graph: bool = False) -> None:
    """``loss.backward()`` for a scalar loss.

    `torch.Tensor.backward` examines its arguments for a third of the time that the whole pass of a
    small story takes; here they are known. Without torch's engine at hand it is called after all.
    """
    if _ENGINE is None or torch.compiler.is_compiling():
        torch.autograd.backward(loss, retain_graph=retain_graph)
        return
    _ENGINE.run_backward(
        (loss,),
        (torch.ones_like(loss),),
        keep_graph=retain_graph,
        create_graph=False,
        inputs=(),
        allow_unreachable=True,
        accumulate_grad=True,
    )
