"""The group of commands, and the one place where errors become text and exit codes."""

import signal
import sys
from collections.abc import Sequence

import click

from trustcommerce import __version__
from trustcommerce.cli import authors, plugins, runs, seeds
from trustcommerce.errors import DataError, PolicyError, TrustCommerceError

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="trustcommerce")
def group() -> None:
    """Scores of marketplace operators, and the resources they decide, from YAML rule sets.

    A PACK is a folder with a pack.yaml.
    """


for command in (
    runs.run,
    authors.check,
    authors.test,
    runs.score,
    runs.explain,
    runs.freeze,
    authors.sql,
    authors.inputs,
    authors.schema,
    plugins.plugins,
    seeds.seeds,
):
    group.add_command(command)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit; as a program of its own, stop when asked to as when interrupted."""
    if args is None and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        group.main(args=list(args) if args is not None else None, prog_name="trustcommerce", standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        _fail("interrupted", 1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except PolicyError as error:
        count = len([d for d in error.diagnostics if d.severity == "error"])
        _fail(f"{error}\n\n{count} error{'' if count == 1 else 's'}", 1)
    except DataError as error:
        _fail("\n\n".join(f"error: {each.alone()}" for each in (error, *error.also)), 1)
    except TrustCommerceError as error:
        _fail(f"error: {error}", 1)
    except KeyboardInterrupt:
        _fail("interrupted", 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        _fail(f"error: {error}", 1)


def _fail(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)
