"""A Spark session, whose settings tests may change: they are put back."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.spark import spark_session

_CHANGED = ("spark.sql.ansi.enabled", "spark.sql.session.timeZone", "spark.sql.groupByOrdinal")


@pytest.fixture
def spark() -> Iterator[Any]:
    session = spark_session()
    before = {name: session.conf.get(name) for name in _CHANGED}
    yield session
    for name, value in before.items():
        session.conf.set(name, value)
