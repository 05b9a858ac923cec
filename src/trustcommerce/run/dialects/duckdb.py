"""DuckDB, whose terms the queries are built in."""

from sqlglot import exp

from trustcommerce.language.types import Kind
from trustcommerce.run.dialects.core import BINARY, ERROR, TYPE_NAME, Dialect
from trustcommerce.run.dialects.rules import first, keep, written_as

__all__ = ["DUCKDB"]


def _duckdb() -> Dialect:
    wide = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
    return Dialect(
        name="duckdb",
        wide=True,
        title="DuckDB",
        rules=dict.fromkeys(
            [
                *(
                    exp.ArrayContains,
                    exp.ArrayContainsAll,
                    exp.Day,
                    exp.DayOfWeekIso,
                    exp.Explode,
                    exp.GenerateSeries,
                    exp.IntDiv,
                    exp.Union,
                    exp.Month,
                ),
                *(exp.UnixToTime, exp.Year),
            ],
            keep,
        ),
        functions={
            BINARY: first,
            ERROR: keep,
            TYPE_NAME: written_as("regexp_replace(typeof(x), '[(].*', '')", "duckdb"),
            **dict.fromkeys(
                ["EPOCH_US", "LIST_CONCAT", "LIST_EXTRACT", "LIST_PACK", "QUANTILE_DISC", "RANK", "TO_MONTHS"], keep
            ),
        },
        types={
            Kind.BOOLEAN: ("BOOLEAN",),
            Kind.EXACT: (*wide, "DECIMAL"),
            Kind.NUMBER: ("DOUBLE", "FLOAT", *wide, "DECIMAL"),
            Kind.TEXT: ("VARCHAR",),
            Kind.LABEL: ("VARCHAR",),
            Kind.DATE: ("DATE",),
            Kind.TIMESTAMP: ("TIMESTAMP",),
            Kind.SET: ("VARCHAR[]",),
        },
    )


DUCKDB = _duckdb()
