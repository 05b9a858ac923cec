"""A Spark session as runs need it: checked, or started; and what it refuses as an error of ours."""

import contextlib
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trustcommerce.errors import DataError, PluginError, RunError, TrustCommerceError
from trustcommerce.run.dialects import SAID
from trustcommerce.run.limits import check_limits

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["checked", "local", "short_methods", "tables_to_check", "told"]

_LEAST = 512
"""MB; with less Spark does not start."""
_SETTINGS = {
    "spark.sql.groupByOrdinal": "true",
    "spark.sql.orderByOrdinal": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
}
"""Settings that change what a statement means, and what they must be; neither the ANSI mode nor the zone is one."""

_CHECK = "spark.trustcommerce.checkTables"

_LONGEST = "spark.sql.codegen.hugeMethodLimit"
_COMPILED = 8000
"""Bytes of a method that Java compiles; a longer one it interprets, whatever that takes."""


def local(threads: int | None, memory: str | None) -> "SparkSession":
    """The session of this process, or a new one: on this machine unless Spark's own settings say otherwise.

    Args:
        threads: Threads of a new session on this machine, all cores by default.
        memory: Memory of a new session on this machine, such as `4GB`.

    Raises:
        DataError: The limits are none, or less than what Spark starts with.
        RunError: Spark is not installed or does not start.
    """
    amount = check_limits(threads, memory, _LEAST)
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise RunError("Spark is not installed: pip install 'trustcommerce[spark]'") from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("trustcommerce").config("spark.ui.showConsoleProgress", "false")
    if threads is not None:
        builder = builder.master(f"local[{threads}]")
    if amount is not None:
        builder = builder.config("spark.driver.memory", f"{amount // 1024}k")
    try:
        session = builder.getOrCreate()
    except Exception as error:  # of py4j when there is no Java, of Spark when settings clash
        raise RunError(f"Spark does not start: {_first_line(error)}") from None
    session.sparkContext.setLogLevel("OFF")  # what fails comes as an exception, too
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)  # Spark's own asks Java in the middle of an answer
        # py4j logs the interrupt with its traceback, under its name and under none
        logging.getLogger("py4j").setLevel(logging.CRITICAL)
        logging.getLogger().addFilter(lambda record: "KeyboardInterrupt" not in record.getMessage())
    return session


def checked(session: "SparkSession") -> "SparkSession":
    """The session, if statements mean there what they mean elsewhere.

    Raises:
        RunError: It is older than 3.5, or a setting of it changes what a statement means.
    """
    version = tuple(int(each) for each in session.version.split(".")[:2])
    if version < (3, 5):
        raise RunError(f"Spark {session.version} is too old: 3.5 or later is needed")
    for name, wanted in _SETTINGS.items():
        found = session.conf.get(name, wanted)
        if str(found).lower() != wanted:
            raise RunError(
                f"the Spark session has {name} = {found}, which changes what a statement means: {wanted} is needed"
            )
    return session


def tables_to_check(session: "SparkSession") -> bool:
    """Whether the values and keys of tables are tested, or the session says that others have done so.

    Raises:
        RunError: The setting is neither true nor false.
    """
    found = str(session.conf.get(_CHECK, "true")).strip().lower()
    if found not in ("true", "false"):
        raise RunError(f"the Spark session has {_CHECK} = {found}: true or false is needed")
    return found == "true"


@contextlib.contextmanager
def short_methods(session: "SparkSession") -> Iterator[None]:
    """Have stages of which Spark makes one method split up where Java would not compile it."""
    before = session.conf.get(_LONGEST)
    if before is not None and int(before) <= _COMPILED:
        yield
        return
    session.conf.set(_LONGEST, str(_COMPILED))
    try:
        yield
    except KeyboardInterrupt:  # Java is in the middle of an answer, and nothing can be asked
        raise
    except BaseException:
        with contextlib.suppress(Exception):  # the session may be what has failed
            session.conf.set(_LONGEST, before)
        raise
    session.conf.set(_LONGEST, before)


@contextlib.contextmanager
def told(ruleset: str | None) -> Iterator[None]:
    """What Spark raises within, as one sentence."""
    try:
        yield
    except TrustCommerceError:
        raise
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark", "py4j")):
            raise
        text = str(error)
        said = re.search(rf"{re.escape(SAID)}(.*?)( SQLSTATE: [0-9A-Z]{{5}})?$", text, re.MULTILINE)  # of Spark 4
        if said is not None:
            raise DataError(said[1].strip(), ruleset=ruleset) from None
        failed = re.search(r"trustcommerce\.errors\.(PluginError|DataError): (.*)", text)
        if failed is not None:
            raise (PluginError if failed[1] == "PluginError" else DataError)(failed[2].strip()) from None
        if "No space left on device" in text:
            raise RunError("the disk is full") from None
        raise RunError(f"Spark: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    """What an error says, without where in Spark it was said."""
    lines = [each.strip() for each in str(error).splitlines() if each.strip()]
    if lines and lines[0].startswith("An error occurred while calling"):  # py4j; what Java says comes after it
        lines = lines[1:]
    causes = [each.removeprefix("Caused by:").strip() for each in lines if each.startswith("Caused by:")]
    return (causes[-1:] or lines or [type(error).__name__])[0]
