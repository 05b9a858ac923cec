"""Commands that judge subjects: run, score, explain, freeze."""

import datetime as dt
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from trustcommerce.cli import options
from trustcommerce.errors import DataError
from trustcommerce.explain.pools import pool_lines
from trustcommerce.explain.text import shown, wrap

__all__ = ["explain", "freeze", "run", "score"]


@click.command()
@options.pack
@options.facts
@click.option("--out", type=click.Path(path_type=str), required=True, metavar="DIR", help="Folder for the results.")
@options.as_of
@options.known_as_of
@click.option("--only", multiple=True, metavar="RULESET", help="Run this rule set and those it reads; may repeat.")
@click.option(
    "--output",
    metavar="FORMAT",
    default="parquet",
    show_default=True,
    help="Format of the result tables: parquet, csv, jsonl, or a plugin's.",
)
@click.option(
    "--engine",
    "where",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="What computes: this process, or Spark, as its own settings say.",
)
@click.option(
    "--previous",
    type=click.Path(path_type=str),
    metavar="DIR",
    help="Folder of the run of the period before: what its pools left joins those of this run.",
)
@click.option("--threads", type=click.IntRange(1), help="Threads, all cores by default.")
@click.option("--memory", metavar="SIZE", help="Memory limit such as 4GB; beyond it work spills to disk.")
@options.plugins
@options.lang
@options.format_option
def run(
    pack: str,
    facts: str,
    out: str,
    as_of: dt.date,
    known_as_of: dt.date | None,
    only: tuple[str, ...],
    output: str,
    where: str,
    previous: str | None,
    threads: int | None,
    memory: str | None,
    plugins: tuple[str, ...],
    lang: str,
    form: str,
) -> None:
    """The main job: judge every subject of PACK over the tables in a folder."""
    from trustcommerce.engine import load

    engine = load(pack, plugins=plugins)
    if output not in engine.registry.outputs:
        raise click.UsageError(f"no output format {output!r}: one of {', '.join(engine.registry.outputs)}")
    session = None
    if where == "spark":
        from trustcommerce.cluster.session import local

        session = local(threads, memory)
    report = engine.run(
        facts,
        out,
        as_of,
        only=list(only) or None,
        format=output,
        known_as_of=known_as_of,
        threads=threads,
        memory=memory,
        progress=sys.stderr.isatty(),
        previous=previous,
        spark=session,
    )
    if form == "json":
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
        return
    for name, done in report.rulesets.items():
        statuses = "; ".join(
            ", ".join(f"{count:,} {status}" for status, count in counts.items()) for counts in done["statuses"].values()
        )
        shadow = " (shadow: not enforced yet)" if done["shadow"] else ""
        rows = f"{done['rows']:,} row{'' if done['rows'] == 1 else 's'}"
        click.echo(f"{name}: {rows}{shadow}{f': {statuses}' if statuses else ''}")
        for pool, entries in done["pools"].items():
            for line in _pool(pool, entries):
                click.echo(f"  {line}")
    for line in _strays(report.rulesets):
        click.echo(line)
    for name, reason in report.skipped.items():
        click.echo(f"{name}: skipped, {reason}")
    _notice(engine, lang)
    tables = f"{len(report.rulesets)} table{'' if len(report.rulesets) == 1 else 's'}"
    click.echo(f"{tables} and run.json in {out} ({report.seconds:.2f} s)")


def _pool(name: str, entries: list[dict[str, Any]]) -> Iterator[str]:
    """What became of a pool, in all its partitions together, and where something is left or short."""
    total = {key: sum(Decimal(str(each[key])) for each in entries) for key in ("amount", "granted", "left_over")}
    amount, granted, left = (f"{total[key]:,}" for key in ("amount", "granted", "left_over"))
    within = f" in {len(entries):,} partitions" if entries and "within" in entries[0] else ""
    yield f"{name}: {granted} of {amount} granted{within}{f', {left} left over' if total['left_over'] else ''}"
    short = [each for each in entries if Decimal(str(each.get("short_of_least", 0)))]
    for each in short[:3]:
        place = ", ".join(map(str, each.get("within", {}).values()))
        beyond = f"the least that was promised{f' in {place}' if place else ''} is {each['short_of_least']:,} more"
        yield f"{name}: {beyond} than there is; all got a part of it"
    if len(short) > 3:
        yield f"{name}: and {len(short) - 3:,} more partitions like these"


def _strays(rulesets: dict[str, Any]) -> list[str]:
    """Rows of facts that belong to no subject, which may be a mistake in a key."""
    return [
        f"{name}: {fact['unknown_subject']:,} of {fact['rows']:,} rows of `{of}` belong to no subject"
        for name, done in rulesets.items()
        for of, fact in done["facts"].items()
        if fact["unknown_subject"]
    ]


def _notice(engine: Any, lang: str) -> None:
    """What the pack wants said beside its results."""
    notice = engine.plan.pack.notice.get(lang)
    if notice:
        click.echo("\n".join(wrap(notice)))


@click.command()
@options.pack
@click.argument("ruleset")
@click.option(
    "--input",
    "source",
    required=True,
    metavar="FILE|-",
    help="Records: JSON or JSON lines (also from standard input), CSV or Parquet.",
)
@click.option(
    "--facts",
    type=click.Path(path_type=str),
    metavar="DIR",
    help="Folder with the tables that facts and references read, for CSV and Parquet.",
)
@click.option("--snapshot", type=click.Path(path_type=str), metavar="FILE", help="Peers, as freeze stored them.")
@options.as_of
@options.known_as_of
@options.plugins
@options.lang
@options.format_option
def score(
    pack: str,
    ruleset: str,
    source: str,
    facts: str | None,
    snapshot: str | None,
    as_of: dt.date,
    known_as_of: dt.date | None,
    plugins: tuple[str, ...],
    lang: str,
    form: str,
) -> None:
    """Judge records of RULESET."""
    from trustcommerce.engine import load
    from trustcommerce.outputs.writers import json_value

    tabular = Path(source).suffix in (".csv", ".parquet")
    if snapshot is not None and tabular:
        raise click.UsageError("--snapshot is for single records: a table has its peers in it")
    if facts is not None and not tabular:
        raise click.UsageError("--facts is for tables: a record holds the rows of its facts")
    engine = load(pack, plugins=plugins)
    if tabular:
        table = engine.score_table(ruleset, source, as_of, tables=facts, known_as_of=known_as_of)
        for batch in table.to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                click.echo(json.dumps({k: json_value(v) for k, v in row.items()}, ensure_ascii=False))
        return
    from trustcommerce.run.snapshot import Snapshot

    peers = None if snapshot is None else Snapshot.load(snapshot)
    for record in _records(source):
        decision = engine.score(ruleset, record, as_of, known_as_of=known_as_of, snapshot=peers)
        if form == "json":
            values = {name: json_value(value) for name, value in decision.values.items()}
            click.echo(json.dumps({**decision.header(), "values": values}, ensure_ascii=False))
        else:
            click.echo(_brief(decision, lang))
    if form == "text":
        _notice(engine, lang)


def _brief(decision: Any, lang: str) -> str:
    """One subject in a few lines."""
    lines = [f"{', '.join(map(str, decision.key))}  ({decision.ruleset}, {decision.as_of})"]
    for name, each in decision.scores.items():
        lines.append(f"  {name}: {shown(each.value)} ({each.status})")
        for reason in decision.reasons(name, lang):
            lost = "" if reason.lost is None else f" -{reason.lost:g}"
            lines.append(f"    {reason.code}{lost}{'  ' + reason.text if reason.text else ''}")
    for name, value in {**decision.levels, **decision.resources}.items():
        lines.append(f"  {name}: {shown(value)}")
    pools = decision.outputs("claims", "reserves", "pools")
    lines += [f"  {line}" for line in pool_lines(pools, decision.__getitem__, lang)]
    return "\n".join(lines)


def _records(source: str) -> list[Any]:
    """JSON objects from a file or standard input: one, a list, or one a line."""
    from trustcommerce.sources.jsonlines import parse_json

    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise DataError(f"{source}: {reason}") from None

    def parse(text: str, first: int) -> Any:
        try:
            return parse_json(text, parse_float=Decimal)
        except json.JSONDecodeError as error:
            raise DataError(
                f"{source}:{first + error.lineno - 1}:{error.colno}: this is no JSON: {error.msg}"
            ) from None
        except (RecursionError, ValueError) as error:  # nested too deep; an integer of thousands of digits
            raise DataError(f"{source}: this is no JSON that can be read: {error}") from None

    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) < 2 or not _is_json(lines[0][1]):
        whole = parse(text, 1)
        return whole if isinstance(whole, list) else [whole]
    return [parse(line, number) for number, line in lines]


def _is_json(line: str) -> bool:
    """Whether a line alone is JSON: then the text is JSON lines."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


@click.command()
@options.pack
@click.argument("ruleset")
@options.facts
@click.option("--out", type=click.Path(path_type=str), required=True, metavar="FILE", help="File for the snapshot.")
@options.as_of
@options.known_as_of
@options.plugins
def freeze(
    pack: str,
    ruleset: str,
    facts: str,
    out: str,
    as_of: dt.date,
    known_as_of: dt.date | None,
    plugins: tuple[str, ...],
) -> None:
    """Store the peers of RULESET, which single records need to be compared with."""
    from trustcommerce.engine import load

    snapshot = load(pack, plugins=plugins).freeze(ruleset, facts, as_of, known_as_of=known_as_of)
    snapshot.save(out)
    click.echo(f"{ruleset}: {', '.join(snapshot.frozen)} of {as_of} in {out}")


@click.command()
@options.pack
@click.argument("rulesets", nargs=-1, required=True, metavar="RULESET...")
@click.argument("key")
@click.option("--facts", type=click.Path(path_type=str), metavar="DIR", help="Folder of facts, or a database file.")
@click.option("--out", type=click.Path(path_type=str), metavar="DIR", help="Results of an earlier run instead.")
@options.as_of
@options.known_as_of
@options.plugins
@options.lang
@options.format_option
def explain(
    pack: str,
    rulesets: tuple[str, ...],
    key: str,
    facts: str | None,
    out: str | None,
    as_of: dt.date,
    known_as_of: dt.date | None,
    plugins: tuple[str, ...],
    lang: str,
    form: str,
) -> None:
    """Explain each RULESET's decision on the subject KEY, down to the line of YAML and the rows of facts."""
    from trustcommerce.engine import load

    if (facts is None) == (out is None):
        raise click.UsageError("say --facts or --out, one of them")
    if out is not None and known_as_of is not None:
        raise click.UsageError("--known-as-of says nothing beside --out: the run has said what was known")
    engine = load(pack, plugins=plugins)
    decisions = [engine.decide(each, key, as_of, facts=facts, out=out, known_as_of=known_as_of) for each in rulesets]
    if len(decisions) == 1:
        click.echo(decisions[0].explain(lang, form))
    elif form == "json":
        said = ",\n".join(each.explain(lang, form) for each in decisions)
        click.echo(f"[{said}]")
    else:
        for each in decisions:
            title = engine.plan.rulesets[each.ruleset].title.get(lang, each.ruleset)
            click.echo(f"{title} ({each.ruleset})\n\n{each.explain(lang, notice=False)}\n")
        _notice(engine, lang)
