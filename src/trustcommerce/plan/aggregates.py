"""Aggregates lowered to exact measures: counts, sums, extremes, quantiles; means divided once.

Source of the discrete quantile: the smallest value at which the share of values up to it is at
least q, as `percentile_disc` of SQL:2003 has it.
"""

from math import ceil, floor

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.expressions import Apply, Expr, Literal, poison
from trustcommerce.language.fractions import as_fraction
from trustcommerce.language.operations import Operations, constant, null_of, retype
from trustcommerce.language.relations import Measure
from trustcommerce.language.types import INTEGER, UNKNOWN, Kind, Type, implied_by_unit, power
from trustcommerce.model import Aggregate, Item, read_aggregate
from trustcommerce.plan.context import Context
from trustcommerce.plan.groups import Case, Group, group_of
from trustcommerce.plan.sampling import demand_sample, sampled
from trustcommerce.read import Mapping

__all__ = ["COUNT", "lower_aggregate", "lower_exact"]

COUNT = INTEGER.within(0, 10**12)
_WIDE = 4 * 10**18
"""Sums below a quotient may be wide: only their nearest double, or their exact quotient is used."""
_ORDERED = (Kind.EXACT, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP, Kind.LABEL, Kind.TEXT)


def lower_aggregate(node: Mapping, item: Item, context: Context) -> Expr:
    """A metric that is one aggregate: `count`, `sum`, `avg`, `min`, `max`, `distinct`, `quantile`."""
    aggregate = read_aggregate(node)
    if aggregate is None or not _companions_fit(aggregate, context):
        return poison(item.span)
    group = group_of(aggregate, item.name, context)
    if group is None:
        return poison(item.span)
    cases = group.cases(aggregate)
    if cases is None:
        return poison(item.span)
    taken = _Taken(aggregate, item.name, group, cases, context)
    if aggregate.kind == "avg":
        return _mean(taken, item)
    found = taken.exact(f"{item.name}.{aggregate.kind}")
    if item.sample is None or found.type == UNKNOWN:
        return found
    if item.sample.of is None and aggregate.kind in ("count", "sum", "distinct"):
        return context.ops.error(
            codes.MISSING_KEY, f"the sample of a {aggregate.kind} is not said", item.sample.span, "say `of`"
        )
    return sampled(taken.rows(f"{item.name}.rows"), found, item.sample, context, item.span)


def lower_exact(node: Mapping, name: str, context: Context) -> Expr:
    """One half of a ratio: an aggregate that is an exact number, under the atom `name`."""
    aggregate = read_aggregate(node)
    if aggregate is None or not _companions_fit(aggregate, context):
        return poison(node.span)
    group = group_of(aggregate, name, context)
    cases = group.cases(aggregate) if group is not None else None
    if group is None or cases is None:
        return poison(node.span)
    return _Taken(aggregate, name, group, cases, context).exact(name)


def _companions_fit(aggregate: Aggregate, context: Context) -> bool:
    """Keys that would say nothing beside this kind of aggregate."""
    takes = {"weight": ("avg",), "at": ("quantile",), "order": ("rank",), "as": ("rank",)}
    fits = True
    for key, kinds in takes.items():
        if key in aggregate.keys and aggregate.kind not in kinds:
            said = f"`{key}` says nothing beside `{aggregate.kind}`"
            context.ops.error(codes.UNKNOWN_KEY, said, aggregate.keys[key], "drop it")
            fits = False
    if aggregate.kind == "count" and aggregate.within is not None and aggregate.body.text != context.ruleset.subject:
        said = f"`count` beside `within` counts the subjects, not `{aggregate.body.text}`"
        hint = f"write `count: {context.ruleset.subject}`"
        context.ops.error(codes.UNKNOWN_NAME, said, aggregate.span, hint)
        fits = False
    elif aggregate.kind == "count" and "from" in aggregate.keys:
        said = "`count` itself names the fact, and takes no `from`"
        hint = "drop it"
        if aggregate.body.text not in context.ruleset.facts:
            span = aggregate.spans["from"]
            hint = f"write `count: {span.file.text[span.start : span.end]}`, or `distinct` to count different values"
        context.ops.error(codes.UNKNOWN_KEY, said, aggregate.keys["from"], hint)
        fits = False
    return fits


class _Taken:
    """One aggregate being taken: its group, the conditions on rows, the measures."""

    def __init__(self, aggregate: Aggregate, name: str, group: Group, cases: list[Case], context: Context) -> None:
        self.aggregate, self.name, self.group, self.cases, self.context = aggregate, name, group, cases, context

    def value(self, case: Case) -> Expr:
        """What is aggregated, in the scope of the rows that count."""
        scope = self.group.scope
        with scope.naming(self.context.metric or self.name), scope.assuming(case.present):
            return scope.bind(self.aggregate.body)

    def exact(self, atom: str) -> Expr:
        """A measure that is the number itself."""
        kind, span = self.aggregate.kind, self.aggregate.span
        if kind == "count":
            return self.rows(atom)
        if kind == "sum":
            return self._sum(atom)
        at = self._at() if kind == "quantile" else (1, 2)
        values = [self.value(case) for case in self.cases]
        if at is None or any(each.type == UNKNOWN for each in values):
            return poison(span)
        type_ = values[0].type
        if kind == "distinct":
            if type_.kind in (Kind.INTERVAL, Kind.MISSING, Kind.SET):
                return self._refuse(f"counts different values of {type_.null(False)}")
            return self.measure(atom, "distinct", values, COUNT)
        allowed = _ORDERED if kind != "quantile" else (Kind.EXACT, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP)
        if type_.kind not in allowed:
            lack = "is neither a number nor a moment" if kind == "quantile" else "has no order"
            return self._refuse(f"takes the {kind} of {type_.null(False)}, which {lack}")
        values = [self._one_zero(each) for each in values]
        return self.measure(atom, kind, values, evolve(type_, nullable=True, literal=False), at=at)

    def _one_zero(self, value: Expr) -> Expr:
        """A double whose zeros are one zero: of equals it must not matter which is taken."""
        if value.type.kind is not Kind.NUMBER:
            return value
        zero = Literal(0.0, Type(Kind.NUMBER, low=0.0, high=0.0))
        return self.context.ops.apply("add", (value, zero), value.type, value.span)

    def rows(self, atom: str) -> Expr:
        """How many rows count; those without the value of a mean, extreme or quantile do not."""
        values: list[Expr | None] = [None for _ in self.cases]
        if self.aggregate.kind != "count":
            values = [self.value(case) for case in self.cases]
        given = [each if each is not None and each.type.nullable else None for each in values]
        return self.measure(atom, "count", given, COUNT)

    def _sum(self, atom: str) -> Expr:
        values = [self.value(case) for case in self.cases]
        for each in values:
            if each.type == UNKNOWN:
                return each
            if each.type.kind is not Kind.EXACT:
                return self._refuse(
                    f"sums {each.type.null(False)}, which {_lack(each.type)}",
                    "say how many places count: `round(..., 2)`" if each.type.numeric else None,
                )
            if each.type.nullable:
                return self.demand("what is summed may be missing")
        type_ = values[0].type
        low = 0 if (type_.low or 0) >= 0 and type_.low is not None else -(10**15)
        total = Type(Kind.EXACT, type_.scale, type_.unit, False, low, 10**15)
        return self.measure(atom, "sum", values, total)

    def measure(
        self,
        atom: str,
        function: str,
        values: list[Expr] | list[Expr | None],
        type_: Type,
        at: tuple[int, int] = (1, 2),
    ) -> Expr:
        """The measure of each window, and of several the one that is chosen."""
        found = []
        for i, (case, value) in enumerate(zip(self.cases, values, strict=True)):
            name = atom if len(self.cases) == 1 else f"{atom}[{i + 1}]"
            found.append(
                self.group.put(
                    Measure(
                        name=name, atom=atom, function=function, value=value, filters=case.filters, at=at, type=type_
                    )
                )
            )
        if len(found) == 1:
            return found[0]
        branches = [(case.when, each) for case, each in zip(self.cases, found, strict=True) if case.when is not None]
        chosen = self.context.ops.case(branches, found[-1])
        return self.context.define_once(atom, retype(chosen, type_)) if chosen.type != UNKNOWN else chosen

    def _at(self) -> tuple[int, int] | None:
        """The quantile as a fraction of whole numbers."""
        from fractions import Fraction

        said = self.aggregate.at
        text = "" if said is None else said.text.replace(" ", "")
        try:
            found = Fraction(text)
        except (ValueError, ZeroDivisionError):
            found = Fraction(2)
        if not 0 <= found <= 1 or found.denominator > 10**6:
            self.context.ops.error(
                codes.BAD_LITERAL,
                "a quantile is said `at` a fraction from 0 to 1",
                self.aggregate.span if said is None else said.span(),
                "write `at: 9/10`, or `at: 1/2` for the median",
            )
            return None
        return found.numerator, found.denominator

    def _refuse(self, message: str, hint: str | None = None) -> Expr:
        return self.context.ops.error(codes.TYPE_MISMATCH, message, self.aggregate.span, hint)

    def demand(self, what: str, span: Span | None = None) -> Expr:
        return self.context.ops.error(
            codes.MAYBE_MISSING,
            f"{what}, and leaving a row out would count it as 0",
            span or self.aggregate.span,
            "say which rows count: `where: ... is not null`, or what stands in: `coalesce(..., 0)`",
        )

    # -- means

    def weights(self) -> list[Expr] | None:
        """The weight of each row, None when rows weigh alike; poison when something is wrong."""
        said = self.aggregate.weight
        if said is None:
            return None
        found = []
        for case in self.cases:
            scope = self.group.scope
            with scope.naming(self.context.metric or self.name), scope.assuming(case.present):
                weight = scope.bind(said)
            if weight.type == UNKNOWN:
                return [weight]
            if weight.type.kind is not Kind.EXACT:
                what = f"weighs by {weight.type.null(False)}, which {_lack(weight.type)}"
                return [self.context.ops.error(codes.TYPE_MISMATCH, what, said.span(), "weigh by exact numbers from 0")]
            if weight.type.nullable:
                return [self.demand("the weight may be missing", said.span())]
            if weight.type.low is None or weight.type.low < 0:
                return [
                    self.context.ops.error(
                        codes.OUT_OF_RANGE,
                        "a weight may be below 0",
                        said.span(),
                        "give the column a `range` that begins at 0",
                    )
                ]
            found.append(weight)
        return found


def _mean(taken: _Taken, item: Item) -> Expr:
    """An exact sum over an exact sum of weights, divided once."""
    context, ops, span = taken.context, taken.context.ops, item.span
    if not demand_sample(item, context):
        return poison(span)
    values = [taken.value(case) for case in taken.cases]
    weights = taken.weights()
    if any(each.type == UNKNOWN for each in [*values, *(weights or [])]):
        return poison(span)
    parts = [as_fraction(each, taken.group.scope.inlined) for each in values]
    if not values[0].type.numeric or any(each is None for each in parts):
        return taken._refuse(
            f"takes the mean of {values[0].type.null(False)}, which {_lack(values[0].type)}",
            "say how many places count: `round(..., 2)`" if values[0].type.numeric else None,
        )
    tops = [part[0] for part in parts if part is not None]
    below = max(part[1] for part in parts if part is not None)
    terms: list[Expr] = tops
    if weights is not None:
        terms = [_product(top, weight) for top, weight in zip(tops, weights, strict=True)]
    high = _WIDE // (_finer(values[0].type, below, item) or 1)
    low = 0 if (tops[0].type.low or -1) >= 0 or tops[0].type.low == 0 else -high
    total = taken.measure(f"{item.name}.sum", "sum", terms, Type(Kind.EXACT, 0, None, False, low, high))
    rows = taken.rows(f"{item.name}.rows")
    over: Expr = rows
    if weights is not None:
        present = [_where_present(weight, value, ops) for weight, value in zip(weights, values, strict=True)]
        over = taken.measure(f"{item.name}.weight", "sum", present, Type(Kind.EXACT, 0, None, False, 0, 10**18))
    mean = _quotient(total, over, below, values[0].type, item, context)
    return mean if mean.type == UNKNOWN else sampled(rows, mean, item.sample, context, span)


def _lack(type_: Type) -> str:
    """Why values of a type can't be added up."""
    return "has no fixed scale" if type_.numeric else "is no number"


def _product(top: Expr, weight: Expr) -> Expr:
    """A term of a weighted sum; sums are wide, so it needs no proof against overflow."""
    type_ = Type(Kind.EXACT, 0, None, top.type.nullable, None, None)
    return Apply("mul", (retype(top, top.type.with_unit(None)), retype(weight, weight.type.with_unit(None))), type_)


def _where_present(weight: Expr, value: Expr, ops: Operations) -> Expr:
    """The weight, in rows that have the value."""
    plain = retype(weight, evolve(weight.type, scale=0, unit=None, literal=False))
    if not value.type.nullable:
        return plain
    return ops.case([(ops.is_null(value), Literal(0, INTEGER.within(0, 0)))], plain)


def _quotient(total: Expr, over: Expr, below: int, value: Type, item: Item, context: Context) -> Expr:
    """sum / (weight * below): exact half-up where the result is points or money, else the nearest double."""
    ops = context.ops
    low, high = _mean_range(value)
    none = ops.compare("eq", over, constant(0))
    times = _finer(value, below, item)
    implied = implied_by_unit(item.unit) if item.unit else None
    if times is not None and implied is not None:
        step = times if value.kind is Kind.EXACT else power(implied.scale)
        type_ = Type(Kind.EXACT, implied.scale, item.unit, False, floor(low * step), ceil(high * step))
        top = total if times == 1 else ops.mul(total, Literal(times, INTEGER.within(times, times)), item.span)
        if top.type == UNKNOWN:
            return top
        positive = retype(over, over.type.within(1, over.type.high))
        exact = ops.round_div(top, positive, type_, item.span)
        return ops.case([(none, null_of(type_))], exact, item.span)
    unit = value.unit
    wide = ops.to_number(over)
    if below != 1:
        factor = Literal(float(below), Type(Kind.NUMBER, low=float(below), high=float(below)))
        wide = ops.apply("mul", (wide, factor), wide.type.within(0.0, float(over.type.high or 0) * below))
    type_ = Type(Kind.NUMBER, 0, unit, True, float(low) / _unit(value), float(high) / _unit(value))
    return ops.apply("div", (ops.to_number(total), wide), type_, item.span)


def _finer(value: Type, below: int, item: Item) -> int | None:
    """How many steps of the item's exact unit one of the sum's is; None where the mean is a double."""
    implied = implied_by_unit(item.unit) if item.unit else None
    if implied is None or implied.kind is not Kind.EXACT or value.unit not in (item.unit, None, "ratio"):
        return None
    return power(implied.scale) // below if power(implied.scale) % below == 0 else None


def _unit(value: Type) -> int:
    return power(value.scale) if value.kind is Kind.EXACT else 1


def _mean_range(value: Type) -> tuple[float, float]:
    low = value.low if value.low is not None else -(10**15)
    high = value.high if value.high is not None else 10**15
    return low, high
