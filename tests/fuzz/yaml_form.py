"""YAML files broken in small ways, for stories whose other form is that."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from tests.fuzz.mutation import mutated

ROOT = Path(__file__).parents[2]
ODD = ["[]", "{}", "''", "null", "-", "?", "&a", "*a", "!!int", "|", ">-", "~"]


def seeds() -> list[str]:
    """Files of the tests, and what the guide shows."""
    texts = [f.read_text("utf-8") for f in sorted(ROOT.glob("tests/*/*/story.yaml"))]
    for page in sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("storchc/diagnostics/pages/*.md")]):
        texts += re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return [text for text in texts if text.startswith("story")]


def mutated_yaml(files: list[str], random: Random) -> str:
    """One of ``files`` with changes of any kind, and with other values behind its keys."""
    text = mutated(files, random)
    for _ in range(random.choice((0, 0, 1, 2))):
        places = list(re.finditer(r"(?<=[:\-]) [^\n,}\]]*", text))
        if places:
            place = random.choice(places)
            text = f"{text[: place.start()]} {random.choice(ODD)}{text[place.end() :]}"
    return text
