"""Stage `model`: tree -> rule sets, as frozen attrs classes that know nothing of YAML files.

In: checked trees, dates folded. Out: `Pack` with its tables, `RuleSet` with its items and scores.
"""

from trustcommerce.model.pack import ColumnSpec, FileTable, Pack, TableSpec
from trustcommerce.model.read_pack import read_header
from trustcommerce.model.read_rules import read_ruleset
from trustcommerce.model.ruleset import (
    Adjustment,
    Choice,
    ExceptionRule,
    Guard,
    Item,
    Limit,
    Part,
    Reference,
    RuleSet,
    Sample,
)
from trustcommerce.model.title import Title

__all__ = [
    "Adjustment",
    "Choice",
    "ColumnSpec",
    "ExceptionRule",
    "FileTable",
    "Guard",
    "Item",
    "Limit",
    "Pack",
    "Part",
    "Reference",
    "RuleSet",
    "Sample",
    "TableSpec",
    "Title",
    "read_header",
    "read_ruleset",
]
