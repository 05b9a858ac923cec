"""The main job on Spark: the rule sets of a pack in order, over tables of a session, into files or frames."""

import contextlib
import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from trustcommerce.cluster.run import ClusterRun, Views
from trustcommerce.cluster.session import checked, short_methods, told
from trustcommerce.cluster.tables import Tables
from trustcommerce.errors import DataError
from trustcommerce.job import due_of, own_folder, say
from trustcommerce.language.relations import Scan
from trustcommerce.left_over import Earlier, continued, merged, waiting
from trustcommerce.outputs import with_descriptions
from trustcommerce.plan import PackPlan, RuleSetPlan, Version, reason_texts
from trustcommerce.replaced import replaced
from trustcommerce.report import RunReport, report_of, summary, write_report
from trustcommerce.run.dialects import DIALECTS
from trustcommerce.run.layers import sources
from trustcommerce.run.pooled import pooled, pooled_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["run_cluster", "score_cluster"]


def run_cluster(
    loaded: PackPlan,
    session: "SparkSession",
    facts: Mapping[str, Any] | str | Path,
    out: Path | None,
    day: dt.date,
    only: list[str] | None,
    format: str,
    known_as_of: dt.date | None,
    progress: bool,
    earlier: Earlier,
) -> RunReport:
    """Run every rule set in force, or those of `only` with what they read.

    Args:
        out: The folder for the results, which all machines see; without one they are frames, computed and kept
            by Spark until they are unpersisted.
    """
    started, loaded = time.monotonic(), continued(loaded, day, earlier)
    writer = loaded.registry.outputs.get(format)
    if writer is None:
        raise DataError(f"no output format `{format}`", hint=f"one of {', '.join(loaded.registry.outputs)}")
    done: dict[str, dict[str, Any]] = {}
    frames: dict[str, DataFrame] = {}
    with told(None), _folder(out) as target, _views(session) as views:
        job = _Job(loaded, views, Tables(session, loaded, facts), day, known_as_of, counted=True)
        job.earlier = earlier
        due, skipped = due_of(loaded, day, only)
        for place, name in enumerate(due, 1):
            began = time.monotonic()
            if progress:
                say(f"[{place}/{len(due)}] {name} ...")
            with told(name):
                run, version = job.run(name)
                frame = run.frame()
                file = None
                if target is None:
                    frame = frames[name] = frame.persist()
                else:
                    file = name
                    frame.write.parquet(str(target / name))
                    frame = session.read.parquet(str(target / name))
                views.table(name, frame, own=True)
                done[name] = job.summary(run, version, name, file, began)
        if target is not None and format != "parquet":
            texts = reason_texts(loaded)
            for name in due:
                table = with_descriptions(_whole(target / name), loaded, name, day, known_as_of, texts)
                done[name]["file"] = f"{name}{writer.suffix}"
                writer.write(table, target / f"{name}{writer.suffix}")
        tables = {name: {"rows": count} for name, count in job.rows.items()}
        kept, seconds = waiting(earlier, done), time.monotonic() - started
        report = report_of(loaded, day, known_as_of, tables, done, skipped, kept, seconds, out)
        if target is not None:
            write_report(report, target)
    return evolve(report, frames=frames)


def score_cluster(
    loaded: PackPlan,
    plan: RuleSetPlan,
    frame: "DataFrame",
    day: dt.date,
    tables: Mapping[str, Any] | str | Path,
    *,
    known: dt.date | None,
    wanted: Sequence[str] | None,
) -> "DataFrame":
    """One rule set over a frame of Spark, after the rule sets that it reads; computed when it is asked for."""
    session = frame.sparkSession
    with _views(session) as views, told(plan.name):
        given = {**tables, plan.table: frame} if isinstance(tables, Mapping) else tables
        run, _ = _Job(loaded, views, Tables(session, loaded, given), day, known, counted=False).run(plan.name)
        found = run.frame(None if wanted is None else tuple(wanted))
    return found if wanted is None else found.select(*(f"`{name}`" for name in wanted))


class _Job:
    """Rule sets over the tables of one session."""

    def __init__(
        self,
        loaded: PackPlan,
        views: Views,
        tables: Tables,
        day: dt.date,
        known_as_of: dt.date | None,
        counted: bool,
    ) -> None:
        self.loaded, self.views, self.tables, self.day, self.counted = loaded, views, tables, day, counted
        self.known = known_as_of or day
        self.earlier: Earlier = {}
        self.rows: dict[str, int] = {}

    def run(self, name: str) -> tuple[ClusterRun, Version]:
        """A rule set with all that it reads at hand."""
        plan = self.loaded.rulesets[name]
        version = plan.version(self.day)
        assert version is not None
        for scan in sources(version):
            if isinstance(scan, Scan) and scan.table not in self.views.tables:
                self._read(scan, name)
        return ClusterRun(self.views, plan, version, self.day, self.known, self.counted), version

    def _read(self, scan: Scan, ruleset: str) -> None:
        if scan.kind == "ruleset" and not self.tables.holds(scan.table):
            run, _ = self.run(scan.table)
            self.views.table(scan.table, run.frame(), own=True)
            return
        self.views.table(scan.table, self.tables.frame(scan.table, ruleset))

    def summary(self, run: ClusterRun, version: Version, name: str, file: str | None, began: float) -> dict[str, Any]:
        plan, result = self.loaded.rulesets[name], self.views.tables[name]
        for scan in sources(version):
            if isinstance(scan, Scan) and scan.kind == "table" and scan.table not in self.rows:
                self.rows[scan.table] = self.views.tables[scan.table].count()
        statuses = {
            shape.path: {row[0]: row[1] for row in result.groupBy(f"`{shape.path}.status`").count().collect()}
            for shape in version.scores
        }
        rows = result.count()
        subjects = rows if version.from_fact else self.rows[plan.table]
        pools, earlier = {}, self.earlier.get(name, {})
        for pool in (each for each in version.pools if each.in_force):
            query = DIALECTS["spark"].print(pooled(pool, self.views.name(name)))
            answers = self.views.query(query).collect()
            pools[pool.name] = merged(pool, pooled_of(pool, map(tuple, answers)), earlier.get(pool.name, ()))
        return summary(plan, self.day, file, subjects, rows, run.counts(), pools, statuses, time.monotonic() - began)


@contextlib.contextmanager
def _views(session: "SparkSession") -> Iterator[Views]:
    views = Views(checked(session))
    try:
        with short_methods(session):
            yield views
    except KeyboardInterrupt:  # Java is in the middle of an answer, and nothing can be asked
        raise
    except BaseException:
        with contextlib.suppress(Exception):  # the session may be what has failed
            views.drop()
        raise
    views.drop()


@contextlib.contextmanager
def _folder(out: Path | None) -> Iterator[Path | None]:
    if out is None:
        yield None
        return
    with replaced(out, "the results need", own_folder) as target:
        yield target


def _whole(folder: Path) -> "pa.Table":
    """A result that Spark wrote, in memory; its files are gone."""
    import shutil

    from pyarrow import parquet

    table = parquet.read_table(folder)
    shutil.rmtree(folder)
    return table
