"""The Spark session of the tests."""

from tests.cluster.conftest import spark

__all__ = ["spark"]
