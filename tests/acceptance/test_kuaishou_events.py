"""The pack of the three wind vanes over the sample events: the stores that stand out, and four ways to the same bits."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import parquet

import trustcommerce as tc
from tests.acceptance.support import check_explanation
from tests.parity.compare import bits
from tests.parity.packs import PackRun

ROOT = Path(__file__).parent.parent.parent
PACK, SEEDS = ROOT / "policies/kuaishou", ROOT / "seeds/kuaishou"
DAY, BEFORE = dt.date(2023, 5, 18), dt.date(2023, 5, 8)
NEW = [f"s{number:04}" for number in range(3, 301, 25)]
CAUGHT = [f"s{number:04}" for number in range(7, 301, 30)]
RULESETS = [
    *(
        (name, DAY)
        for name in (
            "price_reference",
            "product",
            "store_experience",
            "reputation",
            "operator",
            "resource_linkage",
            "river_plan",
            "river_reward",
            "river_partners",
            "card_orders",
            "card_statement",
        )
    ),
    ("shopping_experience_2022", BEFORE),
]

Row = dict[str, Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[dt.date, PackRun]:
    """The pack run over the sample on the day of judgement, and on the last day of the older score."""
    out = tmp_path_factory.mktemp("kuaishou")
    return {day: PackRun(PACK, SEEDS, out / day.isoformat(), day) for day in (DAY, BEFORE)}


@pytest.fixture(scope="module")
def stores(runs: dict[dt.date, PackRun]) -> dict[str, Row]:
    """Results of the store experience score by store."""
    return {row["store_id"]: row for row in runs[DAY].results["store_experience"]}


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample as it stands in its files."""
    with duckdb.connect() as connection:
        for path in SEEDS.glob("*.csv"):
            connection.execute(f"create view {path.stem} as from read_csv('{path.as_posix()}', nullstr='')")
        yield connection


# -- special stores


def test_the_counterfeiter_has_no_points(runs: dict[dt.date, PackRun], stores: dict[str, Row]) -> None:
    """Two decided counterfeits take the whole score, and say why; the product and the operator bear it too."""
    store = stores["s0042"]
    assert (store["counterfeits"], store["store_experience"], store["store_level"]) == (2, 0, "poor")
    assert (store["store_experience.status"], store["store_experience.reason_1"]) == ("scored", "COUNTERFEIT")
    fakes = [row for row in runs[DAY].results["product"] if row["counterfeits"]]
    assert [(row["store_id"], row["product_score"], row["product_level"]) for row in fakes] == [("s0042", 0, "poor")]
    operator = next(row for row in runs[DAY].results["operator"] if row["operator_id"] == store["operator_id"])
    assert operator["counterfeit_found"] and operator["stores_vetoed"] == 1
    linked = next(row for row in runs[DAY].results["resource_linkage"] if row["operator_id"] == store["operator_id"])
    assert (linked["traffic_weight"], linked["subsidy_rate"], linked["benefits"]) == (0, 0, [])


def test_the_brusher_is_masked(runs: dict[dt.date, PackRun], stores: dict[str, Row]) -> None:
    """Its score and that of its operator are withheld."""
    store = stores["s0065"]
    assert store["abnormal_orders"] > store["paid_orders"] and store["brushing_suspected"]
    assert (store["store_experience"], store["store_experience.status"]) == (None, "masked")
    assert store["store_experience.reason_1"] == "BRUSHING"
    assert [row["store_id"] for row in stores.values() if row["store_experience.status"] == "masked"] == ["s0065"]
    operator = next(row for row in runs[DAY].results["operator"] if row["operator_id"] == store["operator_id"])
    assert (operator["operator_score"], operator["operator_score.status"]) == (None, "masked")


def test_a_granted_appeal_removes_the_counterfeit(runs: dict[dt.date, PackRun], stores: dict[str, Row]) -> None:
    """The violation stands in the table, the appeal is decided in time, and nothing is held against the store."""
    store = stores["s0088"]
    assert (store["counterfeits"], store["store_experience.status"]) == (0, "scored")
    assert store["store_experience"] > 80
    assert runs[DAY].report.rulesets["store_experience"]["facts"]["violations"]["excluded"]["appeal_granted"] >= 1


def test_before_the_appeal_was_decided_it_did_not_help(tmp_path: Path) -> None:
    """With what was known on 2023-05-07, the day of the decision, the counterfeit still takes every point."""
    engine, known = tc.load(PACK), dt.date(2023, 5, 7)
    record = engine.record("store_experience", "s0088", SEEDS, DAY, known_as_of=known)
    decision = engine.score("store_experience", record, DAY, known_as_of=known)
    assert (decision["counterfeits"], decision["store_experience"]) == (1, 0)
    report = engine.run(SEEDS, tmp_path / "out", DAY, known_as_of=known, only=["store_experience"])
    rows = parquet.read_table(tmp_path / "out" / report.rulesets["store_experience"]["file"]).to_pylist()
    assert {row["store_id"] for row in rows if row["counterfeits"]} == {"s0042", "s0088"}


def test_a_carriers_bad_week_is_excused(runs: dict[dt.date, PackRun], stores: dict[str, Row]) -> None:
    """The stores that the incident hit would be late, and are not; nobody else gains."""
    gains = {
        name: row["late_shipment_rate.unexcluded"] - row["late_shipment_rate"]
        for name, row in stores.items()
        if row["late_shipment_rate"] is not None and row["late_shipment_rate.unexcluded"] is not None
    }
    caught = [name for name in CAUGHT if name in gains]
    assert len(caught) >= 8
    assert all(gains[name] > 0.05 for name in caught)
    assert sorted(gains, key=lambda name: -gains[name])[: len(caught)] == sorted(caught, key=lambda name: -gains[name])
    facts = runs[DAY].report.rulesets["store_experience"]["facts"]
    assert facts["orders"]["excluded"]["carrier_incident"] > 100
    assert facts["shipments"]["excluded"]["carrier_incident"] > 0


def test_new_stores_are_exempt(stores: dict[str, Row]) -> None:
    """Open for less than 30 days and with fewer than 30 orders: exempt; with more they are judged."""
    for name in NEW:
        status = stores[name]["store_experience.status"]
        assert status == ("exempt" if stores[name]["paid_orders"] < 30 else "scored"), name
    exempt = sorted(name for name, row in stores.items() if row["store_experience.status"] == "exempt")
    assert exempt == [name for name in NEW if stores[name]["paid_orders"] < 30]
    assert len(exempt) == 9


def test_a_handful_of_orders_is_no_score(stores: dict[str, Row]) -> None:
    """The stores with three orders are insufficient, unless they are new."""
    for name in ("s0011", "s0071", "s0131", "s0191", "s0251"):
        assert stores[name]["paid_orders"] <= 3
        assert stores[name]["store_experience.status"] == "insufficient"
        assert stores[name]["store_experience.reason_1"] == "FEW_ORDERS"


def test_promoters_of_counterfeits_stay_below_the_ceiling(runs: dict[dt.date, PackRun]) -> None:
    """Both creators have at most 40 points."""
    creators = {row["creator_id"]: row for row in runs[DAY].results["reputation"]}
    promoters = {name for name, row in creators.items() if row["counterfeits_promoted"]}
    assert promoters == {"c0057", "c0233"}
    assert all((creators[name]["reputation_score"] or 0) <= 40 for name in promoters)


def test_results_spread_over_all_levels(runs: dict[dt.date, PackRun]) -> None:
    """Every label of every level is somebody's."""
    run = runs[DAY]
    for name, level in (
        ("product", "product_level"),
        ("store_experience", "store_level"),
        ("reputation", "reputation_level"),
        ("operator", "operator_level"),
    ):
        _, version = run.plan(name)
        labels = next(each.type.labels for each in version.outputs if each.name == level)
        found = Counter(row[level] for row in run.results[name])
        assert set(found) == set(labels), name
        assert min(found.values()) >= 5, (name, found)
    assert Counter(row["traffic_weight"] > 1 for row in run.results["resource_linkage"])[True] >= 20


def test_nothing_is_of_unknown_subjects(runs: dict[dt.date, PackRun]) -> None:
    """Every event that is measured belongs to a subject there is."""
    for run in runs.values():
        for name, done in run.report.rulesets.items():
            assert all(fact["unknown_subject"] == 0 for fact in done["facts"].values()), name


# -- metrics against SQL of one's own

_ABNORMAL = "not gift and not abnormal"
_LAST = "{0} >= timestamp '2023-04-18' and {0} < timestamp '2023-05-18'"
_EXCUSED = (
    "exists (select 1 from incidents i join shipments w on w.carrier = i.carrier where w.order_id = o.order_id "
    "and i.region = o.ship_region and o.paid_at >= i.starts_at and o.paid_at < i.ends_at and i.metric in ('{}', '*') "
    "and w.collected_at < timestamp '2023-05-18')"
)
_DUE = f"orders o where {_ABNORMAL} and {_LAST.format('due_at')} and not {_EXCUSED.format('late_shipment_rate')}"
_SIGNED = f"orders o where {_ABNORMAL} and {_LAST.format('signed_at')} and not {_EXCUSED.format('quality_return_rate')}"
_FIRST = (
    "exists (select 1 from (select order_id, arg_min(reason_group, (opened_at, aftersale_id)) reason from aftersales "
    "where opened_at < timestamp '2023-05-18' group by 1) a where a.order_id = o.order_id and reason = 'quality')"
)
_CHATS = f"chats where {_LAST.format('asked_at')} and hour(asked_at) between 8 and 22"
BY_HAND = {
    "paid_orders": f"count(*) from orders where {_ABNORMAL} and {_LAST.format('paid_at')}",
    "abnormal_orders": f"count(*) from orders where not gift and abnormal and {_LAST.format('paid_at')}",
    "gmv": f"sum(paid)::decimal(18, 2) from orders where {_ABNORMAL} and {_LAST.format('paid_at')}",
    "late_shipment_rate.to": f"count(*) from {_DUE}",
    "late_shipment_rate.of": f"count(*) from {_DUE} and (shipped_at is null or shipped_at > due_at)",
    "quality_return_rate.to": f"count(*) from {_SIGNED}",
    "quality_return_rate.of": f"count(*) from {_SIGNED} and {_FIRST}",
    "bad_review_rate.of": (
        "count(*) from (select r.store_id from reviews r join orders using (order_id) "
        f"where not abnormal and stars <= 2 and {_LAST.format('rated_at')})"
    ),
    "delivery_hours.sum": (
        "sum(epoch_us(delivered_at) - epoch_us(collected_at)) from (select w.* from shipments w join orders o "
        f"using (order_id) where {_ABNORMAL} and {_LAST.format('w.delivered_at')} and not exists (select 1 from "
        "incidents i where i.metric = '*' and i.carrier = w.carrier and i.region = o.ship_region "
        "and o.paid_at >= i.starts_at and o.paid_at < i.ends_at))"
    ),
    "reply_3min_rate.to": f"count(*) from {_CHATS}",
    "reply_3min_rate.of": (
        f"count(*) from {_CHATS} and replied_at < timestamp '2023-05-18' and replied_at - asked_at <= interval 3 minutes"
    ),
    "refund_hours.sum": (
        f"sum(epoch_us(closed_at) - epoch_us(opened_at)) from aftersales where {_LAST.format('closed_at')}"
    ),
    "dispute_rate.of": f"count(*) from disputes where fault = 'store' and {_LAST.format('decided_at')}",
}


@pytest.mark.parametrize("metric", BY_HAND)
def test_metrics_by_hand(stores: dict[str, Row], db: duckdb.DuckDBPyConnection, metric: str) -> None:
    """Each number of every store is what a plain query over the files counts."""
    counted = dict(db.execute(f"select store_id, {BY_HAND[metric]} group by store_id").fetchall())
    assert len(counted) > 10
    assert {name: row[metric] for name, row in stores.items() if row[metric]} == {k: v for k, v in counted.items() if v}


# -- four ways to the same bits


@pytest.mark.parametrize(("name", "day"), RULESETS)
def test_reference_records_and_run_agree(runs: dict[dt.date, PackRun], name: str, day: dt.date) -> None:
    """Every output of every subject: by the run, the reference, a record of its events, a record of its numbers."""
    run = runs[day]
    written = run.by_run(name)
    assert len(written) > 100
    assert list(written) == sorted(written)
    assert run.by_reference(name) == written
    assert run.by_numbers(name) == written
    assert run.by_events(name) == written


def test_every_rule_set_is_among_them(runs: dict[dt.date, PackRun]) -> None:
    """No rule set of the pack is left out."""
    assert {name for name, _ in RULESETS} == set(runs[DAY].engine.plan.rulesets)


@pytest.mark.parametrize(("name", "day"), RULESETS)
def test_records_out_of_the_folder(runs: dict[dt.date, PackRun], name: str, day: dt.date) -> None:
    """`Engine.record` gathers what the run saw: its decision is the row of the run, and its explanation adds up."""
    run = runs[day]
    plan, version = run.plan(name)
    rows = run.results[name]
    for row in rows[:: len(rows) // 2]:
        record = run.engine.record(name, ",".join(str(row[key]) for key in plan.key), SEEDS, day)
        decision = run.engine.score(name, record, day)
        assert {each: bits(value) for each, value in decision.values.items()} == {
            each.name: bits(row[each.name]) for each in version.outputs
        }
        check_explanation(decision)
