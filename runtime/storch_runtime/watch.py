"""Stories whose methods train parameters of their own notice when that training is left out."""

from __future__ import annotations

from torch import Tensor

__all__ = ["Mark", "Watch"]


class Watch:
    """Whether the last estimate's loss was differentiated without the methods' own losses."""

    __slots__ = ("unsettled",)

    def __init__(self) -> None:
        self.unsettled = False

    def check(self) -> None:
        """Raise where the last step left the methods' own parameters without a gradient."""
        if self.unsettled:
            self.unsettled = False
            raise RuntimeError(
                "the last estimate's `loss` was differentiated, but the methods of this story have "
                "parameters of their own, which got no gradient: call `estimate.backward()`, or "
                "add `estimate.method_loss` to the loss"
            )


class Mark:
    """A hook on one loss: tells the watch when the loss is differentiated."""

    __slots__ = ("placed", "settled", "watch")

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.placed = False
        self.settled = False

    def __call__(self, gradient: Tensor) -> None:
        """The loss is being differentiated."""
        if not self.settled:
            self.watch.unsettled = True

    def settle(self) -> None:
        """The methods' own losses take part."""
        self.settled = True
        self.watch.unsettled = False
