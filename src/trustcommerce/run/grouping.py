"""Groups as SQL: measures of facts and peers, ranks, distinct keys. Sums are wide until they are checked."""

from collections.abc import Sequence

from attrs import evolve
from sqlglot import exp

from trustcommerce.language.expressions import Apply, Expr, Literal, columns
from trustcommerce.language.relations import Distinct, Gather, Measure, Rank
from trustcommerce.language.types import Kind, Type
from trustcommerce.run.dialects import SMALL
from trustcommerce.run.layers import ORDER, Held, Layers, at
from trustcommerce.run.sql import column, literal, to_sql, typed

__all__ = [
    "ROWS",
    "aggregated",
    "beside_subjects",
    "distinct",
    "flag_count",
    "gather",
    "measure_columns",
    "narrow",
    "plain",
    "rank",
]

ROWS = "~rows"
_SMALL = 10**9
"""A sum of numbers up to this one overflows beyond 9 billion rows of one subject."""
_INTEGER = Type(Kind.EXACT)
_NUMBER = Type(Kind.NUMBER)


def flag_count(flag: str) -> str:
    """The column that counts the rows excluded by a flag."""
    return f"~{flag}"


def measure_columns(measure: Measure) -> set[str]:
    exprs = [condition for _, condition in measure.filters] + [*measure.per]
    exprs += [measure.value] if measure.value is not None else []
    return {name for each in exprs for name in columns(each)}


def gather(layers: Layers, relation: Gather, needed: set[str]) -> str:
    """One group-by over the fact's rows, as a stage, joined to the subjects."""
    measures = [each for each in relation.measures if each.name in needed]
    reads = {each.name for each in relation.on}
    source = layers.build(relation.source, needed | reads)
    if not measures or relation.fact in layers.given:
        return source
    return beside_subjects(layers, relation, measures, source)


def beside_subjects(
    layers: Layers, relation: Gather, measures: Sequence[Measure], source: str, counted: bool = True
) -> str:
    """The rows of a layer with measures of a fact.

    Args:
        counted: Whether the stage answers for the fact when a run counts its rows.
    """
    wanted = {*relation.key, *(flag for flag, _ in relation.flags if layers.counted)}
    for each in measures:
        wanted |= measure_columns(each)
    rows = layers.build(relation.rows, wanted, outer=relation)
    if not layers.counted:
        rows, measures = _common(layers, rows, measures)
    key = tuple(f"key_{i}" for i, _ in enumerate(relation.key))
    grouped = [each for each in measures if not each.per and each.cap is None]
    audit = _audit(relation) if layers.counted else []
    keyed = [
        exp.alias_(column(theirs), mine, quoted=True, copy=False)
        for theirs, mine in zip(relation.key, key, strict=True)
    ]
    plain = exp.select(*keyed, *audit, *(aggregated(layers, each) for each in grouped)).from_(rows, copy=False)
    query = plain.group_by(*map(column, relation.key), copy=False)
    for each in measures:
        if each not in grouped:
            query = _with_groups(layers, query, each, rows, relation.key, key)
    held = Held(key=key, measures=tuple(measures), gather=relation if counted and layers.counted else None)
    name = layers.stage(query, held)
    on = [
        exp.EQ(this=at("x", mine.name), expression=at("m", theirs))
        for mine, theirs in zip(relation.on, key, strict=True)
    ]
    joined = [exp.alias_(narrow(layers, at("m", m.name), m), m.name, quoted=True, copy=False) for m in measures]
    return layers.write(
        exp.select("x.*", *joined)
        .from_(exp.to_table(source).as_("x"), copy=False)
        .join(exp.to_table(name).as_("m"), on=exp.and_(*on), join_type="left", copy=False)
    )


def _audit(relation: Gather) -> list[exp.Expression]:
    """How many rows there are, and how many of them each flag excludes."""
    counts = [exp.alias_(exp.Count(this=exp.Star()), ROWS, quoted=True, copy=False)]
    for flag, _ in relation.flags:
        flagged = _filtered(exp.Count(this=exp.Star()), column(flag))
        counts.append(exp.alias_(flagged, flag_count(flag), quoted=True, copy=False))
    return counts


def _common(layers: Layers, rows: str, measures: Sequence[Measure]) -> tuple[str, list[Measure]]:
    """The rows that meet what all measures ask for, and measures that ask for the rest."""
    first, *others = measures
    common = [each for each in first.filters if all(each in measure.filters for measure in others)]
    if not common:
        return rows, [*measures]
    tests = [layers.sql(condition) for _, condition in common]
    kept = layers.write(exp.select("*").from_(rows, copy=False).where(exp.and_(*tests), copy=False))
    rest = [tuple(each for each in measure.filters if each not in common) for measure in measures]
    return kept, [evolve(measure, filters=filters) for measure, filters in zip(measures, rest, strict=True)]


def narrow(layers: Layers, value: exp.Expression, measure: Measure) -> exp.Expression:
    """A checked sum in its own type; nothing to count or sum is 0."""
    if measure.function not in ("count", "sum", "distinct"):
        return value
    return exp.Coalesce(this=layers.whole(value, measure), expressions=[literal(0, _INTEGER)])


def _condition(layers: Layers, measure: Measure) -> exp.Expression | None:
    tests = [exp.Paren(this=layers.sql(condition)) for _, condition in measure.filters]
    return exp.and_(*tests) if tests else None


def _filtered(value: exp.Expression, condition: exp.Expression | None) -> exp.Expression:
    if condition is None:
        return value
    return exp.Filter(this=value, expression=exp.Where(this=condition))


def aggregated(layers: Layers, measure: Measure) -> exp.Expression:
    if measure.function == "count":
        counted = exp.Star() if measure.value is None else layers.sql(_present(measure.value))
        made: exp.Expression = _filtered(exp.Count(this=counted), _condition(layers, measure))
        return exp.alias_(made, measure.name, quoted=True, copy=False)
    value = None if measure.value is None else _wide(layers, measure.value, measure)
    if measure.function == "distinct":
        assert value is not None
        made = exp.Count(this=exp.Distinct(expressions=[value]))
    elif measure.function == "quantile":
        assert value is not None
        share = max(measure.at[0] / measure.at[1] - 2.0**-40, 0.0)
        condition = _condition(layers, measure)
        value = value if condition is None else exp.Case(ifs=[exp.If(this=condition, true=value)])
        made = exp.Anonymous(this="quantile_disc", expressions=[value, literal(share, _NUMBER)])
        return exp.alias_(made, measure.name, quoted=True, copy=False)
    else:
        kinds = {"sum": exp.Sum, "min": exp.Min, "max": exp.Max}
        made = kinds[measure.function](this=value)
        made.meta[SMALL] = _is_small(measure)
    return exp.alias_(_filtered(made, _condition(layers, measure)), measure.name, quoted=True, copy=False)


def _present(value: Expr) -> Expr:
    """What is missing where the value is, and takes less to compute."""
    if not isinstance(value, Apply):
        return value
    divided = value.op == "div" and isinstance(value.args[1], Literal) and bool(value.args[1].value)
    return _present(value.args[0]) if divided or value.op == "to_number" else value


def _is_small(measure: Measure) -> bool:
    """Whether a sum of any number of rows that there may be fits into 64 bits."""
    if measure.value is None or measure.value.type.kind is not Kind.EXACT:
        return False
    low, high = measure.value.type.low, measure.value.type.high
    return low is not None and high is not None and max(abs(low), abs(high)) <= _SMALL


def _wide(layers: Layers, value: Expr, measure: Measure) -> exp.Expression:
    """What is summed, in whole numbers wide enough for any product of two columns."""
    if measure.function != "sum":
        return layers.sql(value)
    if isinstance(value, Apply) and value.op == "mul" and value.type.low is None:
        left, right = (exp.Paren(this=layers.sql(arg)) for arg in value.args)
        return exp.Mul(this=exp.Cast(this=left, to=exp.DataType.build("INT128")), expression=right)
    return layers.sql(value)


def _with_groups(
    layers: Layers, query: exp.Select, measure: Measure, rows: str, key: tuple[str, ...], names: tuple[str, ...]
) -> exp.Select:
    """A sum of groups within each subject, each capped before they are added."""
    assert measure.value is not None
    keyed = [exp.alias_(column(k), name, quoted=True, copy=False) for k, name in zip(key, names, strict=True)]
    per = [exp.alias_(layers.sql(each), f"per_{i}", quoted=True, copy=False) for i, each in enumerate(measure.per)]
    inner = exp.select(
        *keyed, *per, exp.alias_(exp.Sum(this=layers.sql(measure.value)), "sum", quoted=True, copy=False)
    )
    inner = inner.from_(rows, copy=False)
    condition = _condition(layers, measure)
    inner = inner if condition is None else inner.where(condition, copy=False)
    inner = inner.group_by(*[exp.Literal.number(i + 1) for i in range(len(names) + len(per))], copy=False)
    groups = layers.write(inner)
    capped: exp.Expression = column("sum")
    if isinstance(measure.cap, Literal):
        capped = exp.Least(this=capped, expressions=[to_sql(measure.cap)], ignore_nulls=True)
    wide = exp.Cast(this=capped, to=exp.DataType.build("INT128"))
    added = exp.select(*map(column, names), exp.alias_(exp.Sum(this=wide), measure.name, quoted=True, copy=False))
    sums = layers.write(added.from_(groups, copy=False).group_by(*map(column, names), copy=False))
    base = layers.write(query)
    on = [exp.EQ(this=at("x", name), expression=at("m", name)) for name in names]
    return (
        exp.select("x.*", at("m", measure.name))
        .from_(exp.to_table(base).as_("x"), copy=False)
        .join(exp.to_table(sums).as_("m"), on=exp.and_(*on), join_type="left", copy=False)
    )


def rank(layers: Layers, relation: Rank, needed: set[str], outer: Gather | None) -> str:
    """Windows over the rows of a partition for which the condition holds."""
    exprs = [each for each, _ in relation.order] + [*relation.within]
    exprs += [each for each in (relation.where, relation.value) if each is not None]
    given = f"peers {relation.name}" in layers.given
    wanted = needed | ({name for each in exprs for name in columns(each)} if not given else set())
    source = layers.build(relation.source, wanted - {relation.name}, outer)
    if given or relation.name not in needed:
        return source
    where = None if relation.where is None else exp.Paren(this=layers.sql(relation.where))
    partition = [layers.sql(each) for each in relation.within] + ([where] if where is not None else [])
    order = [
        exp.Ordered(this=plain(layers.sql(each), each.type), desc=descends, nulls_first=False)
        for each, descends in relation.order
    ]

    def over(function: exp.Expression, ordered: bool, more: list[exp.Expression] | None = None) -> exp.Expression:
        return exp.Window(
            this=function,
            partition_by=[each.copy() for each in [*partition, *(more or [])]] or None,
            order=exp.Order(expressions=[each.copy() for each in order]) if ordered else None,
        )

    value_sql: exp.Expression
    if relation.form == "position":
        value_sql = exp.Cast(this=over(exp.RowNumber(), True), to=exp.DataType.build("BIGINT"))
    elif relation.form == "running":
        assert relation.value is not None
        window = over(exp.Sum(this=layers.sql(relation.value)), True)
        window.set("spec", exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"))
        value_sql = exp.Cast(this=window, to=exp.DataType.build("BIGINT"))
    else:
        value, _ = relation.order[0]
        same = over(exp.Count(this=exp.Star()), False, [plain(layers.sql(value), value.type)])
        every = over(exp.Count(this=exp.Star()), False)
        two, one = literal(2, _INTEGER), literal(1, _INTEGER)
        before = exp.Paren(this=exp.Sub(this=over(exp.Anonymous(this="rank"), True), expression=one))
        twice = exp.Add(this=exp.Mul(this=two, expression=before), expression=same)
        value_sql = exp.Div(
            this=exp.Cast(this=exp.Paren(this=twice), to=exp.DataType.build("DOUBLE")),
            expression=exp.Cast(this=exp.Mul(this=two.copy(), expression=every), to=exp.DataType.build("DOUBLE")),
        )
    if where is not None:
        empty = exp.Cast(this=exp.Null(), to=exp.DataType.build(typed(relation.type)))
        value_sql = exp.Case(ifs=[exp.If(this=where.copy(), true=value_sql)], default=empty)
    shown = exp.alias_(value_sql, relation.name, quoted=True, copy=False)
    return layers.write(exp.select("*", shown).from_(source, copy=False))


def plain(value: exp.Expression, type_: Type) -> exp.Expression:
    """A double whose zeros are one zero, so that equals are equal to the bit."""
    if type_.kind is not Kind.NUMBER:
        return value
    return exp.Add(this=exp.Paren(this=value), expression=literal(0.0, _NUMBER))


def distinct(layers: Layers, relation: Distinct) -> str:
    """The keys that stand in a fact, in their order."""
    names = [each.name for each in relation.columns]
    rows = layers.build(relation.source, set(names))
    keys = layers.write(exp.select(*map(column, names)).distinct(copy=False).from_(rows, copy=False))
    if layers.cluster:
        return keys
    number = exp.Window(
        this=exp.RowNumber(), order=exp.Order(expressions=[exp.Ordered(this=column(name)) for name in names])
    )
    return layers.write(exp.select("*", exp.alias_(number, ORDER, quoted=True, copy=False)).from_(keys, copy=False))
