"""Pools of a rule set: periods that carry, budgets, reports, records, explanations."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import trustcommerce as tc

DAY = dt.date(2023, 5, 18)
PACK = """pack: campaign
currency: CNY
tables:
  shops:
    key: k
    columns:
      k: text
      tier: text
      sales: {type: CNY, range: [0, 1000000]}
      most: {type: integer, range: [0, 1000]}
      young: boolean
"""
RULES = """ruleset: traffic
title: {zh: 流量, en: Traffic}
subject: {name: shop, table: shops, key: k}
pools:
  river:
    title: {zh: 川流, en: River}
    amount: 100
    unit: impressions
    within: tier
    among: sales > 0
    method: proportional
    weight: sales
    at_most: most
    reserve: {fresh: {title: {zh: 新店, en: New shops}, among: young, amount: 10}}
    left_over: carry
    budget: 250
resources:
  shown: {hit: first, rules: [{when: river > 0, then: true}, {else: false}]}
  large: {hit: first, rules: [{when: sales > 1000, then: true}, {else: false}]}
"""
SHOPS = [
    {"k": "a", "tier": "x", "sales": 50, "most": 20, "young": False},
    {"k": "b", "tier": "x", "sales": 30, "most": 30, "young": True},
    {"k": "c", "tier": "x", "sales": 0, "most": 30, "young": True},
    {"k": "d", "tier": "y", "sales": 70, "most": 900, "young": False},
]
RECORD = {"k": "a", "tier": "x", "sales": 50, "most": 20, "young": False}


def load(folder: Path, rules: str = RULES) -> tc.Engine:
    (folder / "rulesets").mkdir(parents=True, exist_ok=True)
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "rulesets/traffic.yaml").write_text(rules, "utf-8")
    return tc.load(folder)


@pytest.fixture
def engine(tmp_path: Path) -> tc.Engine:
    return load(tmp_path / "pack")


def facts(**changes: Any) -> dict[str, Any]:
    return {"shops": pa.Table.from_pylist([{**row, **changes} for row in SHOPS])}


def pool(report: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = report.rulesets["traffic"]["pools"]["river"]
    return found


def test_what_is_left_joins_the_next_period(engine: tc.Engine, tmp_path: Path) -> None:
    """By partition, and never more than what is left of the budget."""
    first = engine.run(facts(), tmp_path / "1", DAY)
    assert pool(first) == [
        {
            "within": {"tier": "x"},
            "unit": "impressions",
            "participants": 2,
            "amount": 100,
            "carried": 0,
            "granted": 50,
            "left_over": 50,
            "reserves": {"fresh": 10},
            "spent": 50,
        },
        {
            "within": {"tier": "y"},
            "unit": "impressions",
            "participants": 1,
            "amount": 100,
            "carried": 0,
            "granted": 100,
            "left_over": 0,
            "reserves": {"fresh": 0},
            "spent": 100,
        },
    ]
    assert json.loads((tmp_path / "1/run.json").read_text("utf-8"))["rulesets"]["traffic"]["pools"]["river"] == pool(
        first
    )
    second = engine.run(facts(most=900), tmp_path / "2", "2023-05-25", previous=tmp_path / "1")
    assert [(each["carried"], each["amount"], each["granted"], each["spent"]) for each in pool(second)] == [
        (50, 150, 150, 200),
        (0, 100, 100, 200),
    ]
    third = engine.run(facts(most=900), tmp_path / "3", "2023-06-01", previous=str(tmp_path / "2"))
    assert [(each["carried"], each["amount"], each["spent"]) for each in pool(third)] == [(0, 50, 250), (0, 50, 250)]
    anew = engine.run(facts(most=900), tmp_path / "4", "2023-06-01")
    assert [(each["carried"], each["amount"]) for each in pool(anew)] == [(0, 100), (0, 100)]


def test_a_run_that_is_none_of_the_period_before(engine: tc.Engine, tmp_path: Path) -> None:
    """Named before anything is computed."""
    engine.run(facts(), tmp_path / "1", DAY)

    def refused(previous: Path, day: str, says: str) -> None:
        with pytest.raises(tc.DataError, match=says):
            engine.run(facts(), tmp_path / "out", day, previous=previous)
        assert not (tmp_path / "out").exists()

    refused(tmp_path / "1", "2023-05-18", "`previous` is a run of 2023-05-18, not of a day before 2023-05-18")
    refused(tmp_path / "none", "2023-05-25", "run.json: No such file")
    report = json.loads((tmp_path / "1/run.json").read_text("utf-8"))
    for change, says in (
        ({"pack": "other"}, "a run of pack `other`, not of `campaign`"),
        ({"rulesets": 5}, "is no report of a run"),
    ):
        (tmp_path / "1/run.json").write_text(json.dumps({**report, **change}), "utf-8")
        refused(tmp_path / "1", "2023-05-25", says)
    for entry, says in (
        ({"left_over": 1, "spent": 2}, "was shared within all subjects before, and is shared within tier now"),
        (
            {"within": {"tier": "x"}, "unit": "CNY", "left_over": 1, "spent": 2},
            "was in CNY before, and is in impressions now",
        ),
        (
            {"within": {"tier": "x"}, "unit": "impressions", "carried": 0, "left_over": -5, "spent": 2},
            "`left_over` is -5, and whole units from 0",
        ),
        (
            {"within": {"tier": "x"}, "unit": "impressions", "carried": 0, "left_over": "many", "spent": 2},
            "`left_over` is 'many', and whole units from 0",
        ),
        ({"within": {"tier": 7}, "unit": "impressions", "left_over": 1, "spent": 2}, "pool `river` of the earlier run"),
        ("gone", "is no list of lines"),
    ):
        report["rulesets"]["traffic"]["pools"]["river"] = [entry]
        (tmp_path / "1/run.json").write_text(json.dumps(report), "utf-8")
        refused(tmp_path / "1", "2023-05-25", says)


def test_a_record_has_a_claim(engine: tc.Engine) -> None:
    """What rests on no grant is decided; what does is absent, and the error says why."""
    decision = engine.score("traffic", RECORD, DAY)
    assert decision["river.weight"] == 50
    assert decision["river.amount"] == 100
    assert decision.resources == {"large": False}
    with pytest.raises(tc.DataError, match="gives no `river`") as error:
        decision["river"]
    assert "depends on all who share it" in str(error.value)


def test_a_record_with_its_grant(engine: tc.Engine, tmp_path: Path) -> None:
    """A row that a run wrote is a record, with all that rests on what it got."""
    engine.run(facts(), tmp_path / "out", DAY)
    decision = engine.decide("traffic", "a", DAY, out=tmp_path / "out")
    assert decision["river"] == 20
    assert decision.resources == {"shown": True, "large": False}
    assert "River: 20 (weight 50.00, at most 20, of 100)" in decision.explain()
    assert "川流：20（权重 50.00，至多 20，总量 100）" in decision.explain("zh")
    (data,) = json.loads(decision.explain(format="json"))["pools"]
    assert data["granted"] == 20
    assert [(each["reserve"], each["granted"]) for each in data["reserves"]] == [("fresh", 0), ("rest", 20)]
    young = engine.decide("traffic", "b", DAY, out=tmp_path / "out")
    assert "River: 30 (weight 30.00, at most 30, of 100, 10 from New shops)" in young.explain()
    assert "川流：30（权重 30.00，至多 30，总量 100，其中 10 来自新店）" in young.explain("zh")


def test_lines_of_claims(engine: tc.Engine) -> None:
    """Without a grant it is said why; whoever takes no part is told so."""
    assert (
        "River: what it gets depends on all who take part (weight 50" in engine.score("traffic", RECORD, DAY).explain()
    )
    none = engine.score("traffic", {**RECORD, "sales": 0}, DAY)
    assert "River: takes no part" in none.explain()
    assert "川流：不参与" in none.explain("zh")


def test_inputs_name_what_was_granted(engine: tc.Engine) -> None:
    names = {each["name"]: each["kind"] for each in engine.inputs("traffic")}
    assert {"river.fresh", "river.rest"} <= names.keys()


def test_a_result_is_a_table(engine: tc.Engine) -> None:
    """What was granted stands in the columns, and is not shared anew."""
    result = engine.score_table("traffic", facts()["shops"], DAY)
    half = result.filter(pa.array([True, False, False, True]))
    again = engine.score_table("traffic", half, DAY)
    assert again.column("river").to_pylist() == [20, 100]


def test_a_pool_out_of_force_gives_nothing(tmp_path: Path) -> None:
    rules = RULES.replace("    amount: 100\n", "    amount: 100\n    effective: {from: 2023-06-01}\n")
    engine = load(tmp_path / "pack", rules)
    result = engine.score_table("traffic", facts()["shops"], DAY)
    assert result.column("river").to_pylist() == [0, 0, 0, 0]
    later = engine.score_table("traffic", facts()["shops"], "2023-06-01")
    assert later.column("river").to_pylist() == [20, 30, 0, 100]


def test_one_unit_one_pool(tmp_path: Path) -> None:
    """A pool that comes after another reads what that one gave, in whatever order they stand."""
    rules = RULES[: RULES.index("resources:")].replace(
        "pools:\n", "pools:\n  rest: {amount: 9, among: river = 0, method: max_min, at_most: 5}\n"
    )
    result = load(tmp_path / "pack", rules).score_table("traffic", facts()["shops"], DAY)
    assert result.column("rest").to_pylist() == [0, 0, 5, 0]


def test_two_pools_that_read_each_other(tmp_path: Path) -> None:
    rules = RULES[: RULES.index("resources:")].replace("among: sales > 0", "among: rest = 0")
    rules = rules.replace("pools:\n", "pools:\n  rest: {amount: 9, among: river = 0, method: max_min, at_most: 5}\n")
    with pytest.raises(tc.PolicyError, match="reaches itself: "):
        load(tmp_path / "pack", rules)


def test_partitions_that_nobody_is_in(engine: tc.Engine, tmp_path: Path) -> None:
    """They keep what they had, however many periods go by; so do pools of rule sets that do not run."""
    engine.run(facts(), tmp_path / "1", DAY)
    only = {"shops": facts()["shops"].filter(pa.array([False, False, False, True]))}
    second = engine.run(only, tmp_path / "2", "2023-05-19", previous=tmp_path / "1")
    assert [(each["within"]["tier"], each["carried"], each["left_over"], each["spent"]) for each in pool(second)] == [
        ("y", 0, 0, 200),
        ("x", 50, 50, 50),
    ]
    other = load(tmp_path / "pack", RULES.replace("subject:", "effective: {until: 2023-05-20}\nsubject:"))
    third = other.run(only, tmp_path / "3", "2023-05-21", previous=tmp_path / "2")
    assert third.rulesets == {}
    assert third.waiting["traffic"]["river"] == pool(second)
    fourth = engine.run(facts(most=900), tmp_path / "4", "2023-05-22", previous=tmp_path / "3")
    assert [(each["carried"], each["amount"], each["spent"]) for each in pool(fourth)] == [(50, 150, 200), (0, 50, 250)]
    row = engine.decide("traffic", "a", "2023-05-22", out=tmp_path / "4")
    assert (row["river.carried"], row["river.amount"]) == (50, 150)
    assert "of 150, 50 of it left by" in row.explain()


def test_what_falls_short_of_the_least(tmp_path: Path) -> None:
    """For each subject beside its own most, and where a reserve took what others were promised."""
    pools = {
        "cut": "{amount: 14, at_least: 4, at_most: \"case when k = 'a' then 2 else 100 end\", method: max_min}",
        "held": "{amount: 10, at_least: 2, at_most: 100, method: max_min, reserve: {a: {among: k = 'c', amount: 8}}}",
    }
    rules = RULES[: RULES.index("pools:")] + "pools:\n" + "".join(f"  {name}: {said}\n" for name, said in pools.items())
    report = load(tmp_path / "pack", rules).run(facts(), tmp_path / "out", DAY)
    found = report.rulesets["traffic"]["pools"]
    assert [(each[0]["granted"], each[0]["short_of_least"]) for each in found.values()] == [(14, 0), (10, 4)]


def test_a_claim_that_rests_on_a_grant(tmp_path: Path) -> None:
    """It is told as far as it is known."""
    rules = RULES[: RULES.index("resources:")] + "  rest: {amount: 9, among: river = 0, method: max_min, at_most: 5}\n"
    text = load(tmp_path / "pack", rules).score("traffic", RECORD, DAY).explain()
    assert "rest: what it gets depends on all who take part (of 9)" in text


def test_no_subjects(engine: tc.Engine, tmp_path: Path) -> None:
    empty = {"shops": pa.Table.from_pylist(SHOPS).slice(0, 0)}
    assert pool(engine.run(empty, tmp_path / "out", DAY)) == []


def test_a_run_into_the_one_before(engine: tc.Engine, tmp_path: Path) -> None:
    """It would take the place of what a second try needs."""
    engine.run(facts(), tmp_path / "1", DAY)
    with pytest.raises(tc.DataError, match="take the place of the run before"):
        engine.run(facts(), tmp_path / "1", "2023-05-19", previous=tmp_path / "1")


def test_two_lines_of_one_partition(engine: tc.Engine, tmp_path: Path) -> None:
    engine.run(facts(), tmp_path / "1", DAY)
    report = json.loads((tmp_path / "1/run.json").read_text("utf-8"))
    report["rulesets"]["traffic"]["pools"]["river"] *= 2
    (tmp_path / "1/run.json").write_text(json.dumps(report), "utf-8")
    with pytest.raises(tc.DataError, match="has two lines of pool `river` for x"):
        engine.run(facts(), tmp_path / "2", "2023-05-19", previous=tmp_path / "1")


def test_days_on_which_a_pool_is_not_in_force_keep_what_it_has(tmp_path: Path) -> None:
    rules = RULES.replace("    amount: 100\n", "    amount: 100\n    effective: {until: 2023-05-19}\n")
    engine = load(tmp_path / "pack", rules)
    first = engine.run(facts(), tmp_path / "1", DAY)
    second = engine.run(facts(), tmp_path / "2", "2023-05-19", previous=tmp_path / "1")
    assert second.rulesets["traffic"]["pools"] == {}
    assert second.waiting["traffic"]["river"] == pool(first)


def test_a_day_without_subjects_keeps_what_a_pool_has(tmp_path: Path) -> None:
    engine = load(tmp_path / "pack", RULES.replace("    within: tier\n", ""))
    first = engine.run(facts(), tmp_path / "1", DAY)
    assert pool(first)[0]["left_over"] == 0
    first = engine.run(facts(most=3), tmp_path / "2", DAY)
    left = pool(first)[0]["left_over"]
    assert left == 91
    empty = {"shops": pa.Table.from_pylist(SHOPS).slice(0, 0)}
    second = engine.run(empty, tmp_path / "3", "2023-05-19", previous=tmp_path / "2")
    assert [(each["carried"], each["left_over"], each["spent"]) for each in pool(second)] == [(left, left, 9)]


def test_what_lapsed_is_not_carried_later(tmp_path: Path) -> None:
    lapsing = load(tmp_path / "pack", RULES.replace("    left_over: carry\n", ""))
    lapsing.run(facts(), tmp_path / "1", DAY)
    carrying = load(tmp_path / "pack2")
    second = carrying.run(facts(), tmp_path / "2", "2023-05-19", previous=tmp_path / "1")
    assert [(each["carried"], each["spent"]) for each in pool(second)] == [(0, 100), (0, 200)]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("within: tier", "within: 1", "`1` is the same for all"),
        ("within: tier", "within: [tier, tier]", "`tier` stands twice"),
        ("reserve: {fresh:", "reserve: {Rest:", "`Rest` names something of every pool"),
        (
            "resources:\n",
            "resources:\n  River: {hit: first, rules: [{else: 1}]}\n",
            "`river` and `River` differ in case only",
        ),
        (
            "resources:\n",
            "resources:\n  Tier: {hit: first, rules: [{else: 1}]}\n",
            "`Tier` and `tier` differ in case only",
        ),
    ],
)
def test_names_and_partitions_that_can_not_be(tmp_path: Path, before: str, after: str, says: str) -> None:
    with pytest.raises(tc.PolicyError, match=says):
        load(tmp_path / "pack", RULES.replace(before, after, 1))


def test_large_least(tmp_path: Path) -> None:
    """Of an amount below the sum of large numbers each gets its part."""
    rules = RULES[: RULES.index("pools:")] + (
        "pools:\n  wide: {amount: 999999999999999, method: max_min, at_most: '1000000000000000',"
        " at_least: '999999999999000 + most'}\n"
    )
    result = load(tmp_path / "pack", rules).score_table("traffic", facts()["shops"], DAY)
    assert sum(result["wide"].to_pylist()) == 999_999_999_999_999
