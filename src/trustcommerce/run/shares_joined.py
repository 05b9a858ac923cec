"""A `Share` as SQL: window sums over the levels at which claims reach their bounds.

What all get together rises with the level. How fast, changes where somebody leaves its least or reaches its
most: the slope there is the weights of those in between. These places are put in order and summed up; the last
one at which no more than the amount is given tells the slope, and a division the level.

Whole numbers of 38 digits hold every product and sum. Places are fractions: two of them with weights of at most
W differ by 1 / W^2 at least, so they are put in order by a whole part and by as many binary digits as W^2 has.
"""

from collections.abc import Mapping, Sequence

from sqlglot import exp, parse_one

from trustcommerce.language.expressions import Expr
from trustcommerce.language.relations import Share
from trustcommerce.language.types import Kind
from trustcommerce.run.allocated import Allocation, claims_of
from trustcommerce.run.dialects import WIDE
from trustcommerce.run.grouping import plain
from trustcommerce.run.layers import Held, Layers, at
from trustcommerce.run.sql import column

__all__ = ["JoinedShares"]

_DIGITS = 62
_NONE = "CAST(0 AS HUGEINT)"
_SO_FAR = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
_BELOW = "nullif(weight, 0)"
_OF_PARTITION = ("weights", "least", "able")


class JoinedShares:
    """What is summed up of a partition, and what a row gets, is joined to the rows by their keys."""

    def __init__(self, layers: Layers, relation: Share) -> None:
        self.layers, self.relation = layers, relation
        self.keys = [f"key_{i}" for i, _ in enumerate(relation.key)]
        self.parts = [f"part_{i}" for i, _ in enumerate(relation.within)]
        self.bounds = [name for name in ("low", "high") if getattr(relation, name) is not None]
        self.own = [*self.keys]
        """Columns that tell whose a row is, in every query up to that of the grants."""

    def beside(self, staged: str) -> str:
        """The rows with what each gets."""
        grants = self._allocated(staged) if self.relation.allocator is not None else self._granted(staged)
        units: exp.Expression = at("g", "units")
        if self.relation.method == "top" or self.relation.allocator is not None:
            units = exp.Coalesce(
                this=units, expressions=[exp.Cast(this=exp.Literal.number(0), to=exp.DataType.build("BIGINT"))]
            )
        value = exp.alias_(units, self.relation.name, quoted=True, copy=False)
        on = [
            exp.EQ(this=at("x", each.name), expression=at("g", key))
            for each, key in zip(self.relation.key, self.keys, strict=True)
        ]
        query = exp.select("x.*", value).from_(exp.to_table(staged).as_("x"), copy=False)
        return self.layers.write(
            query.join(exp.to_table(grants).as_("g"), on=exp.and_(*on), join_type="left", copy=False)
        )

    def _granted(self, staged: str) -> str:
        return self._best(staged) if self.relation.method == "top" else self._levelled(self._claims(staged))

    def _allocated(self, staged: str) -> str:
        """What a plugin's method gives to those with a weight."""
        relation, sql = self.relation, self.layers.sql
        claims = claims_of(relation)
        whole = {name for name, each in claims.items() if each.type.kind is Kind.EXACT}
        columns = self._named_own()
        columns += [
            exp.alias_(sql(each), part, quoted=True) for each, part in zip(relation.within, self.parts, strict=True)
        ]
        for name, each in claims.items():
            value = exp.Cast(this=sql(each), to=exp.DataType.build("BIGINT")) if name in whole else sql(each)
            columns.append(exp.alias_(value, name, quoted=True))
        able = exp.GT(this=exp.Paren(this=sql(relation.weight)), expression=exp.Literal.number(0))
        query = exp.select(*columns).from_(staged, copy=False).where(able, copy=False)
        grants = self.layers.stage(query, Held(allocation=Allocation.of(relation)))
        self.layers.restart()
        return grants

    def _best(self, staged: str) -> str:
        """One for each of the largest weights."""
        relation, sql = self.relation, self.layers.sql
        assert relation.high is not None
        able = exp.GT(this=exp.Paren(this=sql(relation.high)), expression=exp.Literal.number(0))
        order = [exp.Ordered(this=plain(sql(relation.weight), relation.weight.type), desc=True)]
        order += [exp.Ordered(this=column(each.name)) for each in relation.key]
        amount = exp.Cast(this=sql(relation.amount), to=exp.DataType.build("BIGINT"))
        placed = self._placed(staged, able, order, exp.alias_(amount, "amount", quoted=True))
        return self._write(
            f"SELECT {self._list(self.own)} CAST(CASE WHEN able AND place <= amount THEN 1 ELSE 0 END AS BIGINT)"
            f" AS units FROM {placed}",
            wide=False,
        )

    def _placed(self, staged: str, able: exp.Expression, order: list[exp.Ordered], amount: exp.Expression) -> str:
        """The rows that are able with their places."""
        able_too = exp.alias_(exp.Boolean(this=True), "able", quoted=True)
        query = exp.select(*self._named_own(), amount, self._place(order), able_too).from_(staged, copy=False)
        return self.layers.write(query.where(able, copy=False))

    def _place(self, order: list[exp.Ordered]) -> exp.Expression:
        parts = [self.layers.sql(each) for each in self.relation.within]
        window = exp.Window(this=exp.RowNumber(), partition_by=parts or None, order=exp.Order(expressions=order))
        return exp.alias_(window, "place", quoted=True)

    def _named_own(self) -> list[exp.Expression]:
        pairs = zip(self.relation.key, self.keys, strict=True)
        return [exp.alias_(column(each.name), key, quoted=True) for each, key in pairs]

    def _levelled(self, claims: str) -> str:
        """As much as is due at the level at which the whole amount is given."""
        claims = self.layers.stage(exp.select("*").from_(self._summed(claims), copy=False), Held(often=True))
        self.layers.restart()
        return self._signposts(claims) if self.relation.method == "webster" else self._remainders(claims)

    # -- who shares what

    def _claims(self, staged: str) -> str:
        """Key, partition, amount, weight and bounds of each row, as whole numbers; the least is at most the most."""
        relation = self.relation

        def named(value: exp.Expression, name: str) -> exp.Expression:
            return exp.alias_(value, name, quoted=True, copy=False)

        def whole(expr: Expr | None, name: str) -> exp.Expression:
            value = exp.Literal.number(0) if expr is None else self.layers.sql(expr)
            return named(exp.Cast(this=value, to=exp.DataType.build("BIGINT")), name)

        columns = [*self._named_own(), *map(named, map(self.layers.sql, relation.within), self.parts)]
        columns += [whole(relation.weight, "weight"), whole(relation.amount, "amount"), whole(relation.low, "low")]
        columns += [whole(relation.high, "high")] if relation.high is not None else []
        rows = self.layers.write(exp.select(*columns).from_(staged, copy=False))
        if len(self.bounds) < 2:
            return rows
        low = "CASE WHEN low > high THEN high ELSE low END AS low"
        return self._write(f"SELECT {self._list(self.own, self.parts)} weight, amount, {low}, high FROM {rows}")

    def _summed(self, claims: str) -> str:
        """Claims with the sums of their partition.

        Of an amount below the sum of the least, each gets a part in proportion to its least: that is its weight then.
        """
        one = f"CASE WHEN {{}} > 0 THEN CAST(1 AS HUGEINT) ELSE {_NONE} END"
        sums = {"weights": "weight", "least": "low", "able": one.format("weight"), "lows": one.format("low")}
        names = [*self.own, *self.parts, "amount", *self._sides]
        rows = self._totalled(claims, names, {name: f"CAST({value} AS HUGEINT)" for name, value in sums.items()})
        cut = {"weight": "low", "low": "CAST(0 AS BIGINT)", "high": "low"}
        cut |= {"weights": "least", "least": _NONE, "able": "lows"}
        whole = {name: name for name in (*self._sides, "weights", "least", "able")}
        if self.relation.low is not None:
            whole = {name: f"CASE WHEN amount < least THEN {cut[name]} ELSE {name} END" for name in whole}
        kept = ", ".join(f"{value} AS {name}" for name, value in whole.items())
        return self._write(
            f"SELECT {self._list(self.own, self.parts)} CAST(amount AS HUGEINT) AS amount, {kept} FROM {rows}"
        )

    def _totalled(self, claims: str, names: Sequence[str], sums: Mapping[str, str]) -> str:
        """The claims with sums over their partition."""
        listed = ", ".join(f"sum({value}) AS {name}" for name, value in sums.items())
        totals = self._write(f"SELECT {self._list(self.parts)} {listed} FROM {claims} {self._by()}")
        wanted = ", ".join(f"t.{name} AS {name}" for name in sums)
        return self._write(
            f"SELECT {self._list(names, of='c')} {wanted} FROM {claims} AS c JOIN {totals} AS t"
            f" ON {self._same('c', 't')}"
        )

    # -- the level

    def _levels(self, claims: str, amounts: Mapping[str, str]) -> str:
        """Claims with the level at which each amount is given, as `above / below`; below is 0 where nobody gets more.

        Args:
            amounts: By the name of a level.
        """
        names = [*self.own, *self.parts, "amount", *self._sides]
        if not self.bounds:
            levels = ", ".join(f"{due} AS above_{name}, weights AS below_{name}" for name, due in amounts.items())
            return self._write(f"SELECT {self._list(names)} {levels} FROM {claims}")
        first = _NONE if self.relation.low is not None else "weights"
        sums = {}
        for name, due in amounts.items():
            reached = f"place * ({first} + rising) <= ({due} - least - given) * weight"
            for each in ("more", "slope"):
                sums[f"{each}_{name}"] = f"CAST(CASE WHEN {reached} THEN {each} ELSE 0 END AS HUGEINT)"
        found = self._reached(claims, [*names, *_OF_PARTITION], sums)
        levels = ", ".join(
            f"{due} - least - more_{name} AS above_{name}, {first} + slope_{name} AS below_{name}"
            for name, due in amounts.items()
        )
        return self._write(f"SELECT {self._list(names)} {levels} FROM {found}")

    def _reached(self, claims: str, names: Sequence[str], sums: Mapping[str, str]) -> str:
        """The claims with sums over the places of their partition."""
        listed = ", ".join(f"sum({value}) AS {name}" for name, value in sums.items())
        places = self._places(claims, [*self.parts, "weight", "amount", *_OF_PARTITION], "weight > 0")
        found = self._write(f"SELECT {self._list(self.parts)} {listed} FROM {places} {self._by()}")
        wanted = ", ".join(f"f.{name} AS {name}" for name in sums)
        return self._write(
            f"SELECT {self._list(names, of='c')} {wanted} FROM {claims} AS c LEFT JOIN {found} AS f"
            f" ON {self._same('c', 'f')}"
        )

    def _places(self, claims: str, kept: Sequence[str], where: str) -> str:
        """Where the slope changes, with what is given beside it, and the slope, from there on.

        Args:
            kept: Columns of the claims that are read above.
            where: Which claims have places.
        """
        more = "CASE WHEN weight > 0 THEN {} ELSE 0 END".format
        values = {"place": ("low", "high"), "more": (more("0 - low"), more("high")), "slope": ("weight", "0 - weight")}
        source = claims
        if len(self.bounds) == 2:
            sides = "unnest(generate_series(CAST(1 AS BIGINT), CAST(2 AS BIGINT))) AS side"
            bounds = self._list([each for each in self._sides if each not in kept])
            source = self._write(f"SELECT {self._list(kept)} {bounds} {sides} FROM {claims}")
            kept = [*kept, "side"]
            made = [f"CASE WHEN side = 1 THEN {low} ELSE {high} END AS {name}" for name, (low, high) in values.items()]
        else:
            at_high = self.relation.high is not None
            made = [f"{of[at_high]} AS {name}" for name, of in values.items()]
        rows = self._write(f"SELECT {self._list(kept)} {', '.join(made)} FROM {source} WHERE {where}")
        names = [*kept, *values]
        ordered, order = self._in_order(rows, names)
        over = self._over(f"ORDER BY {', '.join(order)} {_SO_FAR}")
        return self._write(
            f"SELECT {self._list(names)} sum(CAST(more AS HUGEINT)) OVER {over} AS given,"
            f" sum(CAST(slope AS HUGEINT)) OVER {over} AS rising"
            f" FROM {ordered}"
        )

    def _in_order(self, source: str, names: Sequence[str]) -> tuple[str, list[str]]:
        """Rows, and the columns that put them in the order of the fraction `place / weight`."""
        kept, order = self._list(names), ["whole"]
        rows = self._write(f"SELECT {kept} place // {_BELOW} AS whole, place % {_BELOW} AS rest FROM {source}")
        most = max(int(each.type.high or 0) for each in (self.relation.weight, self.relation.low) if each is not None)
        digits = (most * most).bit_length()
        while digits > 0:
            taken = min(digits, _DIGITS)
            rest = "rest" if most << taken < 2**63 else "CAST(rest AS HUGEINT)"
            more, digit = f"({rest} * {2**taken})", f"digit_{len(order)}"
            listed = f"{kept} {self._list(order)}"
            rows = self._write(f"SELECT {listed} {more} // {_BELOW} AS {digit}, {more} % {_BELOW} AS rest FROM {rows}")
            order.append(digit)
            digits -= taken
        return rows, order

    def _bounded(self, due: str, name: str = "due") -> str:
        """What is due to a row at a level, or where it is bound: the bound."""
        above, below = f"above_{name}", f"below_{name}"
        tests = ["WHEN weight = 0 THEN low"]
        if self.relation.high is not None:
            tests += [f"WHEN {below} = 0 THEN high", f"WHEN high * {below} <= {above} * weight THEN high"]
        tests.append(f"WHEN low * {below} >= {above} * weight THEN low")
        return f"CASE {' '.join(tests)} ELSE {due} END"

    # -- whole units

    def _remainders(self, claims: str) -> str:
        """What is due, cut to whole units, and one more for the largest of what was cut off."""
        units = self._bounded("(above_due * weight) // nullif(below_due, 0)")
        rest = self._bounded("(above_due * weight) % nullif(below_due, 0)")
        rest = rest.replace("THEN low", "THEN 0").replace("THEN high", "THEN 0")
        cut = self._write(
            f"SELECT {self._list(self.own, self.parts)} below_due AS below, {units} AS units, {rest} AS rest"
            f" FROM {self._levels(claims, {'due': 'amount'})}"
        )
        order = self._over(f"ORDER BY rest DESC, {', '.join(self.keys)}")
        placed = self._write(
            f"SELECT {self._list(self.own)} below, units, rest, row_number() OVER {order} AS place,"
            f" sum(rest) OVER {self._over('')} AS rests FROM {cut}"
        )
        more = "CASE WHEN rest > 0 AND CAST(place AS HUGEINT) * below <= rests THEN 1 ELSE 0 END"
        return self._write(f"SELECT {self._list(self.own)} CAST(units AS BIGINT) + {more} AS units FROM {placed}")

    def _signposts(self, claims: str) -> str:
        """The k-th unit of a claim costs (2 k - 1) / (2 weight), and the cheapest are given.

        Halves that are rounded change a sum by half a unit for each row at most: what is given at the level of so
        much less is given in any case, and what is not given at the level of so much more is not. The units in
        between, one or two a row, are put in order, after one that stands for all that are given in any case.
        """
        half = "((able + 1) // 2)"
        less = f"CASE WHEN amount - {half} < least THEN least ELSE amount - {half} END"
        levels = self._levels(claims, {"sure": less, "most": f"amount + {half}"})
        kept = self._list(self.own, self.parts)
        near = ", ".join(f"{self._nearest(name)} AS {name}" for name in ("sure", "most"))
        rounded = self._write(f"SELECT {kept} {self._list(self._sides)} amount, {near} FROM {levels}")
        within = ", ".join(f"{self._within(name)} AS {name}" for name in ("sure", "most"))
        ends = self._write(f"SELECT {kept} weight, amount, {within} FROM {rounded}")
        whole = self._over("")
        spare = f"amount - sum(sure) OVER {whole} + count(*) OVER {whole} AS spare"
        counted = self._write(f"SELECT {kept} weight, sure, most, {spare} FROM {ends}")
        each = "unnest(generate_series(CAST(sure AS BIGINT), CAST(most AS BIGINT))) AS unit"
        units = self._write(f"SELECT {kept} weight, spare, sure, {each} FROM {counted}")
        weight = "CASE WHEN weight = 0 THEN 1 ELSE weight END AS weight"
        place = "CASE WHEN unit = sure THEN 0 ELSE 2 * unit - 1 END AS place"
        posts = self._write(f"SELECT {kept} spare, unit, {weight}, {place} FROM {units}")
        rows, order = self._in_order(posts, [*self.own, *self.parts, "spare", "unit", "weight", "place"])
        over = self._over(f"ORDER BY {', '.join([*order, *self.keys])}")
        placed = self._write(
            f"SELECT {self._list(self.own)} unit, spare, row_number() OVER {over} AS place FROM {rows}"
        )
        others = self._list([f"arg_max({name}, unit) AS {name}" for name in self.own if name not in self.keys])
        return self._write(
            f"SELECT {self._list(self.keys)} {others} max(unit) AS units FROM {placed} WHERE place <= spare"
            f" GROUP BY {', '.join(self.keys)}"
        )

    def _nearest(self, name: str) -> str:
        """The whole number next to what is due at a level."""
        above, below = f"above_{name}", f"below_{name}"
        return self._bounded(f"(2 * {above} * weight + {below}) // nullif(2 * {below}, 0)", name)

    def _within(self, name: str) -> str:
        """A rounded number within the bounds."""
        high = f"WHEN {name} > high THEN high " if self.relation.high is not None else ""
        return f"CASE WHEN {name} < low THEN low {high}ELSE {name} END"

    # -- text

    def _write(self, sql: str, wide: bool = True) -> str:
        tree = parse_one(sql, dialect="duckdb")
        assert isinstance(tree, exp.Select)
        for each in (tree, *tree.find_all(exp.IntDiv)) if wide else ():
            each.meta[WIDE] = True
        for name in tree.find_all(exp.Identifier):
            name.set("quoted", True)
        return self.layers.write(tree)

    def _list(self, *names: Sequence[str], of: str = "") -> str:
        """Columns with a comma after each; of a table of a join under their own names."""
        return "".join(f"{of}.{name} AS {name}, " if of else f"{name}, " for group in names for name in group)

    @property
    def _sides(self) -> list[str]:
        return ["weight", "low", "high"] if self.relation.high is not None else ["weight", "low"]

    def _same(self, left: str, right: str) -> str:
        """Whether rows of two tables are of one partition."""
        return " AND ".join(f"{left}.{name} = {right}.{name}" for name in self.parts) or "TRUE"

    def _by(self) -> str:
        return f"GROUP BY {', '.join(self.parts)}" if self.parts else ""

    def _over(self, order: str) -> str:
        within = f"PARTITION BY {', '.join(self.parts)} " if self.parts else ""
        return f"({within}{order})"
