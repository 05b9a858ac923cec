"""A Spark session of the tests' own, in this process: two threads, a zone with clock changes."""

import os
import shutil
import sys
import tempfile
from functools import cache
from typing import Any

import pytest

__all__ = ["WHY_NOT", "spark_session"]

WHY_NOT = "pyspark is not installed: pip install 'trustcommerce[spark]', which needs a Java 17"


@cache
def spark_session() -> Any:
    """The session; tests that need one are skipped where pyspark is absent.

    Expressions are interpreted: compiling them takes longer than the few rows of these tests.
    """
    pytest.importorskip("pyspark", reason=WHY_NOT)
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        pytest.skip("no Java is installed, which Spark needs; Debian's package is openjdk-17-jre-headless")
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        "spark.driver.memory": "3g",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.session.timeZone": "America/Sao_Paulo",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": tempfile.mkdtemp(prefix="trustcommerce-warehouse-"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("tests of trustcommerce")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session
