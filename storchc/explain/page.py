"""Markdown as plain text: the pages about diagnostics, for a terminal."""

from __future__ import annotations


def plain(markdown: str) -> str:
    """Headings underlined, code indented, the rest as it stands."""
    lines: list[str] = []
    in_code = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            in_code = not in_code
        elif in_code:
            lines.append(f"    {line}".rstrip())
        elif line.startswith("#"):
            lines.extend(_heading(line))
        else:
            lines.append(line)
    return "\n".join(lines).strip() + "\n"


def _heading(line: str) -> tuple[str, ...]:
    marks, _, title = line.partition(" ")
    return (title, "=" * len(title)) if marks == "#" else (title, "-" * len(title))
