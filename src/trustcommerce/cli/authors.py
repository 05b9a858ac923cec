"""Commands for people who write packs: check, test, inputs, sql, schema."""

import datetime as dt
import json
import sys

import click

from trustcommerce.cli import options
from trustcommerce.diagnostics import render

__all__ = ["check", "inputs", "schema", "sql", "test"]

_DIALECTS = "The warehouse's: duckdb, postgres or spark; as an experiment clickhouse, trino, bigquery or snowflake."


@click.command()
@click.argument("packs", nargs=-1, required=True, metavar="PACK...")
@options.plugins
@options.format_option
def check(packs: tuple[str, ...], plugins: tuple[str, ...], form: str) -> None:
    """Check packs and their test files: every problem at once, sorted by place."""
    from trustcommerce.analysis import check_cases

    found = [(pack, check_cases(pack, plugins)) for pack in packs]
    everything = [each for _, diagnostics in found for each in diagnostics]
    errors = sum(each.severity == "error" for each in everything)
    if form == "json":
        click.echo(json.dumps([each.as_dict() for each in everything], ensure_ascii=False, indent=2))
    else:
        for each in everything:
            click.echo(render(each) + "\n")
        for pack, diagnostics in found:
            bad = sum(each.severity == "error" for each in diagnostics)
            warned = len(diagnostics) - bad
            click.echo(
                f"{pack}: {_count(bad, 'error')}, {_count(warned, 'warning')}" if diagnostics else f"{pack}: fine"
            )
    sys.exit(1 if errors else 0)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@click.command()
@click.argument("packs", nargs=-1, required=True, metavar="PACK...")
@options.plugins
@options.lang
@options.format_option
def test(packs: tuple[str, ...], plugins: tuple[str, ...], lang: str, form: str) -> None:
    """Run the test cases of packs, tests/*.yaml."""
    from trustcommerce.analysis import run_cases

    results = [result for pack in packs for result in run_cases(pack, lang, plugins)]
    failed = [result for result in results if not result.passed]
    if form == "json":
        click.echo(
            json.dumps(
                [
                    {
                        "place": r.place,
                        "ruleset": r.ruleset,
                        "name": r.name,
                        "passed": r.passed,
                        "failures": list(r.failures),
                    }
                    for r in results
                ],
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        for result in failed:
            click.echo(f"{result.place}: {result.ruleset}: {result.name}")
            for line in result.failures:
                click.echo(f"    {line}")
            if result.explanation:
                click.echo("\n".join(f"    {line}" for line in result.explanation.splitlines()))
            click.echo("")
        click.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed or not results else 0)


@click.command()
@options.pack
@click.argument("ruleset")
@options.plugins
@options.format_option
def inputs(pack: str, ruleset: str, plugins: tuple[str, ...], form: str) -> None:
    """List what a record of RULESET holds."""
    from trustcommerce.diagnostics import display_width
    from trustcommerce.engine import load
    from trustcommerce.explain.text import pad

    found = load(pack, plugins=plugins).inputs(ruleset)
    if form == "json":
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    rows = [("name", "type", "from")] + [
        (
            f"{each['name']}{' (key)' if each['key'] else ''}",
            each["type"] + ("?" if each["nullable"] else ""),
            str(each["from"]),
        )
        for each in found
    ]
    widths = [max(display_width(row[i]) for row in rows) for i in range(3)]
    for row in rows:
        click.echo("  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip())


@click.command()
@options.pack
@click.argument("ruleset")
@click.option("--dialect", required=True, metavar="NAME", help=_DIALECTS)
@options.as_of
@options.known_as_of
@options.plugins
def sql(
    pack: str, ruleset: str, dialect: str, as_of: dt.date, known_as_of: dt.date | None, plugins: tuple[str, ...]
) -> None:
    """Print RULESET as one statement for a warehouse that holds the tables."""
    from trustcommerce.engine import load

    click.echo(load(pack, plugins=plugins).sql(ruleset, dialect, as_of, known_as_of), nl=False)


@click.command()
@click.argument("what", type=click.Choice(["ruleset", "pack", "tests"]), default="ruleset")
@options.plugins
def schema(what: str, plugins: tuple[str, ...]) -> None:
    """Print the JSON Schema of rule sets, pack.yaml or test files, for editors.

    That of rule sets knows the kinds of the plugins that -p names.
    """
    from trustcommerce.planning import registry_with
    from trustcommerce.schema import authored_schema, case_schema, pack_schema

    found = {"ruleset": lambda: authored_schema(registry_with(plugins)), "pack": pack_schema, "tests": case_schema}[
        what
    ]()
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
