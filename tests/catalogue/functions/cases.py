"""What every function means for one element of the plates, in plain torch."""

from __future__ import annotations

from tests.catalogue.functions import (
    cases_elementwise,
    cases_events,
    cases_linear,
    cases_losses,
)

CASES = (
    *cases_elementwise.CASES,
    *cases_events.CASES,
    *cases_linear.CASES,
    *cases_losses.CASES,
)
