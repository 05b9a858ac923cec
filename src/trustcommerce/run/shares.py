"""A `Share` as SQL: window sums over the levels at which claims reach their bounds.

What all get together rises with the level. How fast, changes where somebody leaves its least or reaches its
most: the slope there is the weights of those in between. These places are put in order and summed up; the last
one at which no more than the amount is given tells the slope, and a division the level.

Whole numbers of 38 digits hold every product. Places are fractions of numbers below 2^50, so two that differ
do so within 100 bits: they are put in order by a whole part and two digits of 62 bits each.
"""

from collections.abc import Sequence

from sqlglot import exp, parse_one

from trustcommerce.language.expressions import Expr, columns
from trustcommerce.language.relations import Share
from trustcommerce.run.dialects import WIDE
from trustcommerce.run.grouping import plain
from trustcommerce.run.layers import Held, Layers, at
from trustcommerce.run.sql import column

__all__ = ["share"]

_DIGIT = 2**62
_NONE = "CAST(0 AS HUGEINT)"
_SO_FAR = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"


def share(layers: Layers, relation: Share, needed: set[str]) -> str:
    """The rows with what each gets."""
    wanted = needed - {relation.name}
    if f"peers {relation.name}" in layers.given or relation.name not in needed:
        return layers.build(relation.source, wanted)
    exprs = [relation.amount, relation.weight, *relation.within]
    exprs += [each for each in (relation.low, relation.high) if each is not None]
    read = {name for each in exprs for name in columns(each)} | {each.name for each in relation.key}
    staged = layers.stage(
        exp.select("*").from_(layers.build(relation.source, wanted | read), copy=False), Held(often=True)
    )
    layers.restart()
    return _Writer(layers, relation).beside(staged)


class _Writer:
    def __init__(self, layers: Layers, relation: Share) -> None:
        self.layers, self.relation = layers, relation
        self.keys = [f"key_{i}" for i, _ in enumerate(relation.key)]
        self.parts = [f"part_{i}" for i, _ in enumerate(relation.within)]
        self.bounds = [name for name in ("low", "high") if getattr(relation, name) is not None]

    def beside(self, staged: str) -> str:
        """Grants joined to the rows by their key."""
        grants = self._best(staged) if self.relation.method == "top" else self._levelled(self._claims(staged))
        units: exp.Expression = at("g", "units")
        if self.relation.method == "top":
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

    def _best(self, staged: str) -> str:
        """One for each of the largest weights."""
        amount = exp.Cast(this=self.layers.sql(self.relation.amount), to=exp.DataType.build("BIGINT"))
        assert self.relation.high is not None
        able = exp.GT(this=exp.Paren(this=self.layers.sql(self.relation.high)), expression=exp.Literal.number(0))
        order = [exp.Ordered(this=plain(self.layers.sql(self.relation.weight), self.relation.weight.type), desc=True)]
        order += [exp.Ordered(this=column(each.name)) for each in self.relation.key]
        parts = [self.layers.sql(each) for each in self.relation.within]
        place = exp.Window(this=exp.RowNumber(), partition_by=parts or None, order=exp.Order(expressions=order))
        columns = [
            exp.alias_(column(each.name), key, quoted=True)
            for each, key in zip(self.relation.key, self.keys, strict=True)
        ]
        columns += [exp.alias_(amount, "amount", quoted=True), exp.alias_(place, "place", quoted=True)]
        placed = self.layers.write(exp.select(*columns).from_(staged, copy=False).where(able, copy=False))
        return self._write(
            f"SELECT {self._list(self.keys)} CAST(CASE WHEN place <= amount THEN 1 ELSE 0 END AS BIGINT) AS units"
            f" FROM {placed}"
        )

    def _levelled(self, claims: str) -> str:
        """As much as is due at the level at which the whole amount is given."""
        if self.relation.low is not None:
            claims = self._cut(claims, self._totals(claims))
        claims = self.layers.stage(exp.select("*").from_(claims, copy=False), Held(often=True))
        self.layers.restart()
        totals = self._totals(claims)
        places = self._places(claims)
        by = self._signposts if self.relation.method == "webster" else self._remainders
        return by(claims, totals, places)

    # -- who shares what

    def _claims(self, staged: str) -> str:
        """Key, partition, amount, weight and bounds of each row, as wide numbers; the least is at most the most."""
        relation = self.relation

        def named(value: exp.Expression, name: str) -> exp.Expression:
            return exp.alias_(value, name, quoted=True, copy=False)

        def wide(expr: Expr | None, name: str) -> exp.Expression:
            value = exp.Literal.number(0) if expr is None else self.layers.sql(expr)
            return named(exp.Cast(this=value, to=exp.DataType.build("HUGEINT", dialect="duckdb")), name)

        keys = [exp.column(exp.to_identifier(each.name, quoted=True)) for each in relation.key]
        columns = [*map(named, keys, self.keys), *map(named, map(self.layers.sql, relation.within), self.parts)]
        columns += [wide(relation.weight, "weight"), wide(relation.amount, "amount"), wide(relation.low, "low")]
        columns += [wide(relation.high, "high")] if relation.high is not None else []
        rows = self.layers.write(exp.select(*columns).from_(staged, copy=False))
        if len(self.bounds) < 2:
            return rows
        low = "CASE WHEN low > high THEN high ELSE low END AS low"
        return self._write(f"SELECT {self._list(self.keys, self.parts)} weight, amount, {low}, high FROM {rows}")

    def _totals(self, claims: str) -> str:
        """By partition."""
        wide = ", ".join(
            f"sum(CAST({name} AS HUGEINT)) AS {to}" for name, to in (("low", "least"), ("weight", "weights"))
        )
        able = f"sum(CASE WHEN weight > 0 THEN CAST(1 AS HUGEINT) ELSE {_NONE} END) AS able"
        return self._write(
            f"SELECT {self._list(self.parts)} {wide}, {able}, max(amount) AS amount FROM {claims} {self._by()}"
        )

    def _cut(self, claims: str, totals: str) -> str:
        """Of an amount below the sum of the least, each gets a part in proportion to its least."""
        cut = "CASE WHEN t.amount < t.least THEN"
        high = f", {cut} c.low ELSE c.high END AS high" if self.relation.high is not None else ""
        return self._write(
            f"SELECT {self._list(self.keys, self.parts, of='c')} c.amount AS amount,"
            f" {cut} c.low ELSE c.weight END AS weight, {cut} {_NONE} ELSE c.low END AS low{high}"
            f" FROM {claims} AS c JOIN {totals} AS t ON {self._same('c', 't')}"
        )

    # -- the level

    def _places(self, claims: str) -> str | None:
        """Where the slope changes, with what is given beside it, and the slope, from there on."""
        made = {"low": "0 - low AS more, weight AS slope", "high": "high AS more, 0 - weight AS slope"}
        found = [
            self._write(
                f"SELECT {self._list(self.parts)} {each} AS place, weight, {made[each]} FROM {claims} WHERE weight > 0"
            )
            for each in self.bounds
        ]
        if not found:
            return None
        names = f"{self._list(self.parts)} place, weight, more, slope"
        both = " UNION ALL ".join(f"SELECT {names} FROM {each}" for each in found)
        rows = self._in_order(f"(SELECT * FROM ({both}) AS b) AS a", names)
        over = self._over(f"ORDER BY whole, digit, last {_SO_FAR}")
        return self._write(
            f"SELECT {names}, sum(more) OVER {over} AS given, sum(slope) OVER {over} AS rising FROM {rows}"
        )

    def _in_order(self, source: str, names: str) -> str:
        """Rows with the parts of the fraction `place / weight` that put them in order."""
        whole = self._write(f"SELECT {names}, place // weight AS whole, place % weight AS rest FROM {source}")
        more = f"(rest * {_DIGIT})"
        digit = self._write(f"SELECT {names}, whole, {more} // weight AS digit, {more} % weight AS rest FROM {whole}")
        return self._write(f"SELECT {names}, whole, digit, {more} // weight AS last FROM {digit}")

    def _level(self, totals: str, places: str | None, amount: str = "amount") -> str:
        """By partition, the level at which `amount` is given, as `above / below`; below is 0 where nobody gets more."""
        names = [*self.parts, "least", "weights", "able", "amount"]
        listed = self._list(names)
        if places is None:
            return self._write(f"SELECT {listed} {amount} AS above, weights AS below FROM {totals}")
        first = _NONE if self.relation.low is not None else "weights"
        due = self._write(f"SELECT {listed} {amount} AS due, {first} AS rising FROM {totals}")
        reached = "p.place * (t.rising + p.rising) <= (t.due - t.least - p.given) * p.weight"
        sums = ", ".join(
            f"sum(CAST(CASE WHEN {reached} THEN p.{name} ELSE 0 END AS HUGEINT)) AS {name}"
            for name in ("more", "slope")
        )
        grouped = ", ".join(f"t.{name}" for name in [*names, "due", "rising"])
        found = self._write(
            f"SELECT {grouped}, {sums} FROM {due} AS t LEFT JOIN {places} AS p ON {self._same('t', 'p')}"
            f" GROUP BY {grouped}"
        )
        return self._write(f"SELECT {listed} due - least - more AS above, rising + slope AS below FROM {found}")

    def _bounded(self, due: str) -> str:
        """What is due to a row at a level, or where it is bound: the bound."""
        tests = ["WHEN weight = 0 THEN low"]
        if self.relation.high is not None:
            tests += ["WHEN below = 0 THEN high", "WHEN high * below <= above * weight THEN high"]
        tests.append("WHEN low * below >= above * weight THEN low")
        return f"CASE {' '.join(tests)} ELSE {due} END"

    # -- whole units

    def _remainders(self, claims: str, totals: str, places: str | None) -> str:
        """What is due, cut to whole units, and one more for the largest of what was cut off."""
        level = self._level(totals, places)
        due = self._write(
            f"SELECT {self._list(self.keys, self.parts, self._sides, of='c')} l.above AS above, l.below AS below"
            f" FROM {claims} AS c JOIN {level} AS l ON {self._same('c', 'l')}"
        )
        units = self._bounded("(above * weight) // nullif(below, 0)")
        rest = (
            self._bounded("(above * weight) % nullif(below, 0)")
            .replace("THEN low", "THEN 0")
            .replace("THEN high", "THEN 0")
        )
        cut = self._write(
            f"SELECT {self._list(self.keys, self.parts)} below, {units} AS units, {rest} AS rest FROM {due}"
        )
        order = self._over(f"ORDER BY rest DESC, {', '.join(self.keys)}")
        placed = self._write(
            f"SELECT {self._list(self.keys)} below, units, rest, row_number() OVER {order} AS place,"
            f" sum(rest) OVER {self._over('')} AS rests FROM {cut}"
        )
        more = "CASE WHEN rest > 0 AND CAST(place AS HUGEINT) * below <= rests THEN 1 ELSE 0 END"
        return self._write(f"SELECT {self._list(self.keys)} CAST(units AS BIGINT) + {more} AS units FROM {placed}")

    def _signposts(self, claims: str, totals: str, places: str | None) -> str:
        """The k-th unit of a claim costs (2 k - 1) / (2 weight), and the cheapest are given.

        Rounded halves change a sum by half a unit for each row at most: what is given at the level of so much less
        is given in any case, and what is not given at the level of so much more is not. The units in between,
        two or three a row, are put in order.
        """
        less = "CASE WHEN amount - able < least THEN least ELSE amount - able END"
        found = self._rounded(claims, self._level(totals, places, less), "sure")
        found = self._rounded(found, self._level(totals, places, "amount + able"), "most", ["sure"])
        kept = self._list(self.keys, self.parts)
        ends = self._write(
            f"SELECT {kept} weight, sure, most, amount - sum(sure) OVER {self._over('')} AS spare FROM {found}"
        )
        names = f"{kept} weight, spare, place"
        each = self._write(
            f"SELECT {kept} weight, spare,"
            " unnest(generate_series(CAST(sure AS BIGINT) + 1, CAST(most AS BIGINT))) AS unit"
            f" FROM {ends} WHERE most > sure"
        )
        posts = self._write(f"SELECT {kept} weight, spare, CAST(2 * unit - 1 AS HUGEINT) AS place FROM {each}")
        order = self._over(f"ORDER BY whole, digit, last, {', '.join(self.keys)}")
        rows = self._in_order(posts, names)
        placed = self._write(f"SELECT {self._list(self.keys)} spare, row_number() OVER {order} AS place FROM {rows}")
        listed = ", ".join(self.keys)
        won = self._write(f"SELECT {listed}, count(*) AS more FROM {placed} WHERE place <= spare GROUP BY {listed}")
        same = " AND ".join(f"e.{key} = w.{key}" for key in self.keys)
        return self._write(
            f"SELECT {self._list(self.keys, of='e')} CAST(e.sure AS BIGINT) + coalesce(w.more, 0) AS units"
            f" FROM {ends} AS e LEFT JOIN {won} AS w ON {same}"
        )

    def _rounded(self, claims: str, level: str, name: str, more: Sequence[str] = ()) -> str:
        """The whole units next to what is due at a level, within the bounds, as the column `name`."""
        names = [*self.keys, *self.parts, *self._sides, *more]
        due = self._write(
            f"SELECT {self._list(names, of='c')} l.amount AS amount, l.above AS above, l.below AS below"
            f" FROM {claims} AS c JOIN {level} AS l ON {self._same('c', 'l')}"
        )
        nearest = self._bounded("(2 * above * weight + below) // nullif(2 * below, 0)")
        rows = self._write(f"SELECT {self._list(names)} amount, {nearest} AS nearest FROM {due}")
        high = "WHEN nearest > high THEN high " if self.relation.high is not None else ""
        within = f"CASE WHEN nearest < low THEN low {high}ELSE nearest END"
        return self._write(f"SELECT {self._list(names)} amount, {within} AS {name} FROM {rows}")

    # -- text

    def _write(self, sql: str) -> str:
        tree = parse_one(sql, dialect="duckdb")
        assert isinstance(tree, exp.Select)
        for each in tree.find_all(exp.IntDiv):
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
