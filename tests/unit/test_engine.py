"""The public interface: loading, digests, pickling, threads, decisions, statuses, reasons, shadow, dates, frames."""

import copy
import datetime as dt
import pickle
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import trustcommerce as tc
from tests.unit.stores import COLUMNS, DAY, NAME, STORE, frame


@pytest.fixture(scope="module")
def engine() -> tc.Engine:
    """The pack of the store experience score."""
    return tc.load(COLUMNS / NAME)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., tc.Engine]:
    """Loads a copy of the pack with a text of one of its files replaced."""

    def change(file: str, old: str, new: str) -> tc.Engine:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(COLUMNS / NAME, folder)
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), "utf-8")
        return tc.load(folder)

    return change


RULES = "rulesets/store_experience.yaml"


# -- loading


def test_load(engine: tc.Engine) -> None:
    """An engine knows its rule sets, each after those it reads, and has no warnings."""
    assert engine.rulesets == (NAME,)
    assert engine.warnings == ()
    assert repr(engine) == "Engine(store_experience 2026.11, 1 rule sets)"
    assert tc.load(str(COLUMNS / "operator_linkage")).rulesets == ("operator", "resource_linkage")


def test_load_of_what_is_wrong(tmp_path: Path) -> None:
    """`load` raises every error at once; `check` returns the same and raises nothing."""
    with pytest.raises(tc.PolicyError, match="no such folder") as caught:
        tc.load(tmp_path / "nothing")
    assert [str(each) for each in caught.value.diagnostics] == [str(each) for each in tc.check(tmp_path / "nothing")]
    folder = tmp_path / "pack"
    shutil.copytree(COLUMNS / NAME, folder)
    path = folder / RULES
    path.write_text(
        path.read_text("utf-8").replace("goods_quality", "good_quality").replace("weight: 60", "weight: 0"), "utf-8"
    )
    with pytest.raises(tc.PolicyError) as caught:
        tc.load(folder)
    assert {each.code.slug for each in caught.value.diagnostics} == {"unknown-name", "bad-weight"}
    assert "goods_quality" in str(caught.value)
    assert isinstance(caught.value, tc.TrustCommerceError)


def test_inputs(engine: tc.Engine) -> None:
    """`inputs` lists exactly what a record holds, with types, units and tables."""
    found = {each["name"]: each for each in engine.inputs(NAME)}
    assert set(found) == set(STORE)
    assert found["store_id"] == {
        "name": "store_id",
        "type": "text",
        "nullable": False,
        "unit": None,
        "from": "stores",
        "kind": "column",
        "key": True,
    }
    assert (found["refund_hours"]["unit"], found["refund_hours"]["nullable"]) == ("hours", True)
    linked = {each["name"]: each["from"] for each in tc.load(COLUMNS / "operator_linkage").inputs("resource_linkage")}
    assert linked["operator.goods"] == "operator"
    assert linked["operator_id"] == "operators"


def test_inputs_by_date() -> None:
    """A version may read other inputs than the next."""
    engine = tc.load(COLUMNS / "merchant_experience")
    early, late = ({each["name"] for each in engine.inputs("experience", day)} for day in ("2026-05-07", "2026-09-08"))
    assert "dimensions.product" in late - early
    assert "stars" in early
    assert engine.inputs("experience") == engine.inputs("experience", "2026-09-08")


# -- digests


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (RULES, "ruleset: store_experience", "# a comment\nruleset: store_experience"),
        (RULES, "title: {zh: 店铺体验分, en: Store experience score}", "title: Another"),
        (RULES, "about: 贴心服务. Illustrative weights.\n", ""),
        (RULES, "    unit: ratio\n    better: lower\n", "    better: lower\n    unit: ratio\n"),
        (RULES, "{when: freight_insurance, points: 2}", "{points: 2, when: freight_insurance}"),
        (RULES, "counterfeits > 0", "counterfeits  >  0"),
        ("pack.yaml", "FEW_ORDERS: {zh: 订单不足 30 单", "FEW_ORDERS: {zh: 太少"),
        ("references/store_weights.csv", "*,*,30,40,30\nfresh,*,40,40,20", "fresh,*,40,40,20\n*,*,30,40,30"),
        ("tests/store_experience.yaml", "an ordinary store", "a store"),
    ],
    ids=[
        "comment",
        "title",
        "about",
        "order of keys",
        "order in a mapping",
        "spaces",
        "text of a reason",
        "order of rows",
        "case",
    ],
)
def test_what_changes_no_meaning(
    engine: tc.Engine, changed: Callable[..., tc.Engine], file: str, old: str, new: str
) -> None:
    """Comments, titles, orders and texts leave the digest of meaning as it is; the source's changes with any byte."""
    other = changed(file, old, new)
    assert other.digests["meaning"] == engine.digests["meaning"]
    assert other.digests["source"] != engine.digests["source"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (RULES, "{weight: 60,", "{weight: 61,"),
        (RULES, "[0.02, 90]", "[0.02, 91]"),
        (RULES, "counterfeits > 0", "counterfeits > 1"),
        (RULES, "effective: {from: 2023-05-09}", "effective: {from: 2023-05-10}"),
        (RULES, "round: 0.01", "round: 0.1"),
        (RULES, '">= 90": excellent', '"> 90": excellent'),
        ("references/store_weights.csv", "*,*,30,40,30", "*,*,31,40,29"),
        ("pack.yaml", "chats: {type: integer, range: [0, 100000000]}", "chats: {type: integer, range: [0, 100000001]}"),
    ],
    ids=["weight", "knot", "condition", "effective", "round", "strictness", "cell of a file", "range of a column"],
)
def test_what_changes_the_meaning(
    engine: tc.Engine, changed: Callable[..., tc.Engine], file: str, old: str, new: str
) -> None:
    """Whatever may change a result changes the digest of meaning."""
    assert changed(file, old, new).digests["meaning"] != engine.digests["meaning"]


def test_decisions_carry_the_digests(engine: tc.Engine) -> None:
    """A decision says by which rules and from which bytes it was made."""
    decision = engine.score(NAME, STORE, DAY)
    assert {"meaning": decision.meaning, "source": decision.source} == engine.digests
    assert all(len(each) == 64 for each in engine.digests.values())


def test_digests_are_the_same_everywhere(engine: tc.Engine, tmp_path: Path) -> None:
    """Digests depend on the files' contents, not on the folder or on which load it was."""
    shutil.copytree(COLUMNS / NAME, tmp_path / "elsewhere")
    assert tc.load(tmp_path / "elsewhere").digests == engine.digests


# -- pickling and threads


def test_engines_can_be_pickled(engine: tc.Engine) -> None:
    """A pickled engine is the same engine, and so is a deep copy; a state and an error can be pickled too."""
    for other in (pickle.loads(pickle.dumps(engine)), copy.deepcopy(engine)):
        assert other.digests == engine.digests
        assert other.score(NAME, STORE, DAY).values == engine.score(NAME, STORE, DAY).values
    state = engine.score(NAME, STORE, DAY).state
    assert pickle.loads(pickle.dumps(state)) == state
    with pytest.raises(tc.DataError) as caught:
        engine.score(NAME, {**STORE, "chats": -1}, DAY)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (str(copied), copied.row, copied.value) == (str(caught.value), "s", -1)


def test_threads() -> None:
    """Eight threads that share a fresh engine, over days of both versions, decide as one does."""
    work = [(orders, f"2023-{month:02}-09") for orders in range(25, 65) for month in (5, 6, 7, 8, 9)]

    def judge(engine: tc.Engine, orders: int, day: str) -> dict[str, Any]:
        return engine.score(NAME, {**STORE, "paid_orders": orders}, day).values

    engine = tc.load(COLUMNS / NAME)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda each: judge(engine, *each), work))
    other = tc.load(COLUMNS / NAME)
    assert found == [judge(other, *each) for each in work]


def test_tables_from_threads(engine: tc.Engine) -> None:
    """Table runs share nothing: four at a time give what one gives."""
    table = frame()
    wanted = engine.score_table(NAME, table, DAY)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: engine.score_table(NAME, table, DAY, threads=1), range(8)):
            assert found.equals(wanted)


def test_a_record_is_not_changed(engine: tc.Engine) -> None:
    """Scoring leaves the caller's record alone."""
    record = dict(STORE)
    engine.score(NAME, record, DAY)
    assert record == STORE


# -- decisions


def test_fields_of_a_decision(engine: tc.Engine) -> None:
    """Everything computed is there by name and by block, as a table row has it."""
    decision = engine.score(NAME, STORE, DAY)
    assert (decision.pack, decision.version, decision.ruleset, decision.key) == (NAME, "2026.11", NAME, ("s",))
    assert (decision.as_of, decision.shadow) == (dt.date(2023, 6, 30), False)
    score = decision.scores[NAME]
    assert (score.name, score.value, score.points, score.status) == (NAME, 84.6, 846_000, "scored")
    assert decision.statuses == {NAME: "scored"}
    assert decision.metrics == {"late_shipment_rate": 0.03, "reply_3min_rate": 0.875, "dispute_rate": 0.001}
    assert decision.levels == {"store_level": "good"}
    assert decision.resources == {}
    assert decision["store_experience.logistics"] == 84.0
    assert decision["paid_orders"] == 1000
    assert decision.values == engine.score_table(NAME, frame(), DAY).to_pylist()[0]
    assert decision.state == tc.State(pack=NAME, ruleset=NAME, key=("s",), as_of=dt.date(2023, 6, 30))
    assert repr(decision) == "Decision(store_experience of s on 2023-06-30)"
    assert decision.header()["as_of"] == DAY
    with pytest.raises(tc.DataError, match=r"gives no `store_levels`\nhint: did you mean `store_level`\?"):
        decision["store_levels"]


@pytest.mark.parametrize(
    ("inputs", "status", "value", "reasons"),
    [
        ({}, "scored", 84.6, ["LATE_SHIPMENT_RATE", "GOODS", "DISPUTE_RATE"]),
        ({"paid_orders": 29}, "insufficient", None, ["FEW_ORDERS"]),
        ({"paid_orders": 29, "opened_on": dt.date(2023, 6, 29)}, "exempt", None, ["NEW_STORE"]),
        ({"counterfeits": 1}, "scored", 0.0, ["COUNTERFEIT", "LATE_SHIPMENT_RATE", "GOODS"]),
    ],
)
def test_statuses(
    engine: tc.Engine, inputs: dict[str, Any], status: str, value: float | None, reasons: list[str]
) -> None:
    """A score is given or says by status and reason why not."""
    decision = engine.score(NAME, {**STORE, **inputs}, DAY)
    assert (decision.statuses[NAME], decision.scores[NAME].value) == (status, value)
    assert (decision.scores[NAME].points is None) == (value is None)
    assert [each.code for each in decision.reasons()] == reasons
    assert (decision[f"{NAME}.reason_1"], decision[f"{NAME}.status"]) == (reasons[0], status)


def test_default_and_masked() -> None:
    """The two other statuses: a default is a value, a masked score is none."""
    engine = tc.load(COLUMNS / "merchant_experience")
    row = {
        each["name"]: {"text": "s", "boolean": False, "date": dt.date(2024, 1, 1)}.get(each["type"], 0)
        for each in engine.inputs("experience", "2026-07-01")
    }
    row |= {"industry": "other", "shop_kind": "normal", "products_on_sale": 1, "valid_orders": 29}
    default = engine.score("experience", row, "2026-07-01")
    assert (default.statuses, default.scores["experience"].value) == ({"experience": "default"}, 70.0)
    assert [(each.code, each.lost) for each in default.reasons()] == [("GROWTH", 30.0)]
    masked = engine.score(
        "experience",
        {**row, "valid_orders": 600, "reviews": 1, "stars": 5, "orders_due": 1, "masked": True},
        "2026-07-01",
    )
    assert (masked.statuses, masked.scores["experience"].value) == ({"experience": "masked"}, None)
    assert masked.contributions().root.points is None
    assert not masked.contributions().root.children


def test_texts_of_reasons(engine: tc.Engine) -> None:
    """Reasons carry points lost and a sentence: the pack's, else the title of the part; by language."""
    vetoed = engine.score(NAME, {**STORE, "counterfeits": 1, "goods_quality": 0}, DAY)
    zh, en = vetoed.reasons(NAME, "zh"), vetoed.reasons(NAME, "en")
    assert [(each.code, each.lost) for each in zh] == [
        ("COUNTERFEIT", 57.6),
        ("GOODS", 30.0),
        ("LATE_SHIPMENT_RATE", 4.8),
    ]
    assert [each.text for each in zh[:2]] == ["售假", "商品体验"]
    assert [each.text for each in en[:2]] == ["Counterfeit goods", "Goods"]
    assert [each.text for each in vetoed.reasons(NAME, "zh-CN")] == [each.text for each in zh]
    assert [each.text for each in vetoed.reasons(NAME, "fr")] == [each.text for each in en]
    few = engine.score(NAME, {**STORE, "paid_orders": 1}, DAY)
    assert [(each.code, each.lost, each.text) for each in few.reasons(lang="zh")] == [
        ("FEW_ORDERS", None, "订单不足 30 单")
    ]


def test_explain(engine: tc.Engine) -> None:
    """An explanation is text in two languages or JSON, of one score or of all."""
    decision = engine.score(NAME, STORE, DAY)
    assert decision.explain().startswith("Store experience score: 84.6 (scored)")
    assert decision.explain("zh", score=NAME).startswith("店铺体验分: 84.6 (已评分)")
    assert '"score": "store_experience"' in decision.explain(format="json")
    with pytest.raises(tc.DataError, match=r"has no score `x`\nhint: it has store_experience"):
        decision.explain(score="x")
    with pytest.raises(tc.DataError, match="no format `html`"):
        decision.explain(format="html")


# -- dates


def test_shadow(changed: Callable[..., tc.Engine]) -> None:
    """From `effective` to `enforced` a rule set is computed and marked as shadow."""
    engine = changed(
        RULES, "effective: {from: 2023-05-09}", "effective: {from: 2023-05-09, until: 2023-08-01, enforced: 2023-06-01}"
    )
    found = {
        day: engine.score(NAME, STORE, day).shadow for day in ("2023-05-09", "2023-05-31", "2023-06-01", "2023-07-31")
    }
    assert list(found.values()) == [True, True, False, False]
    assert engine.score(NAME, STORE, "2023-05-09").values == engine.score(NAME, STORE, "2023-07-31").values
    for day in ("2023-05-08", "2023-08-01"):
        with pytest.raises(tc.DataError, match="its dates are 2023-05-09 to 2023-08-01"):
            engine.score(NAME, STORE, day)


def test_dated_values(changed: Callable[..., tc.Engine]) -> None:
    """The value that began last holds, from its first day on, for records and tables."""
    engine = changed(
        RULES,
        "{when: freight_insurance, points: 2}",
        "{when: freight_insurance, points: {2023-07-01: 3, 2023-05-09: 2, 2023-07-15: 4.5}}",
    )
    record = {**STORE, "freight_insurance": True}
    for day, wanted in [
        ("2023-05-09", 86.6),
        ("2023-06-30", 86.6),
        ("2023-07-01", 87.6),
        ("2023-07-14", 87.6),
        ("2023-07-15", 89.1),
    ]:
        assert engine.score(NAME, record, day).scores[NAME].value == wanted
        assert engine.score(NAME, record, dt.date.fromisoformat(day)).scores[NAME].value == wanted
        assert engine.score_table(NAME, frame(freight_insurance=True), day).column(NAME).to_pylist() == [wanted]


# -- frames
