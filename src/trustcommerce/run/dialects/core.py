"""What a database is told of a query, and what it is not: the class that all dialects are made of.

Queries are trees in DuckDB's terms. For another database every node is kept as it is, rewritten by
a rule of the dialect, or refused by name: what a database is told is never a guess.
"""

from collections.abc import Callable, Iterator, Mapping

from attrs import field, frozen
from sqlglot import ErrorLevel, UnsupportedError, exp

from trustcommerce.errors import DataError
from trustcommerce.language.types import Kind
from trustcommerce.registry import ARROW
from trustcommerce.run.connected import Layer, by_steps

__all__ = [
    "BINARY",
    "ERROR",
    "EVERYWHERE",
    "SAID",
    "SMALL",
    "TYPE_NAME",
    "WIDE",
    "SYNTAX",
    "UNTRIED",
    "Untold",
    "Dialect",
    "Rule",
    "is_own",
    "outside",
]

BINARY, ERROR, TYPE_NAME = "BINARY_TEXT", "ERROR", "TYPE_NAME"
"""Functions of queries that no database has under this name: a text compared by its code points, an error
with the given text once it is evaluated, the name of a column's type without its parameters.
"""

SAID = "trustcommerce: "
"""What our own errors begin with where a database says much around them."""

SMALL = "trustcommerce_small"
"""A mark of sums that do not leave 64 bits: see `grouping`."""

WIDE = "trustcommerce_wide"
"""A mark of queries with whole numbers of more than 64 bits, and of their divisions: see `shares`."""

UNTRIED = "no test of the project runs statements like this one in this database; compare its results with a run's"
"""What to know of a dialect whose database the tests do not have."""


class Untold(Exception):
    """What a rule finds no words for; its text says what that is."""


Components = Callable[[str, str, str], Iterator[Layer]]
Rule = Callable[[exp.Expression], exp.Expression]

SYNTAX: frozenset[type] = frozenset(
    [
        *(exp.Alias, exp.And, exp.Between, exp.Boolean, exp.Case, exp.Cast, exp.Coalesce, exp.Column, exp.DataType),
        *(exp.DataTypeParam, exp.EQ, exp.From, exp.GT, exp.GTE, exp.Group, exp.Having, exp.If, exp.In, exp.Is),
        *(exp.Join, exp.LT, exp.LTE, exp.Limit, exp.Literal, exp.NEQ, exp.Neg, exp.Not, exp.Null, exp.Nullif, exp.Or),
        *(exp.Order, exp.Ordered, exp.Paren, exp.Select, exp.Star, exp.Sub, exp.Subquery, exp.Table),
        *(exp.TableAlias, exp.Tuple, exp.Var, exp.Where, exp.Window, exp.WindowSpec),
    ]
)
"""Nodes that every SQL has and reads as it is written here; a rule of a dialect goes before."""

EVERYWHERE: frozenset[type] = SYNTAX | frozenset(
    [
        *(exp.Abs, exp.Add, exp.Array, exp.BitwiseAnd, exp.BitwiseOr, exp.Ceil, exp.Count, exp.DPipe, exp.Distinct),
        *(exp.Div, exp.Exists, exp.Filter, exp.Floor, exp.Greatest, exp.Lead, exp.Least, exp.Length, exp.Max),
        *(exp.Min, exp.Mod, exp.Mul, exp.RowNumber, exp.Sqrt, exp.StartsWith, exp.Sum, exp.TimestampTrunc),
    ]
)
"""Nodes that mean the same in the promised databases wherever their operands are guarded and typed, and that
sqlglot writes as they are.
"""

_OUTSIDE = "trustcommerce_outside"
_SERVES = {
    "Array": "lists, as `hit: collect` gives them, are made of it",
    "ArrayContains": "results with lists are read with it",
    "ArrayContainsAll": "results with lists are read with it",
    WIDE: "pools are shared with them; `method: top` does without",
    "QUANTILE_DISC": "metrics that say `quantile` are",
}
"""What needs a construct that may be refused."""


def outside(tree: exp.Expression) -> exp.Expression:
    """The tree with names of columns that are given, or that people see: those stay as they are."""
    for each in tree.find_all(exp.Identifier):
        each.meta[_OUTSIDE] = True
    return tree


def is_own(name: exp.Identifier) -> bool:
    """Whether a name is of a column, and of the statement's own making."""
    return not name.meta.get(_OUTSIDE) and not isinstance(name.parent, exp.Table)


@frozen(kw_only=True, eq=False)
class Dialect:
    """A database's way of writing a query.

    Args:
        title: What people call it.
        same: Nodes that are kept as they are.
        rules: Rewritings by node class; a class with neither a rule nor a place in `same` is refused.
        functions: Rewritings of functions that sqlglot does not know, by their name in capitals.
        types: The names of types that a column of a kind may have, as `TYPE_NAME` gives them.
        shapes: For a database that can't name a type: the function, by its name in `functions`, that it refuses
            beforehand over a column of another kind.
        longest: Bytes that a name may have.
        renamed: Characters that no column's name may hold there, and what takes their place.
        renamed_outputs: Whether that is so of the columns of the result, too.
        folds: Whether columns whose names differ in case only are one column.
        layer: What stands between a layer's name and its query; some databases put layers into each other
            unless told not to, and so write their expressions out many times over.
        quoted: Whether the name of a layer must be quoted where it is made, for it is where it is read.
        ending: What stands below a statement.
        setting: What is to be said before a long statement.
        values: Whether rows of a file may be written as `VALUES`, and not as a query each.
        truths: Whether comparisons give truth values, and not numbers.
        joined: Whether rows are found by joins of two tables on equal columns alone: no sub-query sees the row
            outside, and nothing but columns, and conditions besides, stands in a join.
        connected: How components of a graph are found, as a function of `run.connected` or one like it; None
            where they can't be.
        double_keys: Whether 0.0 and -0.0 are known to be one key where rows are joined or grouped.
        cluster: Whether rows are spread over machines: they have no order, and a sub-query sees the row
            outside by equal keys only.
        inlined: Whether layers are always put into the queries that read them, so that a long statement is better
            off with windows than with joins of a layer to itself.
        wide: Whether whole numbers of 38 digits are divided into whole numbers, which sharing an amount takes.
        notice: What to know of a dialect that is tried out; None for one that is promised.
    """

    name: str
    title: str
    same: frozenset[type] = EVERYWHERE
    rules: Mapping[type, Rule] = field(factory=dict)
    functions: Mapping[str, Rule]
    types: Mapping[Kind, tuple[str, ...]] = field(factory=dict)
    shapes: Mapping[Kind, str] = field(factory=dict)
    longest: int | None = None
    renamed: Mapping[str, str] = field(factory=dict)
    renamed_outputs: bool = False
    folds: bool = False
    layer: str = "AS"
    quoted: bool = False
    ending: str | None = None
    setting: str | None = None
    values: bool = True
    truths: bool = True
    joined: bool = False
    connected: Components | None = by_steps
    double_keys: bool = True
    cluster: bool = False
    inlined: bool = False
    wide: bool = False
    notice: str | None = None

    @property
    def experimental(self) -> bool:
        """Whether it is tried out, and not promised."""
        return self.notice is not None

    def print(self, tree: exp.Expression) -> str:
        """The text of a tree in DuckDB's terms, which is used up.

        Raises:
            DataError: There is no rule for something in it.
        """
        try:
            written = self._written(tree)
            return str(
                written.sql(
                    dialect=self.name, identify=True, pretty=True, copy=False, unsupported_level=ErrorLevel.RAISE
                )
            )
        except Untold as error:
            raise self.refusal(str(error)) from None
        except UnsupportedError as error:
            raise self.refusal(f"a query: {error}") from None

    def refusal(self, what: str, hint: str | None = None) -> DataError:
        """An error for what can't be said in this dialect."""
        return DataError(f"{self.title} can't be given {what}", hint=hint)

    def python(self, what: str) -> DataError:
        """An error for what runs have and no database does."""
        said = f"a statement for {self.title} can't call {what}"
        return DataError(said, hint="records, tables and runs on Spark have it, statements do not")

    def _written(self, node: exp.Expression) -> exp.Expression:
        """The node, from the leaves up, as this database has it."""
        if node.meta.get(WIDE) and not self.wide:
            raise self.refusal("divisions of whole numbers of 38 digits", _SERVES[WIDE])
        for key, value in list(node.args.items()):
            if isinstance(value, exp.Expression):
                node.set(key, self._written(value))
            elif isinstance(value, list):
                node.set(key, [self._written(each) if isinstance(each, exp.Expression) else each for each in value])
        if isinstance(node, exp.Anonymous):
            name = node.name.upper()
            if name.startswith(ARROW.upper()):
                raise self.python(
                    f"the function `{name.lower().removeprefix(ARROW)}`, which is Python over Arrow arrays"
                )
            function = self.functions.get(name)
            if function is None:
                raise self.refusal(f"the function {name}", _SERVES.get(name))
            return function(node)
        if isinstance(node, exp.Identifier):
            return self._named(node)
        rule = self.rules.get(type(node))
        if rule is not None:
            return rule(node)
        if type(node) not in self.same:
            name = type(node).__name__
            raise self.refusal(f"a node {name}", _SERVES.get(name))
        return node

    def _named(self, node: exp.Identifier) -> exp.Identifier:
        size = len(node.name.encode())
        if self.longest is not None and size > self.longest:
            raise self.refusal(f"the name `{node.name}` of {size} bytes", f"a name there has at most {self.longest}")
        if self.renamed and is_own(node):
            return exp.to_identifier(node.name.translate(str.maketrans(dict(self.renamed))), quoted=True)
        return node
