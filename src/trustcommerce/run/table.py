"""Plan -> one SQL query per rule set on DuckDB: an Arrow table in, an Arrow table out.

In: the subject's table and the tables that references read. Out: one row per subject judged, in
the order of the input. Every connection is its own; nothing is shared between calls.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trustcommerce.errors import DataError
from trustcommerce.language.relations import Match
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.run.border import admit
from trustcommerce.run.duck import connect, first_row
from trustcommerce.run.query import ORDER, ROW, build_query, unmatched
from trustcommerce.run.sql import typed

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["run_table"]


def run_table(
    plan: RuleSetPlan,
    version: Version,
    frame: "pa.Table",
    as_of: dt.date,
    tables: Mapping[str, "pa.Table"],
    *,
    keys: Mapping[str, Sequence[str]],
    threads: int | None = None,
    memory: str | None = None,
    wanted: Sequence[str] | None = None,
) -> "pa.Table":
    """Score every row of `frame`.

    Args:
        frame: The subject's table.
        tables: Tables and results of rule sets that references read, by their name.
        keys: Key columns of those tables.
        threads: Threads of DuckDB, all cores by default.
        memory: DuckDB's memory limit, such as `4GB`; beyond it DuckDB spills to disk.
        wanted: Columns of the result, all by default.
    """
    with connect(f"rule set `{plan.name}`", threads, memory) as connection:
        connection.register("frame", frame)
        checked = admit(connection, "frame", frame.schema, version.inputs, plan.key, plan.name, "frame")
        if version.matches:  # joins keep no order of rows
            checked = f"SELECT row_number() OVER () AS {ORDER}, * FROM ({checked})"
        connection.execute(f"CREATE TEMP VIEW subject AS {checked}")
        names = {"subject": "subject"}
        for i, match in enumerate(version.matches):
            names[match.name] = _register(connection, f"match_{i}", match, tables, keys, plan.name)
        for match in version.matches:
            if match.required:
                _check_matched(connection, version, match, names, as_of, plan)
        query = build_query(
            version, as_of, names=tuple(names.items()), wanted=None if wanted is None else tuple(wanted)
        )
        return connection.sql(query.sql).to_arrow_table()


def _register(
    connection: "duckdb.DuckDBPyConnection",
    name: str,
    match: Match,
    tables: Mapping[str, "pa.Table"],
    keys: Mapping[str, Sequence[str]],
    ruleset: str,
) -> str:
    """A table with run-time shapes and row numbers for the join."""
    if match.table is not None:
        _register_rows(connection, name, match)
        return name
    assert match.input is not None
    if match.input not in tables:
        what = "the result of rule set" if match.kind == "ruleset" else "table"
        raise DataError(f"{what} `{match.input}` is needed and not given", ruleset=ruleset, column=match.name)
    table = tables[match.input]
    connection.register(f"{name}_given", table)
    types = {each.name for each in match.fields}
    fields = [*match.fields, *(each for each in match.on_fields if each.name not in types)]
    checked = admit(
        connection, f"{name}_given", table.schema, fields, keys.get(match.input, ()), ruleset, f"table `{match.input}`"
    )
    connection.execute(f"CREATE TEMP TABLE {name} AS SELECT row_number() OVER () AS {ROW}, * FROM ({checked})")
    return name


def _register_rows(connection: "duckdb.DuckDBPyConnection", name: str, match: Match) -> None:
    assert match.table is not None
    fields = match.table.fields
    columns = ", ".join(f'"{each.name}" {typed(each.type)}' for each in fields)
    connection.execute(f"CREATE TEMP TABLE {name} ({ROW} BIGINT{', ' if columns else ''}{columns})")
    marks = ", ".join("?" for _ in range(len(fields) + 1))
    rows = [(i, *row) for i, row in enumerate(match.table.rows)]
    if rows:
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)


def _check_matched(
    connection: "duckdb.DuckDBPyConnection",
    version: Version,
    match: Match,
    names: Mapping[str, str],
    as_of: dt.date,
    plan: RuleSetPlan,
) -> None:
    """The first subject without a row in a reference that says `else: error`."""
    row = first_row(connection, unmatched(version, match, dict(names), as_of, plan.key))
    if row is not None:
        source = match.table.name if match.table else match.input
        raise DataError(
            f"no row of `{source}` matches on {', '.join(match.on)}",
            ruleset=plan.name,
            column=match.name,
            row=", ".join(map(str, row)),
            hint="add the row, or say `else: missing`",
        )
