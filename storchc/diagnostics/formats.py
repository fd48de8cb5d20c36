"""Diagnostics for programs: JSON records, GitHub's workflow commands, SARIF 2.1.0."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from storchc.diagnostics.diagnostic import Diagnostic, DiagnosticLabel
from storchc.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(found: Iterable[Diagnostic]) -> str:
    """A list of records, one on each line."""
    records = ",\n".join(json.dumps(asdict(diagnostic)) for diagnostic in found)
    return f"[\n{records}\n]\n" if records else "[]\n"


def as_github(found: Iterable[Diagnostic]) -> str:
    """Workflow commands that annotate the lines of a pull request."""
    return "".join(_command(diagnostic) + "\n" for diagnostic in found)


def as_sarif(found: Iterable[Diagnostic]) -> str:
    """One run of a static analysis, for code hosts and editors."""
    listed = list(found)
    driver = {"name": "storchc", "version": __version__, "rules": _rules(listed)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(diagnostic) for diagnostic in listed],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


WRITERS: Mapping[str, Callable[[Iterable[Diagnostic]], str]] = {
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}


def _command(diagnostic: Diagnostic) -> str:
    place = {
        "file": diagnostic.file,
        "line": diagnostic.line,
        "endLine": diagnostic.end_line,
        "col": diagnostic.column,
        "endColumn": diagnostic.end_column,
        "title": diagnostic.code,
    }
    fields = ",".join(f"{key}={_escape(str(value), ':,')}" for key, value in place.items())
    text = f"{diagnostic.message}\nhelp: {diagnostic.help}"
    return f"::{diagnostic.severity} {fields}::{_escape(text)}"


def _escape(text: str, more: str = "") -> str:
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def _rules(found: list[Diagnostic]) -> list[dict[str, Any]]:
    if not found:
        return []
    from storchc.diagnostics.codes import CODES

    codes = sorted({diagnostic.code for diagnostic in found})
    return [{"id": code, "shortDescription": {"text": CODES[code]}} for code in codes]


def _sarif_result(diagnostic: Diagnostic) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "level": diagnostic.severity,
        "message": {"text": f"{diagnostic.message}; {diagnostic.help}"},
        "locations": [_location(diagnostic)],
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {**_location(label), "message": {"text": label.text}} for label in diagnostic.labels
        ]
    return result


def _location(place: Diagnostic | DiagnosticLabel) -> dict[str, Any]:
    from urllib.parse import quote

    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    artifact = {"uri": quote(os.fsencode(place.file.replace("\\", "/")))}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
