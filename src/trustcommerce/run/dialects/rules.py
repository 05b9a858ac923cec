"""Rules that several dialects are made of."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen
from sqlglot import exp, parse_one

from trustcommerce.run.dialects.core import Rule, Untold

__all__ = [
    "added",
    "call",
    "filled",
    "filtered",
    "first",
    "greatest",
    "is_nan",
    "is_truth",
    "keep",
    "least",
    "parsed",
    "picked",
    "product",
    "quantile",
    "renamed",
    "shifted",
    "typed_division",
    "types_as",
    "wide_sum",
    "written_as",
]


def keep(node: exp.Expression) -> exp.Expression:
    return node


def first(node: exp.Expression) -> exp.Expression:
    found: exp.Expression = node.expressions[0]
    return found


def call(name: str, *arguments: exp.Expression) -> exp.Expression:
    """A function that sqlglot writes as it is."""
    return exp.Anonymous(this=name, expressions=[*arguments])


def renamed(name: str) -> Rule:
    """A rule that gives another function with the same arguments."""
    return lambda node: call(name, *node.expressions)


def written_as(sql: str, grammar: str) -> Rule:
    """A rule that gives `sql` with the node's argument in place of the column `x`."""
    tree = parsed(sql, grammar)

    def build(node: exp.Expression) -> exp.Expression:
        argument = node.expressions[0] if isinstance(node, exp.Anonymous) else node.this
        made = filled(tree.copy(), {"x": argument})
        return exp.Paren(this=made) if isinstance(made, exp.Binary) else made

    return build


def filled(tree: exp.Expression, values: Mapping[str, exp.Expression]) -> exp.Expression:
    """The tree with values in place of columns."""

    def fill(each: exp.Expression) -> exp.Expression:
        value = values.get(each.name) if isinstance(each, exp.Column) else None
        return each if value is None else exp.Paren(this=value.copy())

    return tree.transform(fill, copy=False)


def types_as(names: Mapping[str, str], grammar: str) -> Rule:
    """A rule for types by their names in DuckDB; `{}` stands for what a type says in brackets."""

    def build(node: exp.Expression) -> exp.Expression:
        name = node.this.name.replace("TIMESTAMPNTZ", "TIMESTAMP")
        if name not in names:
            raise Untold(f"the type {name}")
        said = ", ".join(each.name for each in node.expressions)
        return exp.DataType.build(names[name].format(said), dialect=grammar)

    return build


def typed_division(node: exp.Expression) -> exp.Expression:
    """Operands have their types already: whole numbers are cut, doubles divided."""
    return exp.Div(this=node.this, expression=node.expression, typed=True)


def is_truth(node: exp.Expression) -> exp.Expression:
    """Whether something is true, or false, and not missing, where sqlglot knows no `IS TRUE`."""
    if not isinstance(node.expression, exp.Boolean):
        return node
    wanted = bool(node.expression.this)
    known = exp.Coalesce(this=node.this, expressions=[exp.Boolean(this=not wanted)])
    return known if wanted else exp.Not(this=known)


def is_nan(name: str) -> Rule:
    """A rule for databases where no NaN equals another."""

    def build(node: exp.Expression) -> exp.Expression:
        other = node.expression
        if isinstance(other, exp.Cast) and other.this.is_string and other.this.name == "NaN":
            return call(name, node.this)
        return node

    return build


def filtered(node: exp.Expression) -> exp.Expression:
    """An aggregate of some rows only, where there is no FILTER: of the others it sees nothing."""
    condition, made = node.expression.this, node.this

    def held(value: exp.Expression) -> exp.Expression:
        return exp.Case(ifs=[exp.If(this=condition.copy(), true=value)])

    if isinstance(made.this, exp.Star):
        made.set("this", held(exp.Literal.number(1)))
    elif isinstance(made.this, exp.Distinct):
        made.this.set("expressions", [held(each) for each in made.this.expressions])
    else:
        made.set("this", held(made.this))
    return made


def parsed(sql: str, grammar: str) -> exp.Expression:
    return parse_one(sql, dialect=grammar)


def picked(node: exp.Expression) -> exp.Expression:
    """One of several constants, by its place from 1, where there are no lists."""
    values, place = node.expressions
    ifs = [exp.If(this=exp.Literal.number(i), true=each) for i, each in enumerate(values.expressions, 1)]
    return exp.Case(this=place, ifs=ifs)


def quantile(sql: str, grammar: str) -> Rule:
    """A rule that gives `sql` with the value in place of `v` and the share in place of `s`."""
    return lambda node: filled(parsed(sql, grammar), dict(zip("vs", node.expressions, strict=True)))


def product(type_: str, grammar: str) -> Rule:
    """A rule for a column's value times a bare number: nothing is known of it yet, so the product is wide."""

    def build(node: exp.Expression) -> exp.Expression:
        if isinstance(node.expression, exp.Literal):
            node.set("expression", exp.Cast(this=node.expression, to=exp.DataType.build(type_, dialect=grammar)))
        return node

    return build


def wide_sum(type_: str, grammar: str) -> Rule:
    """A rule for sums of whole numbers that can't overflow."""
    return lambda node: exp.Sum(this=exp.Cast(this=node.this, to=exp.DataType.build(type_, dialect=grammar)))


@frozen
class _Added:
    """What is made of a moment and the days or months to be added to it."""

    sql: str
    grammar: str

    def of_sum(self, node: exp.Expression) -> exp.Expression:
        """A moment some months later; other sums are of numbers."""
        months = shifted(node)
        return node if months is None else self._of(node.this, months)

    def of_cast(self, node: exp.Expression) -> exp.Expression:
        """A date some days later: a sum that becomes a date."""
        if isinstance(node.this, exp.Add) and node.to.is_type("date"):
            return exp.Cast(this=self._of(node.this.this, node.this.expression), to=node.to)
        return node

    def _of(self, moment: exp.Expression, count: exp.Expression) -> exp.Expression:
        return filled(parsed(self.sql, self.grammar), {"x": moment, "n": count})


added = _Added


def shifted(node: exp.Expression) -> exp.Expression | None:
    """The months that are added by a sum, if it adds months."""
    months = node.expression
    if isinstance(months, exp.Anonymous) and months.name.upper() == "TO_MONTHS":
        return first(months)
    return None


def _extreme(compare: Callable[..., exp.Expression]) -> Rule:
    """The first of the values that no later one beats: databases differ about missing ones and about 0.0 and -0.0."""

    def build(node: exp.Expression) -> exp.Expression:
        values: list[Any] = [node.this, *node.expressions]
        ifs = []
        for i, value in enumerate(values[:-1]):
            tests = [compare(this=_operand(value), expression=_operand(each)) for each in values[i + 1 :]]
            ifs.append(exp.If(this=exp.and_(*tests), true=value.copy()))
        return exp.Case(ifs=ifs, default=values[-1])

    return build


def _operand(value: exp.Expression) -> exp.Expression:
    return exp.Paren(this=value.copy())


least = _extreme(exp.LTE)
greatest = _extreme(exp.GTE)
