"""Options of the whole test suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite expected files from what is found")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether files of expected output are rewritten instead of compared."""
    return bool(request.config.getoption("--update-golden"))
