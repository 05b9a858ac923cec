"""Stage `read`: text -> tree. YAML with every position kept; nothing interpreted.

In: paths of files. Out: `Node` trees of mappings, sequences and scalars.
"""

from trustcommerce.read.dates import date_breaks, day_of, fold_dates, parse_date, undated
from trustcommerce.read.files import read_text
from trustcommerce.read.folder import PackFiles, read_pack
from trustcommerce.read.grid import parse_grid
from trustcommerce.read.tree import Entry, Mapping, Node, Scalar, Sequence, plain
from trustcommerce.read.yaml import parse_yaml

__all__ = [
    "Entry",
    "Mapping",
    "Node",
    "PackFiles",
    "Scalar",
    "Sequence",
    "date_breaks",
    "day_of",
    "fold_dates",
    "parse_date",
    "parse_grid",
    "parse_yaml",
    "plain",
    "read_pack",
    "read_text",
    "undated",
]
