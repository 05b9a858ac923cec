"""What a condition says about missing values narrows what follows it, and nothing else."""

from pathlib import Path

import pytest

import trustcommerce as tc

PACK = """pack: p
tables:
  shops: {key: shop, columns: {shop: text, a: {type: 'integer?', range: [0, 100]}, b: {type: 'integer?', range: [0, 100]}}}
  events: {key: id, columns: {id: integer, shop: text, at: timestamp, q: 'integer?', r: 'integer?'}}
"""
RULES = """ruleset: r
subject: {{name: shop, table: shops, key: shop}}
facts:
  events: {{table: events, key: shop, id: id, time: at, columns: {{twice: q * 2}}}}
metrics:
  m: {metric}
values:
  v: {{value: "{value}"}}
levels:
  level: {{labels: [low, high], of: v, steps: {{">= 10": high, else: low}}}}
"""


def load(folder: Path, value: str = "coalesce(a, 1)", metric: str = "{count: events, window: all}") -> tc.Engine:
    (folder / "rulesets").mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/r.yaml").write_text(RULES.format(value=value, metric=metric), "utf-8")
    return tc.load(folder)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("case when a is null then 0 else a + 1 end", [0, 6, 6]),
        ("case when a is not null and b is not null then a + b else 0 end", [0, 0, 12]),
        ("case when a is null or b is null then 0 else a * b end", [0, 0, 35]),
        ("case when a is null then 0 when b is null then a else a + b end", [0, 5, 12]),
        ("case when a is not null then case when b > a then b - a else a end else 0 end", None),
    ],
)
def test_branches_know_what_was_asked(tmp_path: Path, value: str, expected: list[int] | None) -> None:
    """After `when x is null` the rest of a case has x; a level read from it needs no `missing`."""
    if expected is None:
        with pytest.raises(tc.PolicyError, match="maybe-missing"):  # b was not asked for
            load(tmp_path, value)
        return
    engine = load(tmp_path, value)
    records = [{"a": None, "b": None}, {"a": 5, "b": None}, {"a": 5, "b": 7}]
    found = [engine.score("r", {"shop": "s", "m": 0, **each}, "2023-05-18")["v"] for each in records]
    assert found == expected


def test_a_metrics_condition_narrows_only_its_rows(tmp_path: Path) -> None:
    """`where: q is not null` lets q be summed; a column that reads q is computed for every row all the same."""
    engine = load(
        tmp_path, metric="{sum: twice, from: events, where: q is not null and twice is not null, window: all}"
    )
    rows = [{"id": i, "shop": "s", "at": "2023-05-01 10:00:00", "q": q, "r": None} for i, q in enumerate([1, None, 2])]
    decision = engine.score("r", {"shop": "s", "a": None, "b": None, "events": rows}, "2023-05-18")
    assert decision["m"] == 6
    with pytest.raises(tc.PolicyError, match="what is summed may be missing"):
        load(tmp_path, metric="{sum: r, from: events, where: q is not null, window: all}")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("q is null or q > 5", [1, 0, 1]),
        ("q is not null and q > 5", [0, 0, 1]),
        ("q is null or r is null or q * 2 > r", [1, 1, 1]),
        ("not (q is null or q > 5)", [0, 1, 0]),
        ("(q is not null and least(q, 3) > 2) or id = 3", [0, 1, 1]),
    ],
)
def test_operands_know_what_those_before_them_asked(tmp_path: Path, condition: str, expected: list[int]) -> None:
    """`x is null or x > 5` is never missing."""
    engine = load(tmp_path, metric=f'{{count: events, where: "{condition}", window: all}}')
    for i, (q, r) in enumerate([(None, None), (5, None), (7, 7)]):
        rows = [{"id": i + 1, "shop": "s", "at": "2023-05-01 10:00:00", "q": q, "r": r}]
        decision = engine.score("r", {"shop": "s", "a": None, "b": None, "events": rows}, "2023-05-18")
        assert decision["m"] == expected[i]


@pytest.mark.parametrize("condition", ["q is null or r > 5", "q > 5 or q is null", "q is null and q > 5", "q > 5"])
def test_operands_know_no_more_than_that(tmp_path: Path, condition: str) -> None:
    """Not what comes after them, nor of other columns, nor where the other answer decides."""
    with pytest.raises(tc.PolicyError, match="this condition may be missing, and nothing says what then"):
        load(tmp_path, metric=f'{{count: events, where: "{condition}", window: all}}')


def test_a_label_that_stands_in(tmp_path: Path) -> None:
    """What is said for a missing label, of a metric or a reference, is one of its labels; steps have their input."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "rulesets/first.yaml").write_text(
        "ruleset: first\nsubject: {name: shop, table: shops, key: shop}\n"
        "levels: {grade: {labels: [low, high], of: a, steps: {'>= 10': high, else: low}, missing: low}}\n",
        "utf-8",
    )
    (tmp_path / "rulesets/second.yaml").write_text(
        "ruleset: second\nsubject: {name: shop, table: shops, key: shop}\n"
        "facts: {shops: {ruleset: first, key: shop, id: shop}}\n"
        "references: {first: {ruleset: first, match: {shop: shop}, else: missing}}\n"
        "metrics: {best: {max: grade, from: shops, window: all, missing: high}}\n"
        "values: {own: {value: first.grade, missing: high}, more: {of: a, steps: {'>= 10': a, else: 0}, missing: 1}}\n"
        "levels: {shown: {labels: first.grade, of: first.grade, steps: {'>= high': first.grade, else: low}, missing: low}}\n",
        "utf-8",
    )
    engine = tc.load(tmp_path)
    names = ("best", "own", "more", "shown")
    record = {"shop": "s", "a": None, "b": None, "shops": [], "first": None}
    assert [engine.score("second", record, "2023-05-18")[name] for name in names] == ["high", "high", 1, "low"]
    record |= {"a": 12, "shops": [{"shop": "s", "grade": "low"}], "first": {"grade": "high"}}
    assert [engine.score("second", record, "2023-05-18")[name] for name in names] == ["low", "high", 12, "high"]
