"""What a run did, as its caller gets it and as run.json holds it."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from trustcommerce.plan import PackPlan, RuleSetPlan
from trustcommerce.run.audit import FactCounts

__all__ = ["RunReport", "report_of", "summary", "write_report"]


@frozen(kw_only=True)
class RunReport:
    """What a run did; run.json holds the same.

    Args:
        plugins: Their versions, by name.
        tables: Rows read of each table, and values that a reader noticed.
        rulesets: By name: subjects and rows judged, rows of facts that counted, were excluded or of no
            subject, what became of pools, statuses by score, seconds, and the file.
        skipped: Rule sets not run, with the reason.
        waiting: Pools of the run before that this one did not share, by rule set, as that left them.
        frames: Results by rule set, where a cluster gives them instead of writing files.
    """

    pack: str
    version: str
    notice: dict[str, str]
    meaning: str
    source: str
    plugins: dict[str, str]
    as_of: dt.date
    known_as_of: dt.date
    tables: dict[str, dict[str, int]]
    rulesets: dict[str, dict[str, Any]]
    skipped: dict[str, str]
    waiting: dict[str, dict[str, Any]]
    seconds: float
    out: Path | None = field(repr=False)
    frames: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)

    def as_dict(self) -> dict[str, Any]:
        return {
            "pack": self.pack,
            "version": self.version,
            "notice": self.notice,
            "meaning": self.meaning,
            "source": self.source,
            "plugins": self.plugins,
            "as_of": self.as_of.isoformat(),
            "known_as_of": self.known_as_of.isoformat(),
            "tables": self.tables,
            "rulesets": self.rulesets,
            "skipped": self.skipped,
            "waiting": self.waiting,
            "seconds": round(self.seconds, 3),
        }


def report_of(
    loaded: PackPlan,
    day: dt.date,
    known_as_of: dt.date | None,
    tables: dict[str, dict[str, int]],
    rulesets: dict[str, dict[str, Any]],
    skipped: dict[str, str],
    waiting: dict[str, dict[str, Any]],
    seconds: float,
    out: Path | None,
) -> RunReport:
    pack = loaded.pack
    return RunReport(
        pack=pack.name,
        version=pack.version,
        notice=dict(pack.notice.texts),
        meaning=loaded.meaning,
        source=loaded.source,
        plugins=loaded.plugin_versions,
        as_of=day,
        known_as_of=known_as_of or day,
        tables=tables,
        rulesets=rulesets,
        skipped=skipped,
        waiting=waiting,
        seconds=seconds,
        out=out,
    )


def write_report(report: RunReport, folder: Path) -> None:
    text = json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n"
    (folder / "run.json").write_text(text, "utf-8")


def summary(
    plan: RuleSetPlan,
    day: dt.date,
    file: str | None,
    subjects: int,
    rows: int,
    facts: Mapping[str, FactCounts],
    pools: Mapping[str, list[dict[str, Any]]],
    statuses: Mapping[str, Mapping[str | None, int]],
    seconds: float,
) -> dict[str, Any]:
    """What run.json says of a rule set."""
    return {
        "file": file,
        "subjects": subjects,
        "rows": rows,
        "not_judged": subjects - rows,
        "facts": {
            name: {"rows": each.rows, "excluded": each.excluded, "unknown_subject": each.unknown}
            for name, each in facts.items()
        },
        "pools": dict(pools),
        "statuses": {
            name: dict(sorted(each.items(), key=lambda pair: str(pair[0]))) for name, each in statuses.items()
        },
        "shadow": plan.shadow(day),
        "seconds": round(seconds, 3),
    }
