"""Stories broken in small ways: characters, tokens and lines changed, names given twice."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

from storchc.catalogue import distributions, functions, methods, samplers

ROOT = Path(__file__).parents[2]
TOKEN = re.compile(r"\w+|\n *|[ \t]+|\*\*|//|[<>=!]=|->|[^\w\s]")
NAME = re.compile(r"[A-Za-z_]\w*")
WORDS = (
    *distributions.names(),
    *functions.names(),
    *methods.names(),
    *samplers.names(),
    *re.findall(
        r"\w+",
        """story dim plate sum input int bool param module function batched nondiff stateful use
        compute sample with using in cost observe report for range from stop when alive true false
        none inf pi and or not if else logits probs n k baseline value over dim torch F nn Tensor
        self super given loss sizes like methods forward type float dict""",
    ),
)
NUMBERS = ("0", "1", "2", "3", "-1", "1e-3", ".5", "1_000", "1e400", "9" * 30, "10" * 9, "1e18")
MARKS = (*"+-*/%@<>=()[]{},.:~#\"'\\\t\r\f", "**", "//", "->", "...", '"""', "\n", "\n    ")
ODD = ("\0", "\x85", "\u2028", "\ufeff", "\u00e9", "\U0001f600", "\ud800", "\u200b", "\x1b[31m")


def seeds() -> list[str]:
    """Whole stories: the gallery, golden modules, and every page and case of a diagnostic."""
    files = [*ROOT.glob("specs/*/*.story"), *ROOT.glob("tests/*/*/story.story")]
    texts = [file.read_bytes().decode("utf-8", "replace") for file in sorted(files)]
    for page in sorted(ROOT.glob("storchc/diagnostics/pages/*.md")):
        texts += re.findall(r"```story\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return texts


def mutated(stories: list[str], random: Random) -> str:
    """One of ``stories`` with a few changes."""
    text = random.choice(stories)
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        change = random.choice((_character, _token, _token, _token, _line, _rename, _number))
        text = change(text, stories, random)
    return text


def _character(text: str, stories: list[str], random: Random) -> str:
    """A few characters go, others come."""
    start = random.randrange(len(text) + 1)
    piece = random.choice((*MARKS, *ODD, "", "", chr(random.randrange(0x3000))))
    return text[:start] + piece + text[start + random.choice((0, 0, 1, 1, 2, 9)) :]


def _token(text: str, stories: list[str], random: Random) -> str:
    """A token goes, moves, or becomes another."""
    tokens = TOKEN.findall(text)
    if not tokens:
        return text
    at = random.randrange(len(tokens))
    other = random.choice(TOKEN.findall(random.choice(stories)) or [""])
    own = random.choice(tokens)
    new = random.choice((own, own, own, other, random.choice(WORDS), random.choice(MARKS), ""))
    return "".join([*tokens[:at], new, *tokens[at + random.choice((0, 1, 1)) :]])


def _line(text: str, stories: list[str], random: Random) -> str:
    """A line goes, moves, comes twice or comes from another story."""
    lines = text.split("\n")
    at = random.randrange(len(lines))
    taken = lines.pop(at) if random.random() < 0.6 else lines[at]
    other = random.choice(random.choice(stories).split("\n"))
    if random.random() < 0.7:
        lines.insert(random.randrange(len(lines) + 1), random.choice((taken, other)))
    return "\n".join(lines)


def _rename(text: str, stories: list[str], random: Random) -> str:
    """A name becomes another wherever it stands."""
    names = NAME.findall(text)
    if not names:
        return text
    old, new = random.choice(names), random.choice((random.choice(WORDS), random.choice(names)))
    return re.sub(rf"\b{old}\b", new, text)


def _number(text: str, stories: list[str], random: Random) -> str:
    """A number becomes another."""
    found = list(re.finditer(r"\b\d+\b", text))
    if not found:
        return text
    where = random.choice(found)
    return text[: where.start()] + random.choice(NUMBERS) + text[where.end() :]
