"""Real databases that statements are given to: tables in, rows out."""

import datetime as dt
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
from pyarrow import parquet

from trustcommerce.run.dialects import DIALECTS

__all__ = ["ClickHouse", "Duck", "Failure", "Postgres", "Spark", "Warehouse", "postgres_server"]


class Failure(Exception):
    """What a database says when it refuses a statement."""


class Warehouse(Protocol):
    dialect: str

    def create(self, name: str, table: pa.Table) -> None:
        """Make a table, or another one under the same name."""

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a statement.

        Raises:
            Failure: The database refuses it.
        """


class Duck:
    """A DuckDB database in memory."""

    dialect = "duckdb"

    def __init__(self) -> None:
        self.connection = duckdb.connect()

    def create(self, name: str, table: pa.Table) -> None:
        self.connection.register("given", table)
        self.connection.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM given')
        self.connection.unregister("given")

    def query(self, sql: str) -> list[dict[str, Any]]:
        try:
            rows: list[dict[str, Any]] = self.connection.sql(sql).to_arrow_table().to_pylist()
        except duckdb.Error as error:
            raise Failure(str(error)) from None
        return rows


_TYPES = {
    "bool": "boolean",
    "int64": "bigint",
    "double": "double precision",
    "string": "text",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
    "list<element: string>": "text[]",
}


class Postgres:
    """A database of a PostgreSQL server that these tests started."""

    dialect = "postgres"

    def __init__(self, folder: Path) -> None:
        import psycopg

        self.errors = psycopg.Error
        self.connection = psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True)
        self.connection.execute("SET statement_timeout = '60s'")

    def create(self, name: str, table: pa.Table) -> None:
        columns = ", ".join(f'"{field.name}" {_type(field.type)}' for field in table.schema)
        self.connection.execute(f'DROP TABLE IF EXISTS "{name}"'.encode())
        self.connection.execute(f'CREATE TABLE "{name}" ({columns})'.encode())
        with self.connection.cursor() as cursor, cursor.copy(f'COPY "{name}" FROM STDIN'.encode()) as copy:
            for row in table.to_pylist():
                copy.write_row(list(row.values()))

    def query(self, sql: str) -> list[dict[str, Any]]:
        try:
            cursor = self.connection.execute(sql.encode())
        except self.errors as error:
            raise Failure(str(error)) from None
        names = [each.name for each in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


class Spark:
    """A session of Spark, strict about overflow and casts (ANSI) or not."""

    dialect = "spark"

    def __init__(self, session: Any, folder: Path, strict: bool) -> None:
        self.session, self.folder, self.names = session, folder, set[str]()
        session.conf.set("spark.sql.ansi.enabled", str(strict).lower())
        session.conf.set("spark.sql.analyzer.maxIterations", "1000")

    def create(self, name: str, table: pa.Table) -> None:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.parquet"
        parquet.write_table(table, path)
        self.session.read.parquet(str(path)).createOrReplaceTempView(f"`{name}`")
        self.names.add(name)

    def query(self, sql: str) -> list[dict[str, Any]]:
        try:
            return [row.asDict() for row in self.session.sql(sql).collect()]
        except Exception as error:
            if not type(error).__module__.startswith(("pyspark", "py4j")):
                raise
            raise Failure(str(error)) from None

    def close(self) -> None:
        for name in self.names:
            self.session.catalog.dropTempView(name)


def _type(arrow: pa.DataType) -> str:
    if pa.types.is_decimal(arrow):
        return f"numeric({arrow.precision},{arrow.scale})"
    if pa.types.is_list(arrow):
        return "text[]"
    return _TYPES[str(arrow).replace("large_", "")]


def _answers(folder: Path) -> bool:
    """Whether a server can be talked to: its socket is there some time before."""
    import psycopg

    try:
        psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _program(name: str) -> str | None:
    """A program of the server; Debian keeps them by version, apart from the others."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextmanager
def postgres_server() -> Iterator[Path | None]:
    """The folder of the socket of a server of its own; None where none is installed.

    The server does not run as root, so root starts it as the user `postgres`.
    """
    initdb, server = _program("initdb"), _program("postgres")
    if initdb is None or server is None:
        yield None
        return
    # a short path that other users may enter: that of a socket has at most 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = {"user": "postgres"}
        shutil.chown(folder, "postgres")
    options = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run([initdb, "-D", str(folder / "data"), *options], check=True, capture_output=True, cwd=folder, **owner)
    settings = [
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
        "-c",
        "jit=off",
        "-c",
        f"unix_socket_directories={folder}",
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [server, "-D", str(folder / "data"), *settings], stdout=log, stderr=log, cwd=folder, **owner
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(folder):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start for {getpass.getuser()}: {(folder / 'log').read_text()}")
            time.sleep(0.05)
        yield folder
    finally:
        process.send_signal(signal.SIGINT)  # a fast stop; it does not wait for those who are connected
        process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


class ClickHouse:
    """A ClickHouse in this process, whose time zone is none of the data's."""

    dialect = "clickhouse"

    def __init__(self) -> None:
        from chdb import session

        self.session = session.Session()
        self.names = set[str]()
        self.session.query("SET session_timezone = 'Asia/Shanghai'")
        self.session.query(DIALECTS["clickhouse"].setting or "")

    def create(self, name: str, table: pa.Table) -> None:
        columns = ", ".join(f'"{field.name}" {_clickhouse_type(field.type)}' for field in table.schema)
        self.session.query(f'DROP TABLE IF EXISTS "{name}"')
        self.session.query(f'CREATE TABLE "{name}" ({columns}) ENGINE = Memory')
        self.names.add(name)
        with tempfile.TemporaryDirectory() as folder:
            parquet.write_table(table, Path(folder) / "rows.parquet")
            file = f"file('{folder}/rows.parquet', 'Parquet')"
            self.session.query(f"INSERT INTO \"{name}\" SELECT * FROM {file} SETTINGS session_timezone = 'UTC'")

    def query(self, sql: str) -> list[dict[str, Any]]:
        try:
            found = self.session.query(sql, "Arrow").bytes()
        except RuntimeError as error:
            self.session.query("SELECT 1")  # what was written before the failure stands before the next result
            raise Failure(str(error)) from None
        rows: list[dict[str, Any]] = pa.ipc.open_file(found).read_all().to_pylist() if found else []
        return [{name: _local(value) for name, value in row.items()} for row in rows]

    def close(self) -> None:
        for name in self.names:
            self.session.query(f'DROP TABLE IF EXISTS "{name}"')
        self.session.close()


_CLICKHOUSE_TYPES = {
    "bool": "Bool",
    "int64": "Int64",
    "double": "Float64",
    "string": "String",
    "date32[day]": "Date32",
    "timestamp[us]": "DateTime64(6, 'UTC')",
}


def _clickhouse_type(arrow: pa.DataType) -> str:
    if pa.types.is_list(arrow):
        return "Array(String)"
    if pa.types.is_decimal(arrow):
        return f"Nullable(Decimal({arrow.precision}, {arrow.scale}))"
    return f"Nullable({_CLICKHOUSE_TYPES[str(arrow).replace('large_', '')]})"


def _local(value: Any) -> Any:
    """A moment without its zone, as it is in the other databases."""
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value
