"""The main job: the rule sets of a pack in order, over the tables of a folder, into a folder.

In: a folder with a file for each declared table. Out: a result table for each rule set and
run.json, written beside the target and renamed into place at the end.
"""

import contextlib
import datetime as dt
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from trustcommerce.errors import DataError, RunError
from trustcommerce.language.names import did_you_mean
from trustcommerce.plan import PackPlan, RuleSetPlan
from trustcommerce.run.frames import to_arrow
from trustcommerce.run.table import run_table
from trustcommerce.sources import Folder

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RunReport", "keys_of", "read_tables", "run_pack", "score_frames", "with_results"]

_MARK = ".trustcommerce-"


@frozen(kw_only=True)
class RunReport:
    """What a run did; run.json holds the same.

    Args:
        rulesets: By name: rows read and judged, statuses by score, seconds, and the file.
        skipped: Rule sets not run, with the reason.
    """

    pack: str
    version: str
    notice: dict[str, str]
    meaning: str
    source: str
    as_of: dt.date
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
            "rulesets": self.rulesets,
            "skipped": self.skipped,
            "seconds": round(self.seconds, 3),
        }


def score_frames(
    loaded: PackPlan,
    plan: RuleSetPlan,
    frame: Any,
    day: dt.date,
    tables: Mapping[str, Any] | str | Path,
    *,
    threads: int | None,
    memory: str | None,
    wanted: Sequence[str] | None,
) -> "pa.Table":
    """One rule set over a frame or file, after the rule sets that it reads."""
    subject = _frame(loaded, frame, plan.table, plan.name)
    if isinstance(tables, str | Path):
        given = read_tables(loaded, plan, day, Folder(Path(tables), loaded.registry), {plan.table: subject})
    else:
        given = {name: _frame(loaded, table, name, plan.name) for name, table in tables.items()}
    given = with_results(loaded, plan, day, given, {**given, plan.table: subject}, threads, memory)
    version = plan.version(day)
    assert version is not None
    return run_table(
        plan, version, subject, day, given, keys=keys_of(loaded), threads=threads, memory=memory, wanted=wanted
    )


def read_tables(
    loaded: PackPlan, plan: RuleSetPlan, day: dt.date, folder: Folder, frames: Mapping[str, "pa.Table"]
) -> dict[str, "pa.Table"]:
    """`frames`, and from the folder every other table that the rule set and those it reads depend on."""
    found = dict(frames)
    names = [plan.name]
    for name in names:
        other = loaded.rulesets[name]
        version = other.version(day)
        if version is None:
            continue
        for table in (other.table, *(m.input for m in version.matches if m.kind == "table" and m.input)):
            if table not in found:
                found[table] = folder.read(loaded.pack.tables[table])
        names += [each for each in other.depends if each not in names]
    return found


def with_results(
    loaded: PackPlan,
    plan: RuleSetPlan,
    day: dt.date,
    given: dict[str, "pa.Table"],
    frames: Mapping[str, "pa.Table"],
    threads: int | None,
    memory: str | None,
) -> dict[str, "pa.Table"]:
    """The given tables, and the results of the rule sets `plan` reads whose subjects' tables are given."""
    found = dict(given)
    for name in plan.depends:
        other = loaded.rulesets[name]
        version = other.version(day)
        if name in found or other.table not in frames or version is None:
            continue
        found = with_results(loaded, other, day, found, frames, threads, memory)
        found[name] = run_table(
            other, version, frames[other.table], day, found, keys=keys_of(loaded), threads=threads, memory=memory
        )
    return found


def keys_of(loaded: PackPlan) -> dict[str, Sequence[str]]:
    keys: dict[str, Sequence[str]] = {name: table.key for name, table in loaded.pack.tables.items()}
    return {**keys, **{name: plan.key for name, plan in loaded.rulesets.items()}}


def _frame(loaded: PackPlan, frame: Any, table: str, ruleset: str) -> "pa.Table":
    if not isinstance(frame, str | Path):
        return to_arrow(frame, ruleset)
    path = Path(frame)
    if not path.is_file():
        raise DataError(f"{path.as_posix()}: no such file", ruleset=ruleset)
    registry = loaded.registry
    if path.suffix not in registry.sources:
        raise DataError(
            f"{path.name}: no source reads `{path.suffix}` files",
            ruleset=ruleset,
            hint=f"one of {', '.join(registry.sources)}",
        )
    spec = loaded.pack.tables.get(table)
    if spec is None:
        return registry.sources[path.suffix].read(path)
    return Folder(path.parent, registry).read_file(path, spec)


def run_pack(
    loaded: PackPlan,
    facts: Path,
    out: Path,
    day: dt.date,
    *,
    only: list[str] | None,
    format: str,
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
    folder = Folder(facts, loaded.registry)
    results: dict[str, pa.Table] = {}
    frames: dict[str, pa.Table] = {}
    done: dict[str, dict[str, Any]] = {}
    skipped: dict[str, str] = {}
    with _beside(out) as target:
        for name in chosen:
            plan = loaded.rulesets[name]
            reason = _why_skipped(plan, day, skipped, asked=only is not None and name in only)
            if reason:
                skipped[name] = reason
                continue
            began = time.monotonic()
            if progress:
                _say(f"{name} ...")
            result = _run_one(loaded, plan, day, folder, frames, results, threads, memory)
            results[name] = result
            writer.write(result, target / f"{name}{writer.suffix}")
            done[name] = _summary(
                plan, day, frames[plan.table], result, f"{name}{writer.suffix}", time.monotonic() - began
            )
        pack = loaded.pack
        report = RunReport(
            pack=pack.name,
            version=pack.version,
            notice=dict(pack.notice.texts),
            meaning=loaded.meaning,
            source=loaded.source,
            as_of=day,
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
    if plan.version(day) is None:
        since, until = plan.effective_from or "the beginning", plan.effective_until or "open end"
        reason = f"not in force on {day}: its dates are {since} to {until}"
        if asked:
            raise DataError(reason, ruleset=plan.name, value=day)
        return reason
    missing = next((name for name in plan.depends if name in skipped), None)
    if missing and asked:
        raise DataError(f"reads `{missing}`, which is skipped: {skipped[missing]}", ruleset=plan.name, value=day)
    return f"reads `{missing}`, which is skipped" if missing else None


def _run_one(
    loaded: PackPlan,
    plan: RuleSetPlan,
    day: dt.date,
    folder: Folder,
    frames: dict[str, "pa.Table"],
    results: Mapping[str, "pa.Table"],
    threads: int | None,
    memory: str | None,
) -> "pa.Table":
    version = plan.version(day)
    assert version is not None
    tables = loaded.pack.tables
    for name in [plan.table, *(match.input for match in version.matches if match.kind == "table")]:
        if name is not None and name not in frames:
            frames[name] = folder.read(tables[name])
    result = run_table(
        plan,
        version,
        frames[plan.table],
        day,
        {**frames, **results},
        keys=keys_of(loaded),
        threads=threads,
        memory=memory,
    )
    return result.sort_by([(name, "ascending") for name in plan.key])


def _summary(
    plan: RuleSetPlan, day: dt.date, frame: "pa.Table", result: "pa.Table", file: str, seconds: float
) -> dict[str, Any]:
    version = plan.version(day)
    assert version is not None
    statuses = {}
    for shape in version.scores:
        counts = result.column(f"{shape.path}.status").value_counts().to_pylist()
        statuses[shape.path] = {
            each["values"]: each["counts"] for each in sorted(counts, key=lambda c: str(c["values"]))
        }
    return {
        "file": file,
        "rows_read": frame.num_rows,
        "rows": result.num_rows,
        "not_judged": frame.num_rows - result.num_rows,
        "statuses": statuses,
        "shadow": plan.shadow(day),
        "seconds": round(seconds, 3),
    }


@contextlib.contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place when all went well; leftovers of killed runs go first."""
    out, shown = out.absolute(), out.as_posix()
    if out.exists() and not out.is_dir():
        raise RunError(f"{shown} is a file; the results need a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / "run.json").is_file():
        raise RunError(f"{shown} is not empty and was not made by a run: results go to a folder of their own")
    target = out.with_name(f"{_MARK}{out.name}")
    old = out.with_name(f"{_MARK}{out.name}.old")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if old.exists() and not out.exists():
            old.rename(out)
        for leftover in (target, old):
            shutil.rmtree(leftover, ignore_errors=True)
        target.mkdir()
        yield target
        if out.exists():
            out.rename(old)
        target.rename(out)
    except OSError as error:
        raise RunError(f"{shown}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(target, ignore_errors=True)
        if out.exists():
            shutil.rmtree(old, ignore_errors=True)
