"""A whole sample into a folder: written beside it, renamed into place at the end."""

from pathlib import Path

from trustcommerce.errors import RunError
from trustcommerce.replaced import replaced
from trustcommerce.samples.incidents import write_incidents
from trustcommerce.samples.market import Market
from trustcommerce.samples.operators import write_operators
from trustcommerce.samples.tables import FILES, Tables

__all__ = ["write_samples"]


def write_samples(out: Path, stores: int, seed: int = 1) -> dict[str, int]:
    """Write the tables of an invented marketplace, the same bytes whenever the arguments are the same.

    A smaller sample of the same seed is the beginning of a larger one, table by table. Memory does not grow with the
    number of stores.

    Args:
        out: Folder for one CSV file a table; it may hold an earlier sample, which is replaced, and nothing else.
        stores: How many stores, at least 1. The other tables follow: about 100 orders and 8 products a store.
        seed: At least 0.

    Returns:
        Rows by table.

    Raises:
        RunError: The folder holds something else or cannot be written, or a number is too small.
    """
    if stores < 1:
        raise RunError(f"a sample has at least 1 store, not {stores}")
    if seed < 0:
        raise RunError(f"the seed of a sample is at least 0, not {seed}")
    with replaced(out, "a sample needs", _refusal) as folder, Tables(folder) as tables:
        write_incidents(tables)
        write_operators(Market(seed=seed, tables=tables, stores=stores))
    return tables.rows


def _refusal(out: Path) -> str | None:
    """Why the folder is not replaced: it holds what no sample does."""
    others = sorted(each.name for each in out.iterdir() if each.name not in FILES)
    return f"holds `{others[0]}`, which is no table of a sample: give it a folder of its own" if others else None
