"""The 30-metric card over a table as one would write it for this card alone: DuckDB, Polars, NumPy.

Each gives the score, the level and three reasons with the points they lost, to the bit what the
engine gives; `duckdb_float` leaves out the rounding that makes the bits the same everywhere.
"""

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from benchmarks.cards import GROUPS, KNOTS, LABELS, METRICS, VETOES, WEIGHTS30

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["OUTPUTS", "duckdb_exact", "duckdb_float", "numpy_exact", "polars_exact", "spark_sql"]

OUTPUTS = [
    *("store_id", "card", "grade"),
    *(f"card.{what}_{place}" for place in (1, 2, 3) for what in ("reason", "lost")),
]
CODES = [f"P_{name.upper()}" for name in METRICS] + [name.upper() for name in VETOES]
_PLACE = {name: i for i, name in enumerate(METRICS)}
_KEYS = 64
_SPARK = (
    (r"(-?[\d.]+(?:e-?\d+)?)::DOUBLE", r"CAST('\1' AS DOUBLE)"),
    (r"//", "DIV"),
    (r"\[('[^]]*)\]\[([^]]*)\]", r"element_at(array(\1), CAST(\2 AS INT))"),
    (r'"([^"]*)"', r"`\1`"),
)


# -- DuckDB


def _sql_points(name: str, exact: bool) -> str:
    knots = KNOTS[_PLACE[name]]
    segments = [
        f"WHEN {name} < {x1} THEN {float(y0)}::DOUBLE + ({name} - {x0}::DOUBLE) * {(y1 - y0) / (x1 - x0)!r}::DOUBLE"
        for (x0, y0), (x1, y1) in pairwise(knots)
    ]
    value = f"CASE {' '.join(segments)} WHEN {name} IS NOT NULL THEN {float(knots[-1][1])}::DOUBLE END"
    return f"CAST(floor({value} * 10000.0::DOUBLE + 0.5::DOUBLE) AS BIGINT)" if exact else f"{value} * 10000"


def _sql_mean(parts: list[tuple[str, int]], weights: str, exact: bool) -> str:
    total = " + ".join(f"coalesce({part} * {weight}, 0)" for part, weight in parts)
    if exact:
        return f"(2 * ({total}) + {weights}) // (2 * nullif({weights}, 0))"
    return f"({total}) / nullif({weights}, 0)"


def _sql(source: str, exact: bool) -> str:
    """One statement; the three largest losses are found as integers that hold the place of their part."""
    points = ", ".join(f"{_sql_points(name, exact)} AS p_{name}" for name in METRICS)
    groups, weights, losses = [], [], []
    for group, (weight, names) in GROUPS.items():
        present = " + ".join(f"CASE WHEN p_{name} IS NULL THEN 0 ELSE {WEIGHTS30[_PLACE[name]]} END" for name in names)
        weights.append(f"{present} AS w_{group}")
        mean = _sql_mean([(f"p_{name}", WEIGHTS30[_PLACE[name]]) for name in names], f"w_{group}", exact)
        groups.append(f"{mean} AS {group}")
        for name in names:
            lost = f"(1000000 - p_{name}) * {weight * WEIGHTS30[_PLACE[name]]}"
            below = f"w * w_{group}"
            if exact:
                losses.append(f"coalesce((2 * {lost} + {below}) // (2 * nullif({below}, 0)), 0)")
            else:
                losses.append(f"coalesce({lost} / nullif({below}, 0), 0)")
    total = " + ".join(f"CASE WHEN {group} IS NULL THEN 0 ELSE {weight} END" for group, (weight, _) in GROUPS.items())
    mean = _sql_mean([(group, weight) for group, (weight, _) in GROUPS.items()], "w", exact)
    limits, before = [], "mean"
    for name, cap in VETOES.items():
        test = f"{name} > 0 AND {before} > {cap * 10_000}"  # not true without a mean
        limits.append(f"CASE WHEN {test} THEN {cap * 10_000} ELSE {before} END AS l_{name}")
        losses.append(f"coalesce({before} - l_{name}, 0)")
        before = f"l_{name}"
    rounded = f"({before} + 50) // 100 * 100" if exact else f"round({before} / 100) * 100"
    keys = []
    for i in range(len(losses)):
        lost = f"x{i}" if exact else f"CAST(x{i} AS BIGINT)"
        keys.append(f"CASE WHEN x{i} > 0 THEN {lost} * {_KEYS} + {_KEYS - 1 - i} ELSE -1 END")
    names = [f"k{i}" for i in range(len(keys))]
    codes = f"[{', '.join(f'{code!r}' for code in CODES)}]"
    grade = " ".join(f"WHEN score >= {bound * 10_000} THEN '{label}'" for label, bound in LABELS)
    shown = ", ".join(
        f"CASE WHEN {'score IS NOT NULL AND ' if place > 1 else ''}t{place} >= 0 "
        f'THEN {codes}[{_KEYS} - t{place} % {_KEYS}] END AS "card.reason_{place}", '
        f'CASE WHEN t{place} >= 0 THEN (t{place} // {_KEYS}) / 10000.0::DOUBLE END AS "card.lost_{place}"'
        for place in (1, 2, 3)
    ).replace("CASE WHEN t1", "CASE WHEN score IS NULL THEN 'INSUFFICIENT_DATA' WHEN t1", 1)
    steps = [
        ("points", f"SELECT store_id, {', '.join(VETOES)}, {points} FROM {source}"),
        ("weights", f"SELECT *, {', '.join(weights)} FROM points"),
        ("groups", f"SELECT *, {', '.join(groups)} FROM weights"),
        ("sums", f"SELECT *, {total} AS w FROM groups"),
        ("means", f"SELECT *, {mean} AS mean FROM sums"),
    ]
    for i, limit in enumerate(limits):
        steps.append((f"limit{i}", f"SELECT *, {limit} FROM {steps[-1][0]}"))
    steps += [
        (
            "scored",
            f"SELECT *, {rounded} AS score, {', '.join(f'{lost} AS x{i}' for i, lost in enumerate(losses))} "
            f"FROM {steps[-1][0]}",
        ),
        (
            "keyed",
            f"SELECT store_id, score, {', '.join(f'{key} AS k{i}' for i, key in enumerate(keys))} FROM scored",
        ),
        ("first", f"SELECT *, greatest({', '.join(names)}) AS t1 FROM keyed"),
    ]
    for place in (2, 3):
        left = ", ".join(f"CASE WHEN {key} < t{place - 1} THEN {key} ELSE -1 END" for key in names)
        steps.append((f"top{place}", f"SELECT *, greatest({left}) AS t{place} FROM {steps[-1][0]}"))
    layers = ", ".join(f"{name} AS ({query})" for name, query in steps)
    return (
        f"WITH {layers} SELECT store_id, score / 10000.0::DOUBLE AS card, "
        f"CASE WHEN score IS NULL THEN 'none' {grade} ELSE 'poor' END AS grade, {shown} FROM {steps[-1][0]}"
    )


def spark_sql(source: str) -> str:
    """The same statement for Spark, to the bit; `source` is what stands after FROM."""
    text = _sql(source, True)
    for found, put in _SPARK:
        text = re.sub(found, put, text)
    return text


def _duckdb(frame: "pa.Table", exact: bool) -> "pa.Table":
    import duckdb

    with duckdb.connect() as connection:
        connection.register("given", frame)
        return connection.sql(_sql("given", exact)).to_arrow_table()


def duckdb_exact(frame: "pa.Table") -> "pa.Table":
    return _duckdb(frame, True)


def duckdb_float(frame: "pa.Table") -> "pa.Table":
    """In floating point throughout: sums depend on their order, and a score near a bound on luck."""
    return _duckdb(frame, False)


# -- Polars


def polars_exact(frame: "pa.Table") -> "pa.Table":
    import polars as pl

    def points(name: str) -> Any:
        x = pl.col(name)
        chain: Any = pl
        for (x0, y0), (x1, y1) in pairwise(KNOTS[_PLACE[name]]):
            chain = chain.when(x < x1).then(float(y0) + (x - x0) * ((y1 - y0) / (x1 - x0)))
        value = chain.when(x.is_not_null()).then(float(KNOTS[_PLACE[name]][-1][1]))
        return (value * 10000.0 + 0.5).floor().cast(pl.Int64).alias(f"p_{name}")

    def mean(parts: list[tuple[Any, int]], weights: Any) -> Any:
        total = pl.sum_horizontal(part * weight for part, weight in parts)
        return pl.when(weights > 0).then((2 * total + weights) // (2 * weights))

    rows = pl.LazyFrame(pl.from_arrow(frame)).with_columns(map(points, METRICS))
    rows = rows.with_columns(
        pl.sum_horizontal(pl.col(f"p_{name}").is_not_null() * pl.lit(WEIGHTS30[_PLACE[name]]) for name in names)
        .cast(pl.Int64)
        .alias(f"w_{group}")
        for group, (_, names) in GROUPS.items()
    )
    rows = rows.with_columns(
        mean([(pl.col(f"p_{name}"), WEIGHTS30[_PLACE[name]]) for name in names], pl.col(f"w_{group}")).alias(group)
        for group, (_, names) in GROUPS.items()
    )
    rows = rows.with_columns(
        pl.sum_horizontal(pl.col(group).is_not_null() * pl.lit(weight) for group, (weight, _) in GROUPS.items())
        .cast(pl.Int64)
        .alias("w")
    )
    rows = rows.with_columns(
        mean([(pl.col(group), weight) for group, (weight, _) in GROUPS.items()], pl.col("w")).alias("mean")
    )
    losses = []
    for group, (weight, names) in GROUPS.items():
        below = pl.col("w") * pl.col(f"w_{group}")
        for name in names:
            lost = (1_000_000 - pl.col(f"p_{name}")) * (weight * WEIGHTS30[_PLACE[name]])
            losses.append(pl.when(below > 0).then((2 * lost + below) // (2 * below)))
    before = "mean"
    for name, cap in VETOES.items():
        capped = pl.min_horizontal(pl.col(before), pl.lit(cap * 10_000, pl.Int64))
        held = pl.when(pl.col("mean").is_null()).then(None).when(pl.col(name) > 0).then(capped)
        rows = rows.with_columns(held.otherwise(pl.col(before)).alias(f"l_{name}"))
        losses.append(pl.col(before) - pl.col(f"l_{name}"))
        before = f"l_{name}"
    score = (pl.col(before) + 50) // 100 * 100
    keys = [
        pl.when(lost > 0).then(lost * _KEYS + (_KEYS - 1 - i)).otherwise(-1).alias(f"k{i}")
        for i, lost in enumerate(losses)
    ]
    rows = rows.select("store_id", score.alias("score"), *keys)
    names = [f"k{i}" for i in range(len(keys))]
    rows = rows.with_columns(pl.max_horizontal(names).alias("t1"))
    for place in (2, 3):
        left = [pl.when(pl.col(key) < pl.col(f"t{place - 1}")).then(pl.col(key)).otherwise(-1) for key in names]
        rows = rows.with_columns(pl.max_horizontal(left).alias(f"t{place}"))
    grade: Any = pl.when(pl.col("score").is_null()).then(pl.lit("none"))
    for label, bound in LABELS:
        grade = grade.when(pl.col("score") >= bound * 10_000).then(pl.lit(label))
    codes = pl.lit(pl.Series(CODES))
    shown = []
    for place in (1, 2, 3):
        top = pl.col(f"t{place}")
        code = codes.gather(pl.when(top >= 0).then(_KEYS - 1 - top % _KEYS))
        if place == 1:
            code = pl.when(pl.col("score").is_null()).then(pl.lit("INSUFFICIENT_DATA")).otherwise(code)
        shown += [
            code.alias(f"card.reason_{place}"),
            pl.when(top >= 0).then(top // _KEYS).truediv(10000.0).alias(f"card.lost_{place}"),
        ]
    made = rows.select(
        "store_id",
        (pl.col("score") / 10000.0).alias("card"),
        grade.otherwise(pl.lit("poor")).alias("grade"),
        *shown,
    )
    return made.collect().to_arrow()


# -- NumPy


def numpy_exact(frame: "pa.Table") -> "pa.Table":
    """A hundred thousand rows at a time, so that what is read again is still in the cache."""
    import pyarrow as pa

    return pa.concat_tables([_numpy_rows(frame.slice(i, 100_000)) for i in range(0, frame.num_rows, 100_000)])


def _numpy_rows(frame: "pa.Table") -> "pa.Table":
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    count = frame.num_rows
    weights = {group: np.zeros(count, np.int64) for group in GROUPS}
    sums = {group: np.zeros(count, np.int64) for group in GROUPS}
    below_full: list[Any] = []
    for group, (_, names) in GROUPS.items():
        for name in names:
            i = _PLACE[name]
            x = frame.column(name).to_numpy()
            there = ~np.isnan(x)
            knots = KNOTS[i]
            slopes = np.array([(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(knots)] + [0.0])
            starts = np.array([x for x, _ in knots])
            place = np.searchsorted(starts[1:], x, side="right")
            y = np.array([float(y) for _, y in knots])[place] + (x - starts[place]) * slopes[place]
            points = np.floor(np.where(there, y, 0.0) * 10000.0 + 0.5).astype(np.int64)
            sums[group] += points * WEIGHTS30[i]
            weights[group] += there * WEIGHTS30[i]
            below_full.append(np.where(there, 1_000_000 - points, 0) * WEIGHTS30[i])
    total, over = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for group, (weight, _) in GROUPS.items():
        there = weights[group] > 0
        mean = (2 * sums[group] + weights[group]) // np.maximum(2 * weights[group], 1)
        total += np.where(there, mean * weight, 0)
        over += there * weight
    judged = over > 0
    value = (2 * total + over) // np.maximum(2 * over, 1)
    keys = np.full((len(CODES), count), -1, np.int64)
    for group, (weight, names) in GROUPS.items():
        below = over * weights[group]
        for name in names:
            i = _PLACE[name]
            lost = (2 * below_full[i] * weight + below) // np.maximum(2 * below, 1)
            keys[i] = np.where(lost > 0, lost * _KEYS + (_KEYS - 1 - i), -1)
    for i, (name, cap) in enumerate(VETOES.items(), len(METRICS)):
        capped = np.where(frame.column(name).to_numpy() > 0, np.minimum(value, cap * 10_000), value)
        keys[i] = np.where(judged & (value > capped), (value - capped) * _KEYS + (_KEYS - 1 - i), -1)
        value = capped
    value = (value + 50) // 100 * 100
    bounds = [bound * 10_000 for _, bound in reversed(LABELS)]
    labels = pa.array(["poor", *(label for label, _ in reversed(LABELS)), "none"])
    level = np.where(judged, np.searchsorted(bounds, value, side="right"), len(labels) - 1)
    columns = {
        "store_id": frame.column("store_id"),
        "card": pa.array(value / 10000.0, mask=~judged),
        "grade": labels.take(pa.array(level)),
    }
    codes = pa.array(CODES)
    for place in (1, 2, 3):
        at = keys.argmax(axis=0)
        top = keys[at, np.arange(count)]
        code = codes.take(pa.array(at, mask=top < 0))
        if place == 1:
            code = pc.if_else(pa.array(judged), code, "INSUFFICIENT_DATA")
        columns[f"card.reason_{place}"] = code
        columns[f"card.lost_{place}"] = pa.array(top // _KEYS / 10000.0, mask=top < 0)
        keys[at, np.arange(count)] = -1
    return pa.table(columns)
