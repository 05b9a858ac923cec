"""The command that writes sample tables: seeds."""

from pathlib import Path

import click

__all__ = ["seeds"]


@click.command()
@click.option("--stores", type=click.IntRange(1), default=300, show_default=True, metavar="N", help="How many stores.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder for the tables; it may hold an earlier sample, which is replaced.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, metavar="N", help="Another seed, another market."
)
def seeds(stores: int, out: Path, seed: int) -> None:
    """Write sample tables of an invented marketplace, at any size."""
    from trustcommerce.samples import write_samples

    rows = write_samples(out, stores, seed)
    width = max(len(f"{count:,}") for count in rows.values())
    for name, count in rows.items():
        click.echo(f"{count:>{width},}  {name}")
    click.echo(f"{len(rows)} tables in {out}")
