"""Commands about plugins: what is installed, what one gives, what is wrong with one."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trustcommerce.cli import options
from trustcommerce.errors import PolicyError

if TYPE_CHECKING:
    from trustcommerce.plugins.loaded import Plugin

__all__ = ["plugins"]


@click.group()
def plugins() -> None:
    """Plugins: list, show, doctor, new."""


@plugins.command("list")
@options.format_option
def listed(form: str) -> None:
    """List the plugins that are installed. None of them is imported."""
    from trustcommerce.plugins.installed import installed

    found = installed()
    if form == "json":
        rows = [
            {"name": each.name, "version": each.version, "distribution": each.distribution, "module": each.module}
            for each in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        click.echo(f"{each.name:{width}}  {each.version}  {each.distribution}")
    if not found:
        click.echo("no plugin is installed")


@plugins.command()
@click.argument("name")
def show(name: str) -> None:
    """Show what the plugin NAME gives: a name, or a file that ends in .py."""
    from trustcommerce.registry import called

    plugin = _tried(name)
    click.echo(f"{plugin.said}{f' of {plugin.distribution}' if plugin.distribution else ''}")
    for each in plugin.gives:
        said = each.doc if hasattr(each, "doc") else each.texts.get("en") or next(iter(each.texts.values()), "")
        click.echo(f"  {' '.join(called(each))}: {said}")


@plugins.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def doctor(names: tuple[str, ...]) -> None:
    """Load each plugin alone, all that are installed by default, and tell what is wrong.

    Tells how long its import takes, which heavy modules it brings, and what has no sentence of documentation.
    """
    from trustcommerce.builtin import core_registry
    from trustcommerce.expansion.examples import try_example
    from trustcommerce.plugins.doctor import examined
    from trustcommerce.plugins.installed import installed

    wrong = False
    for name in names or [each.qualified for each in installed()]:
        report = examined(name, core_registry(), try_example)
        wrong = wrong or not report.fine
        click.echo(report.text())
    sys.exit(1 if wrong else 0)


@plugins.command()
@click.argument("name")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Its folder, trustcommerce-NAME by default."
)
def new(name: str, out: Path | None) -> None:
    """Write the plugin NAME: a small distribution with a kind of metric, and tests that pass as they are."""
    from trustcommerce.plugins.new import write_plugin

    folder = out if out is not None else Path(f"trustcommerce-{name}")
    for path in write_plugin(name, folder):
        click.echo(path.as_posix())
    click.echo(f"now: python -m pytest {folder.as_posix()}")


def _tried(name: str) -> "Plugin":
    """The plugin, loaded beside the core alone."""
    from trustcommerce.builtin import core_registry
    from trustcommerce.diagnostics import Problems
    from trustcommerce.plugins.loading import load_plugins
    from trustcommerce.plugins.requests import Request

    problems = Problems()
    _, found = load_plugins([Request(name=name, by="option")], core_registry(), problems)
    if not found:
        raise PolicyError(problems)
    return found[0]
