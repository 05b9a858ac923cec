"""One subject's record out of the results of an earlier run, in whatever format it wrote them.

In: the folder of a run. Out: what `Engine.score` takes, the same as from the facts.
"""

import csv
import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError
from trustcommerce.gather import absent, record_of, row_of
from trustcommerce.language.types import Kind, Type
from trustcommerce.plan import PackPlan, Version
from trustcommerce.run.values import accept, split_key
from trustcommerce.supply import rows_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["written_record"]


def written_record(loaded: PackPlan, ruleset: str, key: str, out: Path, day: dt.date) -> dict[str, Any]:
    """The record of the subject with `key` as a run in the folder `out` wrote it.

    Raises:
        DataError: The run is of another pack, other rules or another day, or has no such subject.
    """
    plan, shown = loaded.rulesets[ruleset], out.as_posix()
    version = plan.version(day)
    assert version is not None
    try:
        report = json.loads((out / "run.json").read_text("utf-8"))
        done = report["rulesets"].get(ruleset)
    except OSError as error:
        reason = f"{shown} holds no results of a run: run.json: {error.strerror}"
        raise DataError(reason, ruleset=ruleset) from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise DataError(f"{shown}/run.json is not what a run writes", ruleset=ruleset) from None
    if report["pack"] != loaded.pack.name:
        raise DataError(f"the run in {shown} is of pack `{report['pack']}`, not `{loaded.pack.name}`", ruleset=ruleset)
    if report["meaning"] != loaded.meaning:
        hint = "run again, or explain from the facts: --facts"
        raise DataError(f"the run in {shown} was made with other rules", ruleset=ruleset, hint=hint)
    if report["as_of"] != day.isoformat():
        raise DataError(f"the run in {shown} is of {report['as_of']}, not {day}", ruleset=ruleset, value=day)
    if done is None:
        raise DataError(f"the run in {shown} has no result of `{ruleset}`", ruleset=ruleset)
    path = out / done["file"]
    if path.suffix in (".parquet", ""):  # a cluster writes a folder of files
        table = _parts(path) if path.is_dir() else rows_of(loaded, path, ruleset, ruleset).table()
        found = row_of(table, plan.key, key)
        if found is None:
            raise absent(table, plan, key)
    else:
        found = _row(_rows(path, version), {each.name: each.type for each in version.inputs}, plan.key, key)
        if found is None:
            raise DataError(f"{path.name} has no row with the key {key}", ruleset=ruleset, row=key)
    return record_of(found, plan, version)


def _parts(folder: Path) -> "pa.Table":
    from pyarrow import parquet

    return parquet.read_table(folder)


def _row(
    rows: Iterator[dict[str, Any]], types: dict[str, Type], names: tuple[str, ...], key: str
) -> dict[str, Any] | None:
    """The row whose key has the same values, however they are written."""
    try:
        wanted = [accept(text, types[name]) for name, text in zip(names, split_key(key, len(names)), strict=True)]
    except ValueError:
        return None
    return next((row for row in rows if [accept(row[name], types[name]) for name in names] == wanted), None)


def _rows(path: Path, version: Version) -> Iterator[dict[str, Any]]:
    """The rows of a text file that a run wrote, with values as records hold them."""
    types = {each.name: each.type for each in version.carried} | {each.name: each.type for each in version.outputs}
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            for line in file:
                yield json.loads(line, parse_float=Decimal)
            return
        for row in csv.DictReader(file):
            yield {name: _value(cell, types[name]) if name in types else cell for name, cell in row.items()}


def _value(cell: str, type_: Type) -> Any:
    """A cell as a run writes it: sets joined by `|`, an empty cell where something is missing."""
    if type_.kind is Kind.SET:
        return cell.split("|") if cell else []
    if cell == "" and type_.kind is not Kind.TEXT:
        return None
    if type_.kind is Kind.BOOLEAN:
        return cell == "true"
    if type_.kind is Kind.NUMBER:
        return float(cell)
    return None if cell == "" and type_.nullable else cell
