"""sqlglot tree -> typed core. Names are resolved, types and units decided, the rest refused by name.

In: text with its place, a scope. Out: an `Expr`; what is wrong goes to the problems.
"""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.calendar import Interval
from trustcommerce.language.expressions import Expr, Literal, poison
from trustcommerce.language.functions import Function
from trustcommerce.language.macros import Macro, Place
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.operations import Operations, constant
from trustcommerce.language.parse import parse
from trustcommerce.language.presence import operands, present_where_false, present_where_true
from trustcommerce.language.scope import Assuming, Scope, Sharing
from trustcommerce.language.tokens import Refusal
from trustcommerce.language.types import DATE, TIMESTAMP, UNKNOWN, Kind, Type
from trustcommerce.language.types import label as label_type
from trustcommerce.read.scalars import mistaken
from trustcommerce.read.tree import Scalar

__all__ = ["Text", "bind"]

_COMPARISONS = {"EQ": "eq", "NEQ": "ne", "LT": "lt", "LTE": "le", "GT": "gt", "GTE": "ge"}
_KINDS = {
    "unit": "'day', 'week', 'month', 'quarter' or 'year'",
    "numeric": "a number",
    "integer": "an integer",
    "text": "text",
    "calendar": "the name of a calendar",
}
_BUILT_IN = ("coalesce", "least", "greatest", "round", "if")


@frozen
class Text:
    """Expression text inside a scalar: characters from `start`, `text` as the scalar decodes it."""

    text: str
    scalar: Scalar
    start: int = 0

    @classmethod
    def of(cls, scalar: Scalar) -> "Text":
        return cls(scalar.text, scalar)

    def part(self, start: int, end: int) -> "Text":
        return Text(self.text[start:end], self.scalar, self.start + start)

    def span(self, start: int = 0, end: int | None = None) -> Span:
        stop = len(self.text) if end is None else end
        return self.scalar.locate(self.start + start, self.start + max(stop, start + 1))


def bind(text: Text, scope: Scope, ops: Operations, labels: tuple[str, ...] = ()) -> Expr:
    """The typed expression that `text` writes.

    Args:
        text: The text and where it stands.
        scope: Names and functions in force.
        ops: Typed construction, which also takes the problems.
        labels: Labels that may be written bare here.
    """
    tree = parse(text.text)
    if isinstance(tree, Refusal):
        hint = tree.hint or mistaken(text.text.strip())
        return ops.error(tree.code, tree.message, text.span(tree.start, tree.end), hint)
    return _Binder(text, scope, ops, labels).expr(tree)


class _Binder:
    def __init__(self, text: Text, scope: Scope, ops: Operations, labels: tuple[str, ...]) -> None:
        self.text, self.scope, self.ops, self.labels = text, scope, ops, labels

    def expr(self, node: Any) -> Expr:
        name = type(node).__name__
        handler: Callable[[Any], Expr] | None = getattr(self, f"_{name.lower()}", None)
        if name in _COMPARISONS:
            return self._comparison(node, _COMPARISONS[name])
        if handler is None:
            return self._refuse(node, name)
        return handler(node)

    # -- places

    def span(self, node: Any) -> Span:
        """From the first to the last token below `node` whose place sqlglot knows."""
        starts, ends = [], []
        for each in node.walk():
            meta = each._meta
            if meta and "start" in meta:
                starts.append(meta["start"])
                ends.append(meta["end"] + 1)
        return self.text.span(min(starts), max(ends)) if starts else self.text.span()

    def _refuse(self, node: Any, name: str) -> Expr:
        known = {
            "Alias": ("two names side by side", "is an operator or a comma missing?"),
            "Star": ("`*` stands alone", "name what is meant"),
            "Subquery": ("a subquery", "look other tables up with `references`"),
            "DPipe": ("`||`", "texts are not joined in rules"),
            "Like": ("`like`", "use starts_with, or a list: `x in ('a', 'b')`"),
            "Tuple": ("a list of values", "lists stand after `in`"),
            "Cast": ("a cast", "columns have their types in pack.yaml"),
            "Bracket": ("`[ ]`", None),
        }
        what, hint = known.get(name, (f"`{name.lower()}`", None))
        return self.ops.error(codes.FORBIDDEN_SYNTAX, f"{what} is not part of the rule language", self.span(node), hint)

    # -- leaves

    def _column(self, node: Any) -> Expr:
        parts = tuple(part.name for part in node.parts)
        return self._named(parts, node)

    def _dot(self, node: Any) -> Expr:
        parts = tuple(part.name for part in node.flatten()) if hasattr(node, "flatten") else ()
        names = [each.name for each in node.walk() if type(each).__name__ == "Identifier"]
        return self._named(tuple(names) if names else parts, node)

    def _named(self, parts: tuple[str, ...], node: Any) -> Expr:
        span = self.span(node)
        if len(parts) == 1 and parts[0] in self.labels:
            if parts[0] in set(self.scope.names()):
                return self.ops.error(
                    codes.AMBIGUOUS_LABEL, f"`{parts[0]}` is a label and a name in scope", span, "rename one of them"
                )
            return Literal(self.labels.index(parts[0]), label_type(self.labels), span)
        if len(parts) == 1 and self.labels and parts[0] not in set(self.scope.names()):
            return self.ops.error(
                codes.UNKNOWN_LABEL,
                f"no label and no name `{parts[0]}`",
                span,
                did_you_mean(parts[0], [*self.labels, *self.scope.names()])
                or f"the labels are {', '.join(self.labels)}",
            )
        return self.scope.resolve(parts, span)

    def _literal(self, node: Any) -> Expr:
        span = self.span(node)
        if node.is_string:
            return constant(node.this, span)
        value = Decimal(node.this)
        if len(value.as_tuple().digits) > 18:
            return self.ops.error(codes.BAD_LITERAL, "a number of more than 18 digits", span)
        return constant(value if "." in node.this else int(node.this), span)

    def _boolean(self, node: Any) -> Expr:
        return constant(bool(node.this), self.text.span())

    def _null(self, node: Any) -> Expr:
        return constant(None, self.text.span())

    def _paren(self, node: Any) -> Expr:
        return self.expr(node.this)

    def _interval(self, node: Any) -> Expr:
        amount = node.this.this if node.this is not None else ""
        written = re.search(rf"interval\s*'?\s*{re.escape(str(amount))}[^']*'?", self.text.text, re.IGNORECASE)
        span = self.text.span(*written.span()) if written else self.text.span()
        unit = node.args.get("unit")
        interval = Interval.parse(f"{amount} {unit.name if unit is not None else ''}")
        if interval is None:
            return self.ops.error(
                codes.BAD_LITERAL,
                "this interval can't be read",
                span,
                "write `interval '30 days'`, with one unit of up to a century",
            )
        return Literal(interval, Type(Kind.INTERVAL), span)

    def _cast(self, node: Any) -> Expr:
        """Only `date '...'` and `timestamp '...'`, which sqlglot reads as casts."""
        span = self.span(node)
        kind = node.to.this.name
        if kind in ("DATE", "TIMESTAMP") and getattr(node.this, "is_string", False):
            try:
                if kind == "DATE":
                    return Literal(dt.date.fromisoformat(node.this.this), DATE, span)
                return Literal(dt.datetime.fromisoformat(node.this.this), TIMESTAMP, span)
            except ValueError:
                example = "2023-05-09" if kind == "DATE" else "2023-05-09 08:00:00"
                return self.ops.error(
                    codes.BAD_LITERAL,
                    f"`{node.this.this}` is no {kind.lower()}",
                    span,
                    f"write {kind.lower()} '{example}'",
                )
        return self._refuse(node, "Cast")

    # -- operators

    def _pair(self, node: Any) -> tuple[Expr, Expr]:
        return self.expr(node.this), self.expr(node.expression)

    def _add(self, node: Any) -> Expr:
        return self.ops.sum("add", *self._pair(node), self.span(node))

    def _sub(self, node: Any) -> Expr:
        return self.ops.sum("sub", *self._pair(node), self.span(node))

    def _mul(self, node: Any) -> Expr:
        return self.ops.mul(*self._pair(node), self.span(node))

    def _div(self, node: Any) -> Expr:
        return self.ops.div(*self._pair(node), self.span(node))

    def _neg(self, node: Any) -> Expr:
        return self.ops.neg(self.expr(node.this), self.span(node))

    def _comparison(self, node: Any, op: str) -> Expr:
        for side in (node.this, node.expression):
            if type(side).__name__ in _COMPARISONS:
                return self.ops.error(
                    codes.FORBIDDEN_SYNTAX,
                    "chained comparisons compare a truth value",
                    self.span(node),
                    "write `0 < x and x < 1`, or `between`",
                )
        return self.ops.compare(op, *self._pair(node), self.span(node))

    def _and(self, node: Any) -> Expr:
        return self.ops.logic("and", operands(node.flatten(), present_where_true, self._assuming), self.span(node))

    def _or(self, node: Any) -> Expr:
        return self.ops.logic("or", operands(node.flatten(), present_where_false, self._assuming), self.span(node))

    def _not(self, node: Any) -> Expr:
        return self.ops.negate(self.expr(node.this), self.span(node))

    def _is(self, node: Any) -> Expr:
        subject, span = self.expr(node.this), self.span(node)
        kind = type(node.expression).__name__
        if kind == "Null":
            return self.ops.is_null(subject, span)
        if kind == "Boolean":
            return self.ops.is_truth(subject, bool(node.expression.this), span)
        return self.ops.error(codes.BAD_EXPRESSION, "after `is` comes null, not null, true or false", span)

    def _in(self, node: Any) -> Expr:
        span, subject = self.span(node), self.expr(node.this)
        if node.args.get("query") is not None or node.args.get("field") is not None:
            return self._refuse(node, "Subquery")
        members = [self.expr(each) for each in node.expressions]
        if not members:
            return self.ops.error(codes.BAD_EXPRESSION, "the list after `in` is empty", span)
        return self.ops.logic("or", [self.ops.compare("eq", subject, member, span) for member in members], span)

    def _between(self, node: Any) -> Expr:
        span, subject = self.span(node), self.expr(node.this)
        low = self.ops.compare("ge", subject, self.expr(node.args["low"]), span)
        high = self.ops.compare("le", subject, self.expr(node.args["high"]), span)
        return self.ops.logic("and", [low, high], span)

    def _case(self, node: Any) -> Expr:
        span = self.span(node)
        subject = self.expr(node.this) if node.this is not None else None
        branches = []
        passed: set[str] = set()  # columns that are there, since an earlier `when x is null` was not true
        for each in node.args["ifs"]:
            when = self._assuming(passed, each.this)
            if subject is not None:
                when = self.ops.compare("eq", subject, when, self.span(each))
            branches.append((when, self._assuming(passed | present_where_true(when), each.args["true"])))
            passed |= present_where_false(when)
        default = node.args.get("default")
        if default is None:
            return self.ops.error(codes.NO_ELSE, "this case has no `else`", span, "say `else null` if that is meant")
        return self.ops.case(branches, self._assuming(passed, default), span)

    def _assuming(self, present: set[str], node: Any) -> Expr:
        if not present or not isinstance(self.scope, Assuming):
            return self.expr(node)
        with self.scope.assuming(present):
            return self.expr(node)

    # -- functions

    def _anonymous(self, node: Any) -> Expr:
        name, span = str(node.this).lower(), self.span(node)
        if name in ("cast", "try_cast"):
            return self._refuse(node, "Cast")
        args = [self.expr(each) for each in node.expressions]
        if name in _BUILT_IN:
            return self._operation(name, args, span)
        functions = self.scope.functions()
        if name not in functions:
            known = [*functions, *_BUILT_IN[:-1]]
            return self.ops.error(
                codes.UNKNOWN_FUNCTION,
                f"no function `{name}`",
                Span(span.file, span.start, min(span.start + len(name), span.end)),
                did_you_mean(name, known) or f"there are {', '.join(sorted(known))}",
            )
        return self._call(functions[name], args, span)

    def _if(self, node: Any) -> Expr:
        return self.ops.error(
            codes.FORBIDDEN_SYNTAX,
            "`if` is not part of the rule language",
            self.span(node),
            "write `case when ... then ... else ... end`",
        )

    def _coalesce(self, node: Any) -> Expr:
        return self._operation("coalesce", [self.expr(node.this), *map(self.expr, node.expressions)], self.span(node))

    def _operation(self, name: str, args: list[Expr], span: Span) -> Expr:
        if name == "coalesce" and args:
            return self.ops.coalesce(args, span)
        if name in ("least", "greatest") and len(args) >= 2:
            return self.ops.extreme(name, args, span)
        if name == "round" and len(args) == 2:
            places = args[1].value if isinstance(args[1], Literal) else None
            if isinstance(places, int) and 0 <= places <= 12 and args[0].type.numeric:
                return self.ops.round_to(args[0], places, span)
        takes = {
            "coalesce": "one or more values",
            "round": "a number and its places, 0 to 12",
            "if": "nothing: write `case when ... then ... else ... end`",
        }.get(name, "two or more values")
        return self.ops.error(codes.WRONG_ARGUMENTS, f"`{name}` takes {takes}", span)

    def _call(self, function: Function | Macro, args: list[Expr], span: Span) -> Expr:
        if any(arg.type == UNKNOWN for arg in args):
            return poison(span)
        if len(args) != len(function.parameters):
            return self.ops.error(
                codes.WRONG_ARGUMENTS,
                f"`{function.name}` takes {_values(len(function.parameters))}, not {len(args)}",
                span,
            )
        fitted = []
        for arg, kind in zip(args, function.parameters, strict=True):
            fit = self._fit(arg, kind)
            if fit is None:
                return self.ops.error(
                    codes.WRONG_ARGUMENTS,
                    f"`{function.name}` takes {_KINDS.get(kind, f'a {kind}')} here, not {arg.type}",
                    arg.span or span,
                )
            fitted.append(fit)
        if isinstance(function, Macro):
            return self._expand(function, fitted, span)
        result: Type = function.result(*(arg.type for arg in fitted))
        nullable = result.nullable or any(arg.type.nullable for arg in fitted)
        return self.ops.call(function, fitted, result.null(nullable), span)

    def _expand(self, macro: Macro, args: list[Expr], span: Span) -> Expr:
        """The operations that a macro stands for."""
        calendars = {}
        for arg, kind in zip(args, macro.parameters, strict=True):
            if kind == "calendar" and isinstance(arg, Literal):
                calendar = self.scope.calendar(str(arg.value), arg.span or span)
                if calendar is None:
                    return poison(span)
                calendars[calendar.name] = calendar
        share = self.scope.share if isinstance(self.scope, Sharing) else _as_it_is
        found = macro.lower(self.ops, args, Place(calendars=calendars, share=share, span=span))
        return evolve(found, span=span)

    def _fit(self, arg: Expr, kind: str) -> Expr | None:
        """The argument in the shape of a parameter, or None when it has none."""
        if kind == "unit":
            known = isinstance(arg, Literal) and arg.value in ("day", "week", "month", "quarter", "year")
            return arg if known else None
        if kind == "calendar":
            return arg if isinstance(arg, Literal) and isinstance(arg.value, str) else None
        if kind == "number" and arg.type.numeric:
            return self.ops.to_number(arg)
        if kind == "numeric" and arg.type.numeric:
            return arg
        if kind == "integer" and arg.type.kind is Kind.EXACT and arg.type.scale == 0:
            return arg
        if kind == "timestamp" and arg.type.kind is Kind.DATE:
            return self.ops.to_timestamp(arg)
        if kind == "date" and arg.type.kind is Kind.TIMESTAMP:
            return arg
        return arg if arg.type.kind.value == kind else None


def _as_it_is(expr: Expr) -> Expr:
    return expr


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"
