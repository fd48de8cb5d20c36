"""How many joint outcomes the event of a distribution has."""

from __future__ import annotations

from storchc.catalogue import distributions
from storchc.catalogue.family import Argument
from storchc.ir.expression import Construct, Literal
from storchc.ir.size import product


def support_size(made: Construct) -> int | None:
    """The joint outcomes of all event dimensions; None where a size is known at run time only."""
    family = distributions.lookup(made.family)
    if family is None or family.finite is None:
        return None
    arguments = {
        name: Argument(value.type, value.value if isinstance(value, Literal) else None)
        for name, value in made.parameters
    }
    each = family.finite(arguments)
    places = product(made.type.batch).value
    if each is None or each.value is None or places is None:
        return None
    return int(each.value**places) if places < 64 else _huge(each.value, places)


def _huge(each: int, places: int) -> int:
    """A number that is beyond every budget, without writing out its digits."""
    return 1 if each == 1 else 10**18
