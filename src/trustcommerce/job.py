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

from attrs import evolve, field, frozen

from trustcommerce.errors import DataError
from trustcommerce.language.names import did_you_mean
from trustcommerce.plan import PackPlan, RuleSetPlan
from trustcommerce.replaced import SPILL, replaced
from trustcommerce.run.table import Result, session
from trustcommerce.supply import FactTables, Supply, facts_of, rows_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RunReport", "run_pack", "score_frames"]


@frozen(kw_only=True)
class RunReport:
    """What a run did; run.json holds the same.

    Args:
        tables: Rows read of each table, and values that a reader noticed.
        rulesets: By name: subjects and rows judged, rows of facts that counted, were excluded or of no
            subject, statuses by score, seconds, and the file.
        skipped: Rule sets not run, with the reason.
    """

    pack: str
    version: str
    notice: dict[str, str]
    meaning: str
    source: str
    as_of: dt.date
    known_as_of: dt.date
    tables: dict[str, dict[str, int]]
    rulesets: dict[str, dict[str, Any]]
    skipped: dict[str, str]
    seconds: float
    out: Path = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "version": self.version,
            "notice": self.notice,
            "meaning": self.meaning,
            "source": self.source,
            "as_of": self.as_of.isoformat(),
            "known_as_of": self.known_as_of.isoformat(),
            "tables": self.tables,
            "rulesets": self.rulesets,
            "skipped": self.skipped,
            "seconds": round(self.seconds, 3),
        }


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
    subjects = None if frame is None else rows_of(loaded, frame, plan.table, plan.name)
    facts = facts_of(loaded, tables, plan.name)
    if subjects is not None and plan.table:
        facts.tables.setdefault(plan.table, subjects)
    with session(f"rule set `{plan.name}`", threads, memory) as opened:
        supply = Supply(loaded, opened, day, known_as_of, facts)
        return supply.run(plan.name, subjects=subjects, wanted=wanted).table


def run_pack(
    loaded: PackPlan,
    facts: FactTables,
    out: Path,
    day: dt.date,
    *,
    only: list[str] | None,
    format: str,
    known_as_of: dt.date | None,
    threads: int | None,
    memory: str | None,
    progress: bool,
) -> RunReport:
    """Run every rule set in force, or those of `only` with what they read."""
    started = time.monotonic()
    writer = loaded.registry.outputs.get(format)
    if writer is None:
        raise DataError(f"no output format `{format}`", hint=f"one of {', '.join(loaded.registry.outputs)}")
    chosen = _chosen(loaded, only)
    given = facts_of(loaded, facts)
    done: dict[str, dict[str, Any]] = {}
    skipped: dict[str, str] = {}
    what = f"pack `{loaded.pack.name}`"
    with (
        replaced(out, "the results need", _refusal) as target,
        session(what, threads, memory, target / SPILL) as opened,
    ):
        supply = Supply(loaded, opened, day, known_as_of, given)
        for name in chosen:
            reason = _why_skipped(loaded.rulesets[name], day, skipped, asked=only is not None and name in only)
            if reason:
                skipped[name] = reason
        due = [name for name in chosen if name not in skipped]
        supply.open(due)
        for place, name in enumerate(due, 1):
            plan = loaded.rulesets[name]
            began = time.monotonic()
            if progress:
                _say(f"[{place}/{len(due)}] {name} ...")
            result = supply.run(name, count=True)
            supply.keep(name, result)
            result = evolve(result, table=result.table.sort_by([(key, "ascending") for key in plan.key]))
            writer.write(result.table, target / f"{name}{writer.suffix}")
            done[name] = _summary(plan, day, result, f"{name}{writer.suffix}", time.monotonic() - began)
        pack = loaded.pack
        report = RunReport(
            pack=pack.name,
            version=pack.version,
            notice=dict(pack.notice.texts),
            meaning=loaded.meaning,
            source=loaded.source,
            as_of=day,
            known_as_of=known_as_of or day,
            tables={n: opened.summary(n) for n in opened.tables if n in pack.tables},
            rulesets=done,
            skipped=skipped,
            seconds=time.monotonic() - started,
            out=out,
        )
        (target / "run.json").write_text(json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n", "utf-8")
    return report


def _say(text: str) -> None:
    import sys

    print(text, file=sys.stderr, flush=True)


def _chosen(loaded: PackPlan, only: list[str] | None) -> list[str]:
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


def _summary(plan: RuleSetPlan, day: dt.date, result: Result, file: str, seconds: float) -> dict[str, Any]:
    version = plan.version(day)
    assert version is not None
    statuses = {}
    for shape in version.scores:
        counts = result.table.column(f"{shape.path}.status").value_counts().to_pylist()
        statuses[shape.path] = {
            each["values"]: each["counts"] for each in sorted(counts, key=lambda c: str(c["values"]))
        }
    facts = {
        name: {"rows": each.rows, "excluded": each.excluded, "unknown_subject": each.unknown}
        for name, each in result.facts.items()
    }
    return {
        "file": file,
        "subjects": result.subjects,
        "rows": result.table.num_rows,
        "not_judged": result.subjects - result.table.num_rows,
        "facts": facts,
        "statuses": statuses,
        "shadow": plan.shadow(day),
        "seconds": round(seconds, 3),
    }


def _refusal(out: Path) -> str | None:
    """Why the folder is not replaced: no run has made it."""
    if (out / "run.json").is_file() or not any(out.iterdir()):
        return None
    return "is not empty and was not made by a run: results go to a folder of their own"
