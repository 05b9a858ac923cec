"""The main job: the rule sets of a pack in order, over the tables of a folder, into a folder.

In: a folder with a file for each declared table. Out: a result table for each rule set and
run.json, written beside the target and renamed into place at the end.
"""

import datetime as dt
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trustcommerce.errors import DataError
from trustcommerce.language.names import did_you_mean
from trustcommerce.left_over import Earlier, continued, merged, waiting
from trustcommerce.outputs import with_descriptions
from trustcommerce.plan import PackPlan, RuleSetPlan, Version, reason_texts
from trustcommerce.replaced import SPILL, replaced
from trustcommerce.report import RunReport, report_of, summary, write_report
from trustcommerce.run.duck import quote
from trustcommerce.run.pooled import pooled, pooled_of
from trustcommerce.run.table import Result, Session, session
from trustcommerce.supply import FactTables, Supply, facts_of, rows_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["due_of", "own_folder", "run_pack", "say", "score_frames", "wanted_columns"]


def score_frames(
    loaded: PackPlan,
    plan: RuleSetPlan,
    frame: Any,
    day: dt.date,
    tables: FactTables,
    *,
    known_as_of: dt.date | None,
    threads: int | None,
    memory: str | None,
    wanted: Sequence[str] | None,
) -> "pa.Table":
    """One rule set over a frame or file, after the rule sets that it reads."""
    subjects = None if frame is None else rows_of(loaded, frame, plan.table or plan.name, plan.name)
    facts = facts_of(loaded, tables, plan.name)
    if subjects is not None and plan.table:
        facts.tables.setdefault(plan.table, subjects)
    with session(f"rule set `{plan.name}`", threads, memory) as opened:
        supply = Supply(loaded, opened, day, known_as_of, facts)
        found = supply.run(plan.name, subjects=subjects, wanted=wanted).table
    return found if wanted is None else found.select(list(wanted))


def wanted_columns(plan: RuleSetPlan, version: Version, columns: Sequence[str] | str | None) -> Sequence[str] | None:
    """The columns of a result that a caller asks for; None for all."""
    if columns is None:
        return None
    try:
        wanted = [columns] if isinstance(columns, str) else list(dict.fromkeys(columns))
    except TypeError:
        raise DataError(f"`columns` are names, not a {type(columns).__name__}", ruleset=plan.name) from None
    if not wanted:
        raise DataError("an empty list of columns asks for nothing", ruleset=plan.name, hint="None stands for all")
    known = [each.name for each in version.outputs]
    for name in wanted:
        if name not in known:
            hint = did_you_mean(str(name), known)
            raise DataError(f"rule set `{plan.name}` gives no `{name}`", ruleset=plan.name, column=name, hint=hint)
    return wanted


def run_pack(
    loaded: PackPlan,
    facts: FactTables,
    out: Path,
    day: dt.date,
    only: list[str] | None,
    format: str,
    known_as_of: dt.date | None,
    threads: int | None,
    memory: str | None,
    progress: bool,
    earlier: Earlier,
) -> RunReport:
    """Run every rule set in force, or those of `only` with what they read."""
    loaded = continued(loaded, day, earlier)
    started = time.monotonic()
    writer = loaded.registry.outputs.get(format)
    if writer is None:
        raise DataError(f"no output format `{format}`", hint=f"one of {', '.join(loaded.registry.outputs)}")
    given, texts = facts_of(loaded, facts), reason_texts(loaded)
    done: dict[str, dict[str, Any]] = {}
    what = f"pack `{loaded.pack.name}`"
    with (
        replaced(out, "the results need", own_folder) as target,
        session(what, threads, memory, target / SPILL) as opened,
    ):
        supply = Supply(loaded, opened, day, known_as_of, given)
        due, skipped = due_of(loaded, day, only)
        supply.open(due)
        for place, name in enumerate(due, 1):
            plan = loaded.rulesets[name]
            began = time.monotonic()
            if progress:
                say(f"[{place}/{len(due)}] {name} ...")
            file = target / f"{name}{writer.suffix}"
            result = supply.run(name, count=True, keyed=True, file=file if format == "parquet" else None)
            supply.keep(name, result)
            if result.rows.arrow is not None:
                writer.write(with_descriptions(result.rows.arrow, loaded, name, day, known_as_of, texts), file)
            pools = _pools(opened, name, plan, day, earlier.get(name, {}))
            done[name] = _summary(opened, plan, day, result, file.name, pools, time.monotonic() - began)
        tables = {n: opened.summary(n) for n in opened.tables if n in loaded.pack.tables}
        kept, seconds = waiting(earlier, done), time.monotonic() - started
        report = report_of(loaded, day, known_as_of, tables, done, skipped, kept, seconds, out)
        write_report(report, target)
    return report


def say(text: str) -> None:
    import sys

    print(text, file=sys.stderr, flush=True)


def _chosen(loaded: PackPlan, only: Sequence[str] | None) -> list[str]:
    """Names in order; with `only`, those and what they read."""
    plans = loaded.rulesets
    if only is None:
        return list(plans)
    wanted: set[str] = set()

    def add(name: str) -> None:
        if name not in plans:
            raise DataError(f"pack `{loaded.pack.name}` has no rule set `{name}`", hint=did_you_mean(name, plans))
        wanted.add(name)
        for other in plans[name].depends:
            add(other)

    for name in only:
        add(name)
    return [name for name in plans if name in wanted]


def due_of(loaded: PackPlan, day: dt.date, only: Sequence[str] | None) -> tuple[list[str], dict[str, str]]:
    """Rule sets to run, in order, and those that are skipped, with the reason."""
    skipped: dict[str, str] = {}
    due = []
    for name in _chosen(loaded, only):
        asked = only is not None and name in only
        reason = _why_skipped(loaded.rulesets[name], day, skipped, asked=asked)
        if reason:
            skipped[name] = reason
        else:
            due.append(name)
    return due, skipped


def _why_skipped(plan: RuleSetPlan, day: dt.date, skipped: Mapping[str, str], asked: bool) -> str | None:
    reason = plan.refusal(day)
    if reason is None:
        missing = next((name for name in plan.depends if name in skipped), None)
        if missing is None:
            return None
        if asked:
            raise DataError(f"reads `{missing}`, which is skipped: {skipped[missing]}", ruleset=plan.name, value=day)
        return f"reads `{missing}`, which is skipped"
    if asked:
        raise DataError(reason, ruleset=plan.name, value=day)
    return reason


def _pools(
    opened: Session, name: str, plan: RuleSetPlan, day: dt.date, earlier: Mapping[str, list[dict[str, Any]]]
) -> dict[str, list[dict[str, Any]]]:
    """What became of the pools of a rule set, whose result the session holds."""
    version = plan.version(day)
    assert version is not None
    found = {}
    for pool in (each for each in version.pools if each.in_force):
        query = pooled(pool, opened.name(name)).sql(dialect="duckdb", identify=True)
        rows = opened.connection.execute(query).fetchall()
        found[pool.name] = merged(pool, pooled_of(pool, rows), earlier.get(pool.name, ()))
    return found


def _summary(
    opened: Session,
    plan: RuleSetPlan,
    day: dt.date,
    result: Result,
    file: str,
    pools: dict[str, list[dict[str, Any]]],
    seconds: float,
) -> dict[str, Any]:
    version = plan.version(day)
    assert version is not None
    statuses = {}
    for shape in version.scores:
        status = quote(f"{shape.path}.status")
        query = f"SELECT {status}, count(*) FROM {opened.name(plan.name)} GROUP BY ALL"
        statuses[shape.path] = dict(opened.connection.execute(query).fetchall())
    rows = opened.summary(plan.name)["rows"]
    subjects = rows if result.subjects is None else result.subjects
    return summary(plan, day, file, subjects, rows, result.facts, pools, statuses, seconds)


def own_folder(out: Path) -> str | None:
    """Why the folder is not replaced: no run has made it, or it holds more than a run made."""
    found = {each.name for each in out.iterdir()}
    if not found:
        return None
    try:
        report = json.loads((out / "run.json").read_text("utf-8"))
        strange = found - {"run.json", *(each["file"] for each in report["rulesets"].values())}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "is not empty and was not made by a run: results go to a folder of their own"
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        return f"holds {min(strange)}{more}, which no run made: move it elsewhere"
    return None
