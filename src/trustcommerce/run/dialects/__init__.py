"""How the nodes that queries are built of are written for each database, a module each."""

from trustcommerce.run.dialects.bigquery import BIGQUERY
from trustcommerce.run.dialects.clickhouse import CLICKHOUSE
from trustcommerce.run.dialects.core import BINARY, ERROR, SAID, SMALL, TYPE_NAME, WIDE, Dialect, is_own, outside
from trustcommerce.run.dialects.duckdb import DUCKDB
from trustcommerce.run.dialects.postgres import POSTGRES
from trustcommerce.run.dialects.snowflake import SNOWFLAKE
from trustcommerce.run.dialects.spark import SPARK
from trustcommerce.run.dialects.trino import TRINO

__all__ = ["BINARY", "DIALECTS", "ERROR", "SAID", "SMALL", "TYPE_NAME", "WIDE", "Dialect", "is_own", "outside"]

DIALECTS: dict[str, Dialect] = {
    each.name: each for each in (DUCKDB, POSTGRES, SPARK, CLICKHOUSE, TRINO, BIGQUERY, SNOWFLAKE)
}
