"""Tables for Spark: frames and tables of the session, files that Spark reads itself, all else through Arrow.

In: what the caller gives. Out: frames with the declared columns under their declared names, moments in
the pack's zone.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError
from trustcommerce.language.names import and_others, did_you_mean
from trustcommerce.language.types import Kind
from trustcommerce.model import TableSpec
from trustcommerce.plan import PackPlan
from trustcommerce.run.frames import is_spark
from trustcommerce.run.rows import Rows
from trustcommerce.sources import Folder
from trustcommerce.sources.locate import Found, locate
from trustcommerce.supply import rows_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Tables"]

_KEY_TYPES = {Kind.EXACT: "bigint", Kind.DATE: "date", Kind.BOOLEAN: "boolean"}


class Tables:
    """The declared tables of a pack as frames.

    Args:
        given: A folder of facts, the name of a database of the session, or frames, names of tables and
            paths by the name of the declared table.
    """

    def __init__(self, session: "SparkSession", loaded: PackPlan, given: Mapping[str, Any] | str | Path) -> None:
        self.session, self.loaded, self.given = session, loaded, given
        self.folder: Folder | None = None
        self.database: str | None = None
        if isinstance(given, str | Path):
            if _is_name(given) and session.catalog.databaseExists(str(given)):
                self.database = str(given)
            else:
                self.folder = Folder(Path(given), loaded.registry, loaded.pack.time_zone)
            return
        for name in given:
            if name not in loaded.pack.tables and name not in loaded.rulesets:
                known = [*loaded.pack.tables, *loaded.rulesets]
                raise DataError(f"the pack has no table `{name}`", hint=did_you_mean(name, known))

    def frame(self, name: str, ruleset: str) -> "DataFrame":
        """The declared table, or the result of a rule set that was given.

        Raises:
            DataError: It is not there, or lacks a column.
        """
        spec = self.loaded.pack.tables.get(name)
        if isinstance(self.given, Mapping):
            if name not in self.given:
                raise DataError(f"table `{name}` is needed and not given", ruleset=ruleset)
            frame, unread = self._frame(self.given[name], name, ruleset)
            return frame if spec is None else self._declared(frame, spec, ruleset, {n: n for n in spec.columns}, unread)
        if spec is None:
            raise DataError(f"the result of rule set `{name}` is needed and not given", ruleset=ruleset)
        names = {column.name: column.source for column in spec.columns.values()}
        if self.database is not None:
            return self._declared(self._table(f"{self.database}.{spec.source}", ruleset), spec, ruleset, names)
        assert self.folder is not None
        found = locate(self.folder.path, spec, self.loaded.registry)
        if found.source.suffix != ".parquet":
            return self._own(self.folder.read(spec))
        return self._declared(self._parquet(found, spec), spec, ruleset, names)

    def holds(self, name: str) -> bool:
        return isinstance(self.given, Mapping) and name in self.given

    def _frame(self, given: Any, name: str, ruleset: str) -> "tuple[DataFrame, Sequence[str]]":
        """What is given for a table, and the names of columns that were left out of it already."""
        if is_spark(given):
            return given, ()
        if _is_name(given):
            return self._table(given, ruleset), ()
        rows = rows_of(self.loaded, given, name, ruleset, f"table `{name}`")
        return self._own(rows), rows.unread

    def _table(self, name: str, ruleset: str) -> "DataFrame":
        if not self.session.catalog.tableExists(name):
            raise DataError(f"the Spark session has no table `{name}`", ruleset=ruleset)
        return self.session.table(name)

    def _parquet(self, found: Found, spec: TableSpec) -> "DataFrame":
        """Files as Spark reads them; keys in their paths have the declared types and no guessed ones."""
        files = [str(each) for each in found.files]
        reader = self.session.read.option("mergeSchema", "true")
        if not found.key_names:
            return reader.parquet(*files)
        from pyspark.sql.types import StructType, _parse_datatype_string

        base = str(found.files[0].parents[len(found.key_names)])
        reader = reader.option("basePath", base)
        kinds = {column.source: _KEY_TYPES.get(column.type.kind, "string") for column in spec.columns.values()}
        schema = StructType()
        for field in reader.parquet(*files).schema:
            key = field.name in found.key_names
            schema.add(field.name, _parse_datatype_string(kinds.get(field.name, "string")) if key else field.dataType)
        return self.session.read.schema(schema).option("basePath", base).parquet(*files)

    def _own(self, rows: Rows) -> "DataFrame":
        """Rows that our own readers give."""
        import pyarrow as pa

        try:
            return to_spark(self.session, rows.table())
        except pa.ArrowInvalid as error:  # moments that are no whole microseconds
            raise DataError(f"the {rows.what} can't be given to Spark: {error}") from None

    def _declared(
        self,
        frame: "DataFrame",
        spec: TableSpec,
        ruleset: str,
        names: Mapping[str, str],
        unread: Sequence[str] = (),
    ) -> "DataFrame":
        """The declared columns that are there, under their declared names; moments with a zone in the pack's.

        Args:
            names: The columns of the frame, by their declared names.
            unread: Columns that were left out of the frame, for hints.
        """
        types = dict(frame.dtypes)
        absent = [name for name in names.values() if name not in types]
        if absent:
            raise DataError(
                f"table `{spec.name}` has no column `{absent[0]}`{and_others(absent[1:])}",
                ruleset=ruleset,
                column=absent[0],
                hint=did_you_mean(absent[0], [*types, *unread]),
            )
        for name in names.values():
            twin = next((each for each in types if each != name and each.lower() == name.lower()), None)
            if twin is not None:
                said = f"`{name}` and `{twin}` of table `{spec.name}` differ in case only"
                raise DataError(said, ruleset=ruleset, column=name, hint="drop one: Spark takes them for one column")
        return frame.selectExpr(
            *(f"{self._moment(source, types[source], spec, name)} AS {_quoted(name)}" for name, source in names.items())
        )

    def _moment(self, source: str, type_: str, spec: TableSpec, name: str) -> str:
        if type_ != "timestamp" or spec.columns[name].type.kind is not Kind.TIMESTAMP:
            return _quoted(source)
        zone = self.loaded.pack.time_zone
        if zone is None:
            raise DataError(
                f"`{spec.name}.{name}` holds moments with a zone, and the pack has none",
                column=name,
                hint="say `time_zone:` in pack.yaml, or make the column TIMESTAMP_NTZ",
            )
        # by microseconds, so that the session's own zone has no say
        micros = f"INTERVAL '0.000001' SECOND * unix_micros({_quoted(source)})"
        instant = f"TIMESTAMP_NTZ '1970-01-01 00:00:00' + {micros}"
        return f"convert_timezone('UTC', '{zone}', {instant})"


def to_spark(session: "SparkSession", table: "pa.Table") -> "DataFrame":
    """An Arrow table as a frame of the session."""
    from pyspark.sql.pandas.types import from_arrow_schema

    plain = _plain(table)
    schema = from_arrow_schema(plain.schema, prefer_timestamp_ntz=True)
    if session.version.startswith("3."):
        return session.createDataFrame([tuple(row.values()) for row in plain.to_pylist()], schema)
    return session.createDataFrame(plain, schema)


def _plain(table: "pa.Table") -> "pa.Table":
    """The table in types that Spark has."""
    import pyarrow as pa

    types: Any = pa.types

    def plain(type_: "pa.DataType") -> "pa.DataType":
        if types.is_dictionary(type_):
            return plain(type_.value_type)
        if types.is_large_string(type_) or types.is_string_view(type_) or types.is_null(type_):
            return pa.string()
        if types.is_large_list(type_) or types.is_list(type_):
            return pa.list_(plain(type_.value_type))
        if types.is_unsigned_integer(type_):
            return pa.decimal128(20, 0)
        return pa.timestamp("us", type_.tz) if types.is_timestamp(type_) else type_

    return table.cast(pa.schema([field.with_type(plain(field.type)) for field in table.schema]))


def _is_name(given: Any) -> bool:
    """Whether a text may name something in the session, and is no path."""
    return isinstance(given, str) and re.fullmatch(r"[\w.]+", given) is not None and not Path(given).exists()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
