"""Results -> tables: text of 80 columns for the terminal, Markdown for the README."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS, ROOT
from benchmarks.worker import BENCHMARKS

__all__ = ["BEGIN", "END", "TITLES", "growth", "markdown", "parity", "text_table", "write_readme"]

BEGIN, END = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"
TITLES = {
    "import": "Importing, a fresh process",
    "check": "Checking and loading packs, a fresh process",
    "record": "One record: 10 characteristics of 5 bands each",
    "card30": "One record: 30 metrics with curves, 3 groups, 4 vetoes, a level",
    "table": "A table of 1,000,000 rows",
    "table30": "A table of subjects with 30 metrics: score, level and three reasons",
    "growth": "How time grows with rules and with subjects; the exponent is that of the last step, 1 is linear",
    "settlement": "Commission of product cards: each order, and a statement for each store",
    "pools": "60 billion shared by 100,000 to 10,000,000 participants, beside a sort of the same rows",
    "spark": "On Spark: from orders to the scores of stores; 30 metrics of 1,000,000 subjects",
    "events": "From orders to the scores of stores",
}
_WIDTHS = (9, 9, 8, 14)
_CASE = 80 - sum(_WIDTHS)


def seconds(value: float) -> str:
    """Seconds in the unit that reads best, to three digits."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}" if value * factor < 1000 else f"{value * factor:.0f} {unit}"
    return f"{value * 1e9:.3g} ns"


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    bar = row["bar"]
    verdict = "" if bar is None else f"{'<' if row['median'] < bar else 'NOT <'} {seconds(bar)}"
    return seconds(row["median"]), seconds(row["best"]), f"{row['peak_mb']:.0f} MB", verdict


def _per(rows: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Names of the cases; what one piece of work is, where the cases of a table differ in it."""
    differs = len({row["per"] for row in rows}) > 1
    for row in rows:
        yield row["case"] + (f" / {row['per']}" if differs else ""), row


def text_table(result: Mapping[str, Any]) -> str:
    """A benchmark's rows for a terminal of 80 columns."""
    rows = result["rows"]
    heads = ("median", "best", "peak", "bar")
    lines = [
        "",
        TITLES[result["benchmark"]],
        " " * _CASE + "".join(head.rjust(width) for head, width in zip(heads, _WIDTHS, strict=True)),
    ]
    for name, row in _per(rows):
        if len(name) > _CASE:
            lines.append(name)
            name = ""
        cells = [cell.rjust(width) for cell, width in zip(_cells(row), _WIDTHS, strict=True)]
        lines.append((name.ljust(_CASE) + "".join(cells)).rstrip())
        if row["note"]:
            lines.append(f"  {row['note']}")
    return "\n".join(lines)


def markdown(results: list[Mapping[str, Any]]) -> str:
    """All results for the README."""
    lines = []
    for result in results:
        machine = result["machine"]
        libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
        line = f"{machine['cores']} cores, {machine['python']}; {libraries}."
        if line not in lines:
            lines += [line, ""]
        lines += [f"**{TITLES[result['benchmark']]}**", ""]
        if result["benchmark"] == "growth":
            lines += [*growth(result), ""]
            continue
        lines += [
            "| | median | best | peak memory | bar |",
            "|---|--:|--:|--:|--:|",
        ]
        for name, row in _per(result["rows"]):
            note = f"; {row['note']}" if row["note"] else ""
            lines.append(f"| {name}{note} | {' | '.join(_cells(row))} |")
        lines.append("")
    lines.append(
        "Repeated runs; peak memory is that of a process that does this alone. Run again with `python -m benchmarks`."
    )
    return "\n".join(lines)


def growth(result: Mapping[str, Any]) -> list[str]:
    """Sizes side by side: a line for each step, and how its time grew over the last two sizes."""
    lines: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in result["rows"]:
        name, _, step = row["case"].partition(": ")
        size, _, what = name.partition(" ")
        lines.setdefault((what, step), {})[size] = row
    sizes = sorted({size for found in lines.values() for size in found}, key=lambda size: int(size.replace(",", "")))
    made = [f"| | {' | '.join(sizes)} | exponent | peak memory |", f"|---|{'--:|' * (len(sizes) + 2)}"]
    for (what, step), found in lines.items():
        times = [seconds(found[size]["median"]) if size in found else "" for size in sizes]
        last = list(found.values())[-1]
        exponent = last["note"].removeprefix("exponent ")
        made.append(f"| {what}: {step} | {' | '.join(times)} | {exponent} | {last['peak_mb']:.0f} MB |")
    return made


def parity(result: Mapping[str, Any]) -> str:
    """What was compared in which ways, for the README."""
    ways = result["ways"]
    most = max(ways.values(), key=lambda each: each["rulesets"])
    number = most["rulesets"]
    lines = [
        "",
        "**The same bits in every way**",
        "",
        f"{number:,} random rule sets, half over events and half over columns, with {most['rows']:,} rows each;",
        "every value of every result beside that of the plain reference evaluator. Run again with",
        f"`python -m benchmarks.parity --rule-sets {number} --rows {most['rows']} --memory {most['memory']} --jobs 2`.",
        "",
        "| | rule sets | values | mismatches |",
        "|---|--:|--:|--:|",
    ]
    for name, each in ways.items():
        lines.append(f"| {name} | {each['rulesets']:,} | {each['values']:,} | {each['mismatches']:,} |")
    return "\n".join(lines)


def write_readme(readme: Path, tables: str) -> bool:
    """Put the tables between the markers of `readme`; whether it has the markers."""
    text = readme.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return False
    readme.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", "utf-8")
    return True


def main() -> int:
    files = [RESULTS / f"{name}.json" for name in BENCHMARKS]
    results = [json.loads(file.read_text("utf-8")) for file in files if file.is_file()]
    if not results:
        print("no results: run `python -m benchmarks` first", file=sys.stderr)
        return 1
    compared = RESULTS / "parity.json"
    tables = markdown(results)
    if compared.is_file():
        tables += "\n" + parity(json.loads(compared.read_text("utf-8")))
    if not write_readme(ROOT / "README.md", tables):
        print(f"README.md has no `{BEGIN}` with an `{END}` after it", file=sys.stderr)
        return 1
    print(f"README.md: {len(results)} tables")
    return 0


if __name__ == "__main__":
    sys.exit(main())
