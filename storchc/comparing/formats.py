"""Comparisons as JSON and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from storch_runtime.comparison.result import Comparison, Row

COLUMNS = (
    "state",
    "method",
    "repeats",
    "bias",
    "bias error",
    "biased",
    "variance",
    "variance error",
    "milliseconds",
    "evaluations",
    "memory",
    "variance x ms",
    "best",
)


def as_json(
    story: str, results: Mapping[str, Comparison], methods: Mapping[str, Mapping[str, str]]
) -> str:
    """All that was found, by the names of the states; what is not a number is null.

    ``methods`` are those of each row, by samples: `Best` reads them (`storchc.profile`).
    """
    states = {name: result.as_dict() for name, result in results.items()}
    for state in states.values():
        for row in state["rows"]:
            row["methods"] = dict(methods[row["name"]])
    return json.dumps(_finite({"story": story, "states": states}), indent=2) + "\n"


def _finite(value: Any) -> Any:
    match value:
        case float() if not isfinite(value):
            return None
        case dict():
            return {key: _finite(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_finite(inner) for inner in value]
    return value


def as_csv(results: Mapping[str, Comparison]) -> str:
    """A line for each method and state; the variances of groups stand behind the others."""
    groups = list(next(iter(results.values())).groups)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *(f"variance of {group}" for group in groups)])
    for state, result in results.items():
        for row in result.rows:
            writer.writerow(_cells(state, row, row.name == result.best, groups))
    return text.getvalue()


def _cells(state: str, row: Row, best: bool, groups: Sequence[str]) -> list[object]:
    bias = (None, None) if row.bias is None else (row.bias.length, row.bias.error)
    numbers = [row.variance.value, row.variance.error, row.milliseconds]
    cells = [state, row.name, row.repeats, *bias, row.biased, *numbers, row.evaluations]
    cells += [row.memory, row.product.value, best, *(row.groups[g].value for g in groups)]
    return ["" if cell is None or cell != cell else cell for cell in cells]
