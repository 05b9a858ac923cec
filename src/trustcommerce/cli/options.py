"""Arguments and options that several commands share."""

import datetime as dt
from typing import Any

import click

from trustcommerce.read.dates import parse_date

__all__ = ["as_of", "facts", "format_option", "known_as_of", "lang", "pack", "plugins"]


class _Day(click.ParamType):  # type: ignore[type-arg]
    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        found = value if isinstance(value, dt.date) else parse_date(str(value))
        if found is None:
            self.fail(f"{value!r} is no date; write it as 2023-05-18", param, ctx)
        return found


pack = click.argument("pack", type=click.Path(path_type=str))
as_of = click.option("--as-of", "as_of", type=_Day(), required=True, metavar="DATE", help="Day of judgement.")
known_as_of = click.option(
    "--known-as-of",
    "known_as_of",
    type=_Day(),
    metavar="DATE",
    help="What was recorded from this day on is not known; by default that of --as-of.",
)
facts = click.option(
    "--facts",
    type=click.Path(path_type=str),
    required=True,
    metavar="DIR",
    help="Folder with a file for each declared table, or a database file.",
)
lang = click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of titles and reasons."
)
format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What is printed."
)
plugins = click.option(
    "-p",
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME",
    help="A plugin beside those of the pack: a name, a file that ends in .py, or no:NAME; may repeat.",
)
