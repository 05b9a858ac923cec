"""Expression core -> Python source, null checks only where something may be missing."""

import math
from collections.abc import Callable
from typing import Any

from trustcommerce.language.expressions import Apply, Call, Case, Column, Expr, Literal
from trustcommerce.language.semantics import OPERATIONS, TINY, round_div, round_number
from trustcommerce.plan import calls_of, placed
from trustcommerce.registry import ARROW

__all__ = ["Source", "compiled"]

_SYMBOLS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "quotient": "//",
    "remainder": "%",
    "bit_or": "|",
}
_EXACT_DOUBLE = 2**53


class Source:
    """Turns expressions into source over local variables; `names` are the globals it refers to."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self.names: dict[str, Any] = {
            "_and": OPERATIONS["and"].evaluate,
            "_or": OPERATIONS["or"].evaluate,
            "_round_div": round_div,
            "_round_number": round_number,
            "_floor": math.floor,
        }
        self._temporaries = 0

    def value(self, expr: Expr) -> str:
        """Source of the value; None where it is missing."""
        if isinstance(expr, Literal):
            return self._literal(expr)
        if isinstance(expr, Column):
            return self.variables[expr.name]
        if isinstance(expr, Case):
            return self._case(expr)
        if isinstance(expr, Call):
            return self._strict(expr.args, lambda args: self._call(expr, args))
        special: Callable[[Apply], str] | None = getattr(self, f"_op_{expr.op}", None)
        return special(expr) if special else self._operator(expr)

    def truth(self, expr: Expr) -> str:
        """Source that is truthy exactly when the condition is true; a missing one is not."""
        if isinstance(expr, Apply):
            if expr.op in ("and", "or"):
                return f"({f' {expr.op} '.join(self.truth(arg) for arg in expr.args)})"
            if expr.op == "is_true":
                return self.truth(expr.args[0])
            if expr.op == "not":
                arg = expr.args[0]
                return f"(not {self.truth(arg)})" if not arg.type.nullable else f"({self.value(arg)} is False)"
            if expr.op in _SYMBOLS and expr.type.nullable:
                return self._checked_comparison(expr)
        return self.value(expr)

    # -- pieces

    def _literal(self, expr: Literal) -> str:
        value = expr.value
        if value is None or isinstance(value, bool | int | str):
            return repr(value) if not isinstance(value, int) or value >= 0 or isinstance(value, bool) else f"({value})"
        if isinstance(value, float):
            return repr(value) if value >= 0 else f"({value!r})"
        name = f"_k{len(self.names)}"
        self.names[name] = value
        return name

    def temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"

    def _simple(self, source: str) -> bool:
        return source.isidentifier()

    def _strict(self, args: tuple[Expr, ...], combine: Callable[[list[str]], str]) -> str:
        """`combine` over the arguments, or None where one of them is missing."""
        sources, checks = [], []
        for arg in args:
            source = self.value(arg)
            if arg.type.nullable and source != "None":
                if self._simple(source):
                    checks.append(f"{source} is None")
                else:
                    name = self.temporary()
                    checks.append(f"({name} := {source}) is None")
                    source = name
            sources.append(source)
        result = combine(sources)
        return f"(None if {' or '.join(checks)} else {result})" if checks else result

    def _checked_comparison(self, expr: Apply) -> str:
        """A comparison as a truth: false where an argument is missing."""
        sources, checks = [], []
        for arg in expr.args:
            source = self._exact_enough(arg)
            if arg.type.nullable:
                if self._simple(source):
                    checks.append(f"{source} is not None")
                else:
                    name = self.temporary()
                    checks.append(f"({name} := {source}) is not None")
                    source = name
            sources.append(source)
        return f"({' and '.join([*checks, f'{sources[0]} {_SYMBOLS[expr.op]} {sources[1]}'])})"

    def _exact_enough(self, expr: Expr) -> str:
        """Without the conversion to a double, where Python compares and divides alike without it."""
        if isinstance(expr, Apply) and expr.op == "to_number" and isinstance(expr.args[1], Literal):
            inner = expr.args[0]
            low, high = inner.type.low, inner.type.high
            small = low is not None and high is not None and -_EXACT_DOUBLE < low <= high < _EXACT_DOUBLE
            if expr.args[1].value == 1.0 and small:
                return self.value(inner)
        return self.value(expr)

    def _operator(self, expr: Apply) -> str:
        symbol = _SYMBOLS[expr.op]
        if expr.op in ("eq", "ne", "lt", "le", "gt", "ge") and not expr.type.nullable:
            return f"({self._exact_enough(expr.args[0])} {symbol} {self._exact_enough(expr.args[1])})"
        return self._strict(expr.args, lambda args: f"({self._chained(expr, args[0])} {symbol} {args[1]})")

    def _chained(self, expr: Apply, left: str) -> str:
        """A long sum in one pair of parentheses: Python adds from the left, and nests 200 pairs at most."""
        inner = expr.args[0]
        sums = ("add", "sub")
        chained = expr.op in sums and isinstance(inner, Apply) and inner.op in sums and not inner.type.nullable
        return left[1:-1] if chained else left

    def _call(self, expr: Call, args: list[str]) -> str:
        for name, value in expr.function.names.items():
            self.names[name] = value
        return f"({expr.function.python.format(*args)})"

    def _case(self, expr: Case) -> str:
        parts = [f"{self.value(then)} if {self.truth(when)} else" for when, then in expr.branches]
        return f"({' '.join(parts)} {self.value(expr.otherwise)})"

    # -- operations with a shape of their own

    def _op_neg(self, expr: Apply) -> str:
        return self._strict(expr.args, lambda args: f"(-{args[0]})")

    def _op_not(self, expr: Apply) -> str:
        return self._strict(expr.args, lambda args: f"(not {args[0]})")

    def _op_and(self, expr: Apply) -> str:
        return self._logic(expr)

    def _op_or(self, expr: Apply) -> str:
        return self._logic(expr)

    def _logic(self, expr: Apply) -> str:
        if expr.type.nullable:
            return f"_{expr.op}({', '.join(self.value(arg) for arg in expr.args)})"
        return f"({f' {expr.op} '.join(self.value(arg) for arg in expr.args)})"

    def _op_is_null(self, expr: Apply) -> str:
        return f"({self.value(expr.args[0])} is None)"

    def _op_is_true(self, expr: Apply) -> str:
        return f"({self.value(expr.args[0])} is True)"

    def _op_is_false(self, expr: Apply) -> str:
        return f"({self.value(expr.args[0])} is False)"

    def _op_div(self, expr: Apply) -> str:
        low, high = expr.args[1].type.low, expr.args[1].type.high
        safe = low is not None and high is not None and (low >= TINY or high <= -TINY)

        def divide(args: list[str]) -> str:
            top, bottom = args
            if safe:
                return f"({top} / {bottom})"
            if not self._simple(bottom):
                name = self.temporary()
                return f"(None if -{TINY} < ({name} := {bottom}) < {TINY} else {top} / {name})"
            return f"(None if -{TINY} < {bottom} < {TINY} else {top} / {bottom})"

        stripped = [self._exact_enough(arg) for arg in expr.args]
        if all(self._simple(source) for source in stripped):
            checks = [f"{s} is None" for s, arg in zip(stripped, expr.args, strict=True) if arg.type.nullable]
            result = divide(stripped)
            return f"(None if {' or '.join(checks)} else {result})" if checks else result
        return self._strict(expr.args, divide)

    def _op_to_number(self, expr: Apply) -> str:
        factor = expr.args[1]
        assert isinstance(factor, Literal)
        if factor.value == 1.0:
            return self._strict(expr.args[:1], lambda args: f"float({args[0]})")
        return self._strict(expr.args[:1], lambda args: f"({args[0]} / {factor.value!r})")

    def _op_round_number(self, expr: Apply) -> str:
        x, factor = expr.args
        if x.type.low is not None and x.type.low >= 0:
            return self._strict((x,), lambda args: f"_floor({args[0]} * {self.value(factor)} + 0.5)")
        return self._strict((x,), lambda args: f"_round_number({args[0]}, {self.value(factor)})")

    def _op_round_div(self, expr: Apply) -> str:
        a, b = expr.args
        if a.type.low is None or a.type.low < 0:
            return self._strict(expr.args, lambda args: f"_round_div({args[0]}, {args[1]})")
        if isinstance(b, Literal) and isinstance(b.value, int):
            half, whole = b.value, 2 * b.value
            return self._strict((a,), lambda args: f"((2 * {args[0]} + {half}) // {whole})")
        return self._strict(expr.args, lambda args: f"((2 * {args[0]} + {args[1]}) // (2 * {args[1]}))")

    def _op_coalesce(self, expr: Apply) -> str:
        result = self.value(expr.args[-1])
        for arg in reversed(expr.args[:-1]):
            source = self.value(arg)
            if self._simple(source):
                result = f"({source} if {source} is not None else {result})"
            else:
                name = self.temporary()
                result = f"({name} if ({name} := {source}) is not None else {result})"
        return result

    def _op_pick(self, expr: Apply) -> str:
        place, *values = expr.args
        name = f"_k{len(self.names)}"
        self.names[name] = tuple(each.value for each in values if isinstance(each, Literal))
        return self._strict((place,), lambda args: f"{name}[{args[0]}]")

    def _op_least(self, expr: Apply) -> str:
        return self._extreme(expr, "min", "<")

    def _op_greatest(self, expr: Apply) -> str:
        return self._extreme(expr, "max", ">")

    def _extreme(self, expr: Apply, function: str, symbol: str) -> str:
        def pick(args: list[str]) -> str:
            if len(args) != 2:
                return f"{function}({', '.join(args)})"
            (first, a), (second, b) = map(self._held, args)
            return f"({b} if {second} {symbol} {first} else {a})"

        return self._strict(expr.args, pick)

    def _held(self, source: str) -> tuple[str, str]:
        """The source to evaluate, and what stands for its value from then on."""
        if self._simple(source) or source.strip("(-)").replace(".", "").isdigit():
            return source, source
        name = self.temporary()
        return f"({name} := {source})", name


class _Columns(dict[str, str]):
    """Every column as a key of the row."""

    def __missing__(self, name: str) -> str:
        return f"row[{name!r}]"


def compiled(expr: Expr) -> Callable[[dict[str, Any]], Any]:
    """The expression as a function of a row of run-time values."""
    source = Source(_Columns())
    text = source.value(expr)
    called = {f"_{ARROW}{each.name}": each for each in map(placed, calls_of(expr))}
    scope: dict[str, Any] = {**source.names, **called}
    function: Callable[[dict[str, Any]], Any] = eval(compile(f"lambda row: {text}", "<row>", "eval"), scope)
    return function
