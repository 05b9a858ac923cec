"""Functions in Python, taken out of a query: what they give is a column of the table below it.

Where rows of another table stand beside a row as an array, a function is called for all of them at once, and the
condition reads what it gave by the place of a row in the array.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from sqlglot import exp

from trustcommerce.cluster.functions import Called
from trustcommerce.registry import ARROW, Vectorised
from trustcommerce.run.layers import at
from trustcommerce.run.sql import column

__all__ = ["Below", "without_calls"]

_PLACE = "__place"
"""The parameter of a condition over an array: where in it the row is."""


class Below(Protocol):
    """Where the tables that a query reads are made."""

    @property
    def functions(self) -> Mapping[str, Vectorised]:
        """Those that may be called, by name."""

    @property
    def shown(self) -> Mapping[str, Sequence[str]]:
        """The columns of each layer, as far as they are known."""

    def fresh(self) -> str:
        """A name that nothing has yet."""

    def write(self, query: exp.Select) -> str:
        """Keep a query as a layer; returns its name."""

    def called(self, query: exp.Select, calls: Sequence[Called]) -> str:
        """The rows of a query with what Python makes of them, in place of its arguments; returns the name."""


def without_calls(query: exp.Select, below: Below) -> exp.Select:
    """The query over tables that hold what is called in it; those that are called for others come first."""
    while True:
        calls = list(_innermost(query))
        if not calls:
            return query
        plain = [each for each in calls if _lambda(each) is None]
        if plain:
            _beside(query, plain, below)
        else:
            query = _in_arrays(query, calls, below)


def _innermost(query: exp.Expression) -> Iterator[exp.Anonymous]:
    for node in query.find_all(exp.Anonymous):
        if _is_call(node) and not any(_is_call(each) for each in node.find_all(exp.Anonymous) if each is not node):
            yield node


def _is_call(node: exp.Anonymous) -> bool:
    return str(node.name).lower().startswith(ARROW)


def _lambda(call: exp.Expression) -> exp.Lambda | None:
    """The condition over an array in which a call reads the array's rows."""
    found = call.find_ancestor(exp.Lambda)
    if found is None:
        return None
    parameters = {each.name for each in found.expressions}
    read = any(each.table in parameters or each.name in parameters for each in call.find_all(exp.Column))
    return found if read else None


# -- beside the row


def _beside(query: exp.Select, calls: Sequence[exp.Anonymous], below: Below) -> None:
    """Have each table of the query hold what is called with its columns."""
    tables = _tables(query)
    first = next(iter(tables))
    by_table: dict[str, dict[str, list[exp.Anonymous]]] = {}
    for call in calls:
        read = {each.table or first for each in call.find_all(exp.Column)} or {first}
        assert len(read) == 1 and read <= tables.keys(), f"{call} reads {read}"
        by_table.setdefault(read.pop(), {}).setdefault(str(call), []).append(call)
    read_here = {each.name for each in query.find_all(exp.Column)}
    whole = any(each.is_star for each in query.selects)
    for alias, same in by_table.items():
        table = tables[alias]
        known = below.shown.get(table.name)
        kept = [exp.Star()] if whole or known is None else [column(name) for name in known if name in read_here]
        made, found = [], []
        for nodes in same.values():
            call, arguments = _called(nodes[0], below, listed=False)
            found.append(call)
            made += [exp.alias_(_alone(value), name, quoted=True) for name, value in arguments.items()]
            for node in nodes:
                node.replace(at(alias, call.name) if table.alias else column(call.name))
        rows = exp.select(*kept, *made).from_(exp.to_table(table.name), copy=False)
        table.replace(_named(below.called(rows, found), table.alias))


def _tables(query: exp.Select) -> dict[str, exp.Table]:
    """What a query reads, by the name under which it does."""
    found = [each for each in query.find_all(exp.Table) if isinstance(each.parent, exp.From | exp.Join)]
    return {each.alias_or_name: each for each in found}


def _alone(value: exp.Expression) -> exp.Expression:
    """A value over the columns of one table, which needs no name."""
    for each in value.find_all(exp.Column):
        each.set("table", None)
    return value


def _called(node: exp.Anonymous, below: Below, listed: bool) -> tuple[Called, dict[str, exp.Expression]]:
    """A call, and its arguments by the columns that are to hold them."""
    function = below.functions[node.name.lower().removeprefix(ARROW)]
    name = below.fresh()
    arguments = {f"{name}_{i}": each.copy() for i, each in enumerate(node.expressions)}
    return Called(name, function, tuple(arguments), listed), arguments


def _named(name: str, alias: str) -> exp.Expression:
    table = exp.to_table(name)
    return table.as_(alias) if alias else table


# -- in arrays


def _in_arrays(query: exp.Select, calls: Sequence[exp.Anonymous], below: Below) -> exp.Select:
    """The query over the rows that its joins give, with the arrays and what is called for each of their rows.

    It reads columns of its first table, whatever it joins, and conditions over arrays.
    """
    alias, first = next(iter(_tables(query).items()))
    known = below.shown.get(first.name)
    kept = [exp.column(exp.Star(), table=alias)] if known is None else [at(alias, name) for name in known]
    columns: list[exp.Expression] = [*kept]
    found: list[Called] = []
    conditions = {id(each): each for call in calls if (each := _lambda(call)) is not None}
    for condition in conditions.values():
        search = condition.parent
        assert isinstance(search, exp.Anonymous)
        if len(condition.expressions) == 1:
            condition.append("expressions", exp.to_identifier(_PLACE, quoted=True))
        array, rows = search.expressions[0], below.fresh()
        columns.append(exp.alias_(array.copy(), rows, quoted=True))
        place = column(condition.expressions[1].name)
        for node in [each for each in calls if _lambda(each) is condition]:
            call, arguments = _called(node, below, listed=True)
            found.append(call)
            for name, value in arguments.items():
                each = exp.Lambda(this=value, expressions=[each.copy() for each in condition.expressions])
                columns.append(exp.alias_(_function("TRANSFORM", array.copy(), each), name, quoted=True))
            node.replace(_function("GET", at(alias, call.name), place.copy()))
        array.replace(at(alias, rows))
        if search.name.upper() == "EXISTS":
            _tested_first(search, condition)
    joined = query.copy()
    joined.set("expressions", columns)
    table = below.called(joined, found)
    shown = [each for item in query.selects for each in (kept if item.is_star else [item])]
    return exp.select(*(each.copy() for each in shown)).from_(_named(table, alias), copy=False)


def _tested_first(search: exp.Anonymous, condition: exp.Lambda) -> None:
    """EXISTS tells no places: the condition is computed for each row, and one that holds is looked for."""
    tested = _function("TRANSFORM", search.expressions[0].copy(), condition.copy())
    holds = exp.Lambda(this=column("t"), expressions=[exp.to_identifier("t", quoted=True)])
    search.set("expressions", [tested, holds])


def _function(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[*arguments])
