"""Stage `model`: tree -> rule sets, as frozen attrs classes that know nothing of YAML files.

In: checked trees, dates folded. Out: `Pack` with its tables, `RuleSet` with its items and scores.
"""

from trustcommerce.model.facts import (
    Aggregate,
    Exclusion,
    Fact,
    KeepRule,
    Matching,
    Origin,
    Reference,
    Window,
)
from trustcommerce.model.items import Choice, ExceptionRule, Guard, Item, Sample
from trustcommerce.model.pack import ColumnSpec, FileTable, Pack, TableSpec
from trustcommerce.model.pools import Pool, Reserve
from trustcommerce.model.read_facts import AGGREGATES, read_aggregate
from trustcommerce.model.read_pack import read_header
from trustcommerce.model.read_rules import read_ruleset
from trustcommerce.model.ruleset import Adjustment, Events, Limit, Part, RuleSet
from trustcommerce.model.title import Title

__all__ = [
    "AGGREGATES",
    "Adjustment",
    "Aggregate",
    "Choice",
    "ColumnSpec",
    "Events",
    "ExceptionRule",
    "Exclusion",
    "Fact",
    "FileTable",
    "Guard",
    "Item",
    "KeepRule",
    "Limit",
    "Matching",
    "Origin",
    "Pack",
    "Part",
    "Pool",
    "Reference",
    "Reserve",
    "RuleSet",
    "Sample",
    "TableSpec",
    "Title",
    "Window",
    "read_aggregate",
    "read_header",
    "read_ruleset",
]
