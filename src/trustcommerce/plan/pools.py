"""Pools lowered: claims as items of each subject, and for each reserve and the rest one `Share` of them.

Reserves come first, in their order; what they leave joins the amount, which then everybody shares, so that
least and most count both. A pool that carries, or has a budget, reads what earlier periods left from a table
of its own, which runs fill.
"""

from collections.abc import Mapping

from attrs import evolve

from trustcommerce import codes
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Column, Expr, Literal, columns, poison
from trustcommerce.language.presence import present_where_true
from trustcommerce.language.relations import Field, Match, Measure, Peers, Relation, Share, Table
from trustcommerce.language.types import INTEGER, LIMIT, TEXT, UNKNOWN, Kind, implied_by_unit
from trustcommerce.model import Pool, Reserve
from trustcommerce.plan.alike import differing
from trustcommerce.plan.context import Context
from trustcommerce.plan.groups import partition
from trustcommerce.plan.pool_methods import fits
from trustcommerce.plan.pool_units import Units
from trustcommerce.plan.shape import PoolShape

__all__ = ["Pools"]

_WRAP = "wrap it: `coalesce(..., false)`"
_MOST = 10**18
_GROUPS = (Kind.EXACT, Kind.TEXT, Kind.DATE, Kind.TIMESTAMP, Kind.LABEL, Kind.BOOLEAN)
_ORDERED = (Kind.EXACT, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP, Kind.LABEL)
_TAKEN = ("among", "weight", "at_least", "at_most", "amount", "carried", "given", "rest", "before", "reserved")
"""What columns of every pool are called, so that no reserve is."""


class Pools:
    """The pools of a rule set, each lowered when it is first read."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.shapes: dict[str, PoolShape] = {}

    def lower(self, pool: Pool) -> Expr:
        """What each subject gets, as a column; poison when something is wrong."""
        lowering = _Lowering(pool, self.context)
        found = poison(pool.span) if pool.broken or not lowering.fits() else lowering.lower()
        if lowering.shape is not None:
            self.shapes[pool.name] = lowering.shape
        return found


class _Lowering:
    def __init__(self, pool: Pool, context: Context) -> None:
        self.pool, self.context, self.ops = pool, context, context.ops
        self.shape: PoolShape | None = None
        self.added: list[str] = []
        self.type = INTEGER
        self.within: tuple[Column, ...] = ()
        self.units = Units(context, INTEGER)
        method = context.registry.allocators.get(pool.method)
        self.allocator = method and evolve(method, place=pool.keys.get("method", pool.span).place)
        self.inputs: tuple[tuple[str, Expr], ...] = ()

    # -- what is said

    def fits(self) -> bool:
        """Whether the keys go together, which is reported."""
        return fits(self.pool, self.context) and self._unit()

    def _unit(self) -> bool:
        unit = self.pool.unit
        if unit is None:
            return True
        found = implied_by_unit(unit) or INTEGER.with_unit(unit)
        if found.kind is not Kind.EXACT:
            said = f"{unit} may have any number of places, and a pool is shared in whole units"
            self._error(codes.TYPE_MISMATCH, said, "unit", "name the units: impressions, slots, CNY ...")
            return False
        if self.pool.method == "top" and found.scale:
            said = f"`method: top` gives one unit to each, which would be the smallest of {unit}"
            self._error(codes.TYPE_MISMATCH, said, "unit", "name what is given: slots, badges ...")
            return False
        self.type, self.units = found, Units(self.context, found)
        return True

    def _error(self, code: codes.Code, message: str, key: str, hint: str | None = None) -> Expr:
        return self.ops.error(code, message, self.pool.keys.get(key, self.pool.span), hint)

    # -- lowering

    def lower(self) -> Expr:
        pool = self.pool
        within = self._partition()
        amount = self._available(within) if within is not None else None
        among = self._condition(pool.among)
        if within is None or amount is None or among.type == UNKNOWN:
            return poison(pool.span)
        self.within = within
        among = self._claim("among", among)
        with self.context.assuming(present_where_true(self.context.inlined(among))):
            weight, low, high = self._weight(), self._bound("at_least"), self._bound("at_most")
            inputs = {name: self._input(name, kind) for name, kind in self._columns().items()}
        if any(each is not None and each.type == UNKNOWN for each in (weight, low, high, *inputs.values())):
            return poison(pool.span)
        weight = self._claim("weight", self._masked(among, weight))
        low = None if low is None else self._claim("at_least", self._masked(among, low))
        high = None if high is None else self._claim("at_most", self._masked(among, high))
        self.inputs = tuple((name, self._claim(name, self._masked(among, each))) for name, each in inputs.items())
        if isinstance(low, Literal) and isinstance(high, Literal) and _units(low) > _units(high):
            return self._error(codes.BAD_RANGE, "the least is above the most", "at_least")
        low = low if pool.in_force else None
        granted = self._shared(amount, among, weight, low, high)
        self.shape = PoolShape(
            name=pool.name,
            title=pool.title,
            within=tuple(
                zip(
                    (" ".join(text.text.split()) for text in pool.within),
                    (each.name for each in self.within),
                    strict=True,
                )
            ),
            reserves=tuple(each.name for each in pool.reserves),
            added=tuple(self.added),
            type=self.type,
            low=low is not None,
            high=high is not None,
            carried=pool.carried,
            in_force=pool.in_force,
        )
        return granted

    def _partition(self) -> tuple[Column, ...] | None:
        """Columns that those who share one amount have in common; what is computed gets a name of the pool's own."""
        found = partition(self.pool.within, self.context)
        if found is None:
            return None
        own = [
            self._claim(f"within_{i}", each) if isinstance(each, Column) and each.name.startswith("within ") else each
            for i, each in enumerate(found, 1)
        ]
        texts = [_spaced(text) for text in self.pool.within]
        for i, (text, each) in enumerate(zip(self.pool.within, own, strict=True)):
            if not isinstance(each, Column):
                said = f"`{text.text}` is the same for all, so it makes no partitions"
                self.ops.error(codes.FORBIDDEN_SYNTAX, said, text.span(), "drop it")
                return None
            if texts[i] in texts[:i]:
                self.ops.error(codes.DUPLICATE_NAME, f"`{text.text}` stands twice", text.span(), "drop one")
                return None
        return tuple(each for each in own if isinstance(each, Column))

    def _condition(self, text: Text | None) -> Expr:
        if text is None:
            return Literal(True, self.context.ops.is_null(Literal(0, INTEGER)).type)
        return self.context.certain(text, self.pool.missing, "add `missing: false`, or wrap it: `coalesce(..., false)`")

    def _claim(self, name: str, expr: Expr) -> Expr:
        """One of the things that a claim consists of, as an item."""
        return self.context.define(f"{self.pool.name}.{name}", expr)

    def _masked(self, among: Expr, value: Expr) -> Expr:
        """The value of those that take part; nothing of others."""
        if isinstance(among, Literal) and among.value is True:
            return value
        return self.ops.case(
            [(among, value)], Literal(0, value.type.within(0, 0)) if value.type.numeric else _none(value)
        )

    def _weight(self) -> Expr:
        text = self.pool.weight
        if text is None:
            return Literal(1, INTEGER.within(1, 1))
        found = self.context.bind(text)
        if found.type == UNKNOWN:
            return found
        if found.type.nullable:
            said = "this weight may be missing, and nothing says what then"
            return self.ops.error(codes.MAYBE_MISSING, said, text.span(), "wrap it: `coalesce(..., 0)`")
        if self.pool.method == "top":
            if found.type.kind not in _ORDERED:
                hint = "choose by a number, a moment or a level"
                return self.ops.error(codes.TYPE_MISMATCH, f"chooses by {found.type}", text.span(), hint)
            return found
        return self.units.counted(found, text, "weight", LIMIT)

    def _bound(self, key: str) -> Expr | None:
        text: Text | None = getattr(self.pool, key)
        return None if text is None else self.units.of(text, key, LIMIT)

    def _columns(self) -> Mapping[str, str]:
        return self.allocator.columns if self.allocator is not None else {}

    def _input(self, name: str, kind: str) -> Expr:
        """What a plugin's method knows of a claim besides."""
        text = self.pool.more[name]
        if kind == "units":
            return self.units.of(text, name, LIMIT)
        found = self.context.bind(text)
        if found.type == UNKNOWN:
            return found
        if found.type.nullable:
            said = f"`{name}` may be missing, and nothing says what then"
            return self.ops.error(codes.MAYBE_MISSING, said, text.span(), "wrap it: `coalesce(..., 'none')`")
        if found.type.kind not in _GROUPS:
            said = f"`{name}` is {found.type}, and rows are grouped by what is exact"
            return self.ops.error(
                codes.TYPE_MISMATCH, said, text.span(), "name a text, a whole number, a day or a level"
            )
        return found

    # -- the amount

    def _available(self, within: tuple[Column, ...]) -> Expr | None:
        """What is shared in this period; None when something is wrong."""
        pool = self.pool
        amount = None if pool.amount is None else self._of_all(pool.amount, "amount", within)
        budget = None if pool.budget is None else self._of_all(pool.budget, "budget", within)
        if any(each is not None and each.type == UNKNOWN for each in (amount, budget)):
            return None
        if pool.carried or budget is not None:
            left, spent = self._before(within)
            if amount is not None and pool.carried:
                amount = self.ops.sum("add", amount, self._claim("carried", left), pool.span)
            if budget is not None:
                rest = self.ops.sum("sub", budget, spent, pool.span)
                rest = self.ops.extreme("greatest", [rest, Literal(0, self.type.within(0, 0))])
                amount = rest if amount is None else self.ops.extreme("least", [amount, rest])
        assert amount is not None
        if not pool.in_force:
            amount = Literal(0, amount.type)
        return None if amount.type == UNKNOWN else self._claim("amount", amount)

    def _of_all(self, text: Text, what: str, within: tuple[Column, ...]) -> Expr:
        """An amount that is the same for all of a partition."""
        found = self.units.of(text, what, _MOST)
        other = None if found.type == UNKNOWN else differing(found, {each.name for each in within}, self.context)
        if other is None:
            return found
        names = " and ".join(f"`{each.text}`" for each in self.pool.within)
        among = f"within {names}" if names else "for all subjects"
        said = f"`{what}` reads `{other}`, which may differ among those who share it"
        hint = f"it may read what is the same {among}; `within` says who shares one amount"
        return self.ops.error(codes.FORBIDDEN_SYNTAX, said, text.span(), hint)

    def _before(self, within: tuple[Column, ...]) -> tuple[Expr, Expr]:
        """What earlier periods left and have spent, of the same partition."""
        name = f"{self.pool.name}.before"
        fields = [Field(each, self.type.within(0, _MOST)) for each in ("left", "spent")]
        on = tuple(Field(f"part_{i}", each.type) for i, each in enumerate(within)) or (Field("pool", TEXT),)
        candidate: tuple[Expr, ...] = within or (Literal(self.pool.name, TEXT),)
        table = Table(self.pool.name, (*on, *fields), (), pool=self.pool.name)

        def build(source: Relation) -> Relation:
            return Match(
                source=source,
                name=name,
                rows=table,
                fields=tuple(fields),
                on=on,
                candidates=(candidate,),
                required=False,
            )

        self.context.add(build, lambda: {each for expr in candidate for each in columns(expr)})
        none = Literal(0, self.type.within(0, 0))
        found = [Column(f"{name}.{each.name}", self.type.within(0, _MOST).null()) for each in fields]
        left, spent = (self.ops.coalesce([each, none]) for each in found)
        return left, spent

    # -- shares

    def _shared(self, amount: Expr, among: Expr, weight: Expr, low: Expr | None, high: Expr | None) -> Expr:
        pool, ops = self.pool, self.ops
        if pool.method == "top":
            one = Literal(1, self.type.within(1, 1))
            high = self._claim("at_most", self._masked(among, one))
        given: Expr | None = None
        left, broken = amount, False
        for reserve in pool.reserves:
            found = self._reserved(reserve, left, among, weight, high, given)
            if found is None:
                broken = True
                continue
            part, own = found
            given = part if given is None else ops.sum("add", given, part, reserve.span)
            left = self._rest(left, own)
        if broken:
            return poison(pool.span)
        if given is None:
            return self.context.define(pool.name, self._share(pool.name, amount, weight, low, high))
        given = self._claim("given", given)
        rest = self._share(
            f"{pool.name}.rest",
            self._rest(amount, self._reserved_sum(given)),
            weight,
            None if low is None else self._rest(low, given),
            None if high is None else self._rest(high, given),
        )
        self._claim("rest", rest)
        return self.context.define(pool.name, ops.sum("add", given, rest, pool.span))

    def _reserved(
        self, reserve: Reserve, left: Expr, among: Expr, weight: Expr, high: Expr | None, given: Expr | None
    ) -> tuple[Expr, Expr] | None:
        """What a subject gets of a reserve, and the reserve's own amount, which is no more than what is left."""
        name = f"{self.pool.name}.{reserve.name}"
        if reserve.name.casefold() in _TAKEN or reserve.name.casefold().startswith("within_"):
            self.ops.error(
                codes.DUPLICATE_NAME, f"`{reserve.name}` names something of every pool", reserve.span, "rename it"
            )
            return None
        member = self.context.certain(reserve.among, None, _WRAP)
        own = self._of_all(reserve.amount, f"reserve.{reserve.name}.amount", self.within)
        if UNKNOWN in (member.type, own.type):
            return None
        if self.pool.in_force and isinstance(own, Literal) and isinstance(left, Literal) and _units(own) > _units(left):
            said = f"the reserve `{reserve.name}` is larger than what is left of the amount"
            self.ops.error(codes.OUT_OF_RANGE, said, reserve.amount.span())
            return None
        own = self.ops.extreme("least", [own, left])
        member = self.ops.logic("and", [among, member])
        most = high if high is None or given is None else self._rest(high, given)
        share = self._share(
            name,
            self.context.define(f"{name}.amount", own),
            self.context.define(f"{name}.weight", self._masked(member, weight)),
            None,
            None if most is None else self.context.define(f"{name}.at_most", self._masked(member, most)),
        )
        return self.context.define(name, share), own

    def _rest(self, whole: Expr, part: Expr) -> Expr:
        """What is left of something, never below 0."""
        less = self.ops.sum("sub", whole, part, self.pool.span)
        return self.ops.extreme("greatest", [less, Literal(0, self.type.within(0, 0))])

    def _reserved_sum(self, given: Expr) -> Expr:
        """What all of a partition got of reserves."""
        name = f"{self.pool.name}.reserved"
        type_ = self.type.within(0, _MOST)
        measure = Measure(name=name, atom=name, function="sum", value=given, type=type_)
        self.added.append(name)

        def build(source: Relation) -> Relation:
            return Peers(source=source, name=name, within=self.within, measures=(measure,))

        self.context.add(build, lambda: {each for expr in (given, *self.within) for each in columns(expr)})
        return Column(name, type_)

    def _share(self, name: str, amount: Expr, weight: Expr, low: Expr | None, high: Expr | None) -> Expr:
        column = f"{name}.grant"
        most = min(each.type.high or 0 for each in (amount, high) if each is not None)
        type_ = self.type.within(0, most)
        named = self.pool.method == "top" or self.allocator is not None
        method = self.pool.method if named else self.pool.rounding or "largest_remainder"
        key = tuple(Field(each, self.context.columns[each].type) for each in self.context.ruleset.key)
        self.added.append(column)

        def build(source: Relation) -> Relation:
            return Share(
                source=source,
                name=column,
                amount=amount,
                weight=weight,
                low=low,
                high=high,
                within=self.within,
                key=key,
                method=method,
                type=type_,
                allocator=self.allocator,
                inputs=self.inputs,
            )

        exprs = [amount, weight, *self.within, *(each for each in (low, high) if each is not None)]
        exprs += [each for _, each in self.inputs]
        self.context.add(build, lambda: {each for expr in exprs for each in columns(expr)})
        return Column(column, type_, self.pool.span)


def _spaced(text: Text) -> str:
    return " ".join(text.text.split())


def _units(literal: Literal) -> int:
    return literal.value if isinstance(literal.value, int) else 0


def _none(value: Expr) -> Expr:
    return Literal(None, value.type.null())
