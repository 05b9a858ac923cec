"""Random rule sets over random rows, judged in every way: `python -m benchmarks.parity`.

Prints how many rule sets and values were compared, and for the first difference of each way the
smallest rule set and rows that show it. Exits 1 on a difference.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from typing import Any

from attrs import asdict, define, fields
from tests.parity.compare_facts import Outputs, Tables
from tests.parity.facts import make_fact_pack
from tests.parity.generate import make_pack
from tests.parity.shrink import smallest
from tests.parity.ways import Case, Way, column_case, fact_case, load_text, reference, ways

import trustcommerce as tc
from benchmarks.measure import RESULTS, machine

__all__ = ["Count", "compare", "main", "shown"]

_KINDS: dict[str, tuple[Callable[[int, int], Case], Callable[..., str]]] = {
    "events": (fact_case, make_fact_pack),
    "columns": (column_case, make_pack),
}

_EVERY = 30
"""Seconds between two lines that say how far it is."""


@define
class Count:
    """What was compared in one way."""

    rulesets: int = 0
    values: int = 0
    mismatches: int = 0


def compare(case: Case, all_ways: Mapping[str, Way], counts: Mapping[str, Count]) -> list[str]:
    """Compare every way with the reference; gives those that differ."""
    expected = reference(case)
    wrong = []
    for name, way in all_ways.items():
        found = _results(way, case)
        counts[name].rulesets += 1
        counts[name].values += sum(map(len, expected.values()))
        if found != expected:
            counts[name].mismatches += 1
            wrong.append(name)
    return wrong


def _results(way: Way, case: Case) -> Outputs | str:
    """What comes out, or why nothing does."""
    try:
        return way(case)
    except Exception as error:  # whatever it is, the reference has a result
        return f"{type(error).__name__}: {error}"


def _kind(found: Outputs | str) -> str:
    """The class of an error, so that one is not taken for another."""
    return found.split(":")[0] if isinstance(found, str) else ""


def shown(case: Case, way: Way, make: Callable[..., str], seed: int) -> str:
    """The smallest rule set and rows for which a way differs from the reference, and what it gives."""

    def tried(text: str, tables: Tables) -> Case | None:
        try:
            return Case(*load_text(make, seed, text), tables)
        except tc.PolicyError:
            return None

    def fails(text: str, tables: Tables) -> bool:
        smaller = tried(text, tables)
        if smaller is None:
            return False
        try:
            expected = reference(smaller)
        except (tc.TrustCommerceError, KeyError):  # rows that others need are gone
            return False
        found = _results(way, smaller)
        return found != expected and _kind(found) == kind

    kind = _kind(_results(way, case))
    text, tables = smallest(case.text, case.tables, fails)
    least = tried(text, tables)
    assert least is not None
    expected, found = reference(least), _results(way, least)
    lines = [text, *(f"{name}: {row}" for name, rows in tables.items() for row in rows)]
    if isinstance(found, str):
        return "\n".join([*lines, found])
    for key in sorted(expected.keys() | found.keys()):
        right, wrong = expected.get(key, {}), found.get(key, {})
        for name in sorted(right.keys() | wrong.keys()):
            if right.get(name) != wrong.get(name):
                lines.append(f"{key}.{name}: reference {right.get(name)!r}, this way {wrong.get(name)!r}")
    return "\n".join(lines)


def _table(counts: Mapping[str, Count]) -> str:
    lines = [f"{'':34}{'rule sets':>12}{'values':>16}{'mismatches':>14}"]
    lines += [f"{name:34}{each.rulesets:>12,}{each.values:>16,}{each.mismatches:>14,}" for name, each in counts.items()]
    return "\n".join(lines)


def _total(counts: Mapping[str, Count]) -> str:
    values, wrong = (sum(getattr(each, name) for each in counts.values()) for name in ("values", "mismatches"))
    return f"{values:,} values compared, {wrong:,} mismatches"


def judged(job: int, given: argparse.Namespace) -> tuple[dict[str, Count], int, int]:
    """What one process compares: its share of the rule sets; how many there were, and how many did not load."""
    due = len(range(job, given.rule_sets, given.jobs))
    seed, done, refused, told = given.seed + job * 2 * due, 0, 0, time.monotonic()
    with ways(given.memory, not given.no_spark) as all_ways:
        unknown = [name for name in given.only or () if name not in all_ways]
        if unknown:
            raise SystemExit(f"no way is called {unknown[0]!r}; there are {', '.join(map(repr, all_ways))}")
        asked = {name: way for name, way in all_ways.items() if not given.only or name in given.only}
        counts = {name: Count() for name in asked}
        reported: set[str] = set()
        kinds = list(_KINDS.items())
        while done < due:
            kind, (prepare, make) = kinds[seed % len(kinds)]
            try:
                case = prepare(seed, given.rows)
            except tc.PolicyError:  # constants that do not fit
                refused, seed = refused + 1, seed + 1
                continue
            for name in compare(case, asked, counts):
                print(f"{name} differs for the rule set over {kind} of seed {seed}", flush=True)
                if name not in reported:
                    reported.add(name)
                    print(shown(case, asked[name], make, seed), flush=True)
            seed, done = seed + 1, done + 1
            if time.monotonic() - told > _EVERY:
                told = time.monotonic()
                print(f"{done:,} of {due:,} rule sets: {_total(counts)}", file=sys.stderr, flush=True)
    return counts, done, refused


def _added(parts: list[dict[str, Count]]) -> dict[str, Count]:
    return {
        name: Count(*(sum(getattr(part[name], each.name) for part in parts) for each in fields(Count)))
        for name in parts[0]
    }


def _write(given: argparse.Namespace, counts: Mapping[str, Count], seconds: float) -> None:
    """Keep the counts of the ways that were compared beside those of the others."""
    kept = _kept()
    how = {"machine": machine(), "rows": given.rows, "memory": given.memory}
    for name, each in counts.items():
        found = {**asdict(each), "seconds": round(seconds), "seeds": [given.seed]}
        before = kept.get(name) if given.add else None
        kept[name] = {key: value + (before[key] if before else type(value)()) for key, value in found.items()} | how
    (RESULTS / "parity.json").write_text(json.dumps({"ways": kept}, indent=2) + "\n", "utf-8")


def _kept() -> dict[str, dict[str, Any]]:
    path = RESULTS / "parity.json"
    found: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))["ways"] if path.exists() else {}
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parity", description=__doc__)
    parser.add_argument("--rule-sets", type=int, default=100, metavar="N", help="half over events, half over columns")
    parser.add_argument("--rows", type=int, default=1000, metavar="M", help="events, or subjects, for each")
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--memory", default="300MB", metavar="SIZE", help="the limit of a run with little memory")
    parser.add_argument("--no-spark", action="store_true", help="without Spark, which takes seconds for each")
    parser.add_argument("--only", action="append", metavar="WAY", help="compare this way, and others so named, alone")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes that share the rule sets")
    parser.add_argument("--write", action="store_true", help="keep the counts in benchmarks/results/parity.json")
    parser.add_argument("--add", action="store_true", help="add the counts to those that are kept, of other seeds")
    given = parser.parse_args(arguments)
    if given.add:
        for name, each in _kept().items():
            alike = given.seed not in each["seeds"] and (given.rows, given.memory) == (each["rows"], each["memory"])
            if name in (given.only or [name]) and not alike:
                parser.error(f"what is kept of {name!r} is of the same seeds, or of other rows or memory")
    began = time.monotonic()
    if given.jobs == 1:
        parts = [judged(0, given)]
    else:
        with get_context("spawn").Pool(given.jobs) as pool:
            parts = pool.starmap(judged, [(job, given) for job in range(given.jobs)], chunksize=1)
    seconds = time.monotonic() - began
    counts = _added([each for each, _, _ in parts])
    done, refused = (sum(part[i] for part in parts) for i in (1, 2))
    print(_table(counts))
    print(f"{done:,} rule sets, {given.rows:,} rows each, in {seconds:.0f} s; {refused} more did not load")
    if given.write:
        _write(given, counts, seconds)
    return 1 if any(each.mismatches for each in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
