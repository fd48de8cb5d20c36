"""What every test shares: ``--accept``, and the same hypothesis examples here as in CI."""

import pytest
from hypothesis import settings

settings.load_profile("ci")  # search further by hand with --hypothesis-profile=default


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden tests ask for it by ``request.config.getoption("--accept")``."""
    parser.addoption(
        "--accept", action="store_true", help="rewrite golden files instead of failing"
    )
