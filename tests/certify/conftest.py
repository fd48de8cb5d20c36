"""Stories are certified in a folder of their own, with methods of the user's beside them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from storchc.certify.session import Report, certify
from storchc.certify.variants import read_checked

Certify = Callable[..., Report]


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certify:
    """``certified(text, method, seed=0)``; `wrong` is importable in the story."""
    methods = Path(__file__).parent / "wrong.py"
    monkeypatch.syspath_prepend(str(methods.parent))

    def run(
        text: str,
        methods: Mapping[str, str] | None = None,
        *,
        seed: int = 0,
        budget: float = 30.0,
        given: Mapping[str, Any] | None = None,
    ) -> Report:
        story = read_checked("a.story", text.encode(), methods or {})
        return certify(story, seed, budget, given or {}, lambda subject, done: None)

    return run
