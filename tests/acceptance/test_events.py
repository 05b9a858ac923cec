"""From events to decisions on the command line: explanations down to rows, snapshots, what a run counts."""

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

import trustcommerce as tc
from tests.acceptance.commands import ROOT, Run, names

DAY = "2023-05-18"
PACK = """pack: shop_pack
time_zone: Europe/Berlin
currency: EUR
tables:
  shops: {key: shop, columns: {shop: text, kind: text}}
  orders:
    key: id
    columns: {id: integer, shop: text, paid: EUR, paid_at: timestamp, due_at: timestamp, shipped_at: timestamp?, test: boolean}
  outages: {key: day, columns: {day: date}}
"""
RULES = """ruleset: shipping
title: {en: Shipping, zh: 发货}
subject: {name: shop, table: shops, key: shop}
facts:
  orders:
    title: {en: Orders, zh: 订单}
    table: orders
    key: shop
    id: id
    time: paid_at
    show: [due_at, shipped_at]
    where: not test
    exclude:
      outage: {title: {en: Outage, zh: 故障}, table: outages, when: "due_at >= outage.day and due_at < outage.day + interval '1 day'"}
metrics:
  late_rate:
    title: {en: Late shipments, zh: 发货超时率}
    unit: ratio
    ratio:
      of: {count: orders, where: "coalesce(shipped_at, as_of) > due_at", window: 30 days, by: due_at}
      to: {count: orders, window: 30 days, by: due_at}
    sample: {at_least: 2, else: missing}
  sales: {title: {en: Sales, zh: 销售额}, sum: paid, from: orders, window: 30 days, unit: EUR}
  usual: {quantile: late_rate, at: 1/2, within: kind, unit: ratio}
  place: {rank: late_rate, order: descending, within: kind, as: percent, unit: ratio}
scores:
  shipping:
    title: {en: Shipping, zh: 发货}
    of: late_rate
    curve: [[0, 100], [0.5, 0]]
    missing: insufficient
"""
ORDERS = """id,shop,paid,paid_at,due_at,shipped_at,test
1,a,10.00,2023-05-01 10:00:00,2023-05-03 10:00:00,2023-05-02 10:00:00,false
2,a,20.00,2023-05-02 10:00:00,2023-05-04 10:00:00,2023-05-05 10:00:00,false
3,a,30.00,2023-05-08 10:00:00,2023-05-10 10:00:00,,false
4,a,40.00,2023-05-09 10:00:00,2023-05-10 12:00:00,2023-05-10 11:00:00,true
5,b,50.00,2023-05-01 10:00:00,2023-05-06 10:00:00,2023-05-04 10:00:00,false
6,b,60.00,2023-05-02 10:00:00,2023-05-04 10:00:00,2023-05-03 10:00:00,false
7,nobody,70.00,2023-05-02 10:00:00,2023-05-04 10:00:00,2023-05-03 10:00:00,false
8,a,80.00,2023-05-18 00:00:00,2023-05-19 10:00:00,,false
9,b,90.00,2023-03-26 02:30:00,2023-05-03 10:00:00,2023-04-03 10:00:00,false
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A pack in `pack` and its facts in `facts`."""
    (tmp_path / "pack/rulesets").mkdir(parents=True)
    (tmp_path / "facts").mkdir()
    (tmp_path / "pack/pack.yaml").write_text(PACK, "utf-8")
    (tmp_path / "pack/rulesets/shipping.yaml").write_text(RULES, "utf-8")
    (tmp_path / "facts/shops.csv").write_text("shop,kind\na,x\nb,x\nc,x\n", "utf-8")
    (tmp_path / "facts/orders.csv").write_text(ORDERS, "utf-8-sig")
    (tmp_path / "facts/outages.csv").write_text("day\n2023-05-04\n", "utf-8")
    return tmp_path


def test_run_json_counts_what_was_read_and_left_out(cli: Run, shop: Path) -> None:
    """Rows read, rows that counted, excluded by reason, of no subject; the future is unseen, odd times are told."""
    cli("run", shop / "pack", "--facts", shop / "facts", "--out", shop / "out", "--as-of", DAY)
    report = json.loads((shop / "out/run.json").read_text("utf-8"))
    assert report["tables"]["orders"] == {"rows": 9, "ambiguous times": 1}  # 02:30 does not exist on that day
    done = report["rulesets"]["shipping"]
    assert (done["subjects"], done["rows"], done["not_judged"]) == (3, 3, 0)
    # 8 is bought on the day itself, 4 is a test; 2, 6 and 7 are due in the outage
    assert done["facts"] == {"orders": {"rows": 7, "excluded": {"outage": 3}, "unknown_subject": 1}}
    rows = {row["shop"]: row for row in parquet.read_table(shop / "out/shipping.parquet").to_pylist()}
    assert (rows["a"]["late_rate.of"], rows["a"]["late_rate.to"], rows["a"]["shipping"]) == (1, 2, 0.0)
    assert (rows["b"]["late_rate.of"], rows["b"]["late_rate.to"], str(rows["b"]["sales"])) == (0, 2, "50.00")
    assert (rows["c"]["late_rate"], rows["c"]["shipping.status"], str(rows["c"]["sales"])) == (
        None,
        "insufficient",
        "0.00",
    )


def test_all_that_is_wrong_with_a_folder_is_told_at_once(cli: Run, shop: Path) -> None:
    """Tables that no file holds and files that lack a column: one error each, before anything is computed."""
    (shop / "facts/outages.csv").unlink()
    (shop / "facts/orders.csv").write_text(ORDERS.replace("paid_at", "paid_on", 1), "utf-8")
    (shop / "facts/shops.csv").write_text("shop\na\n", "utf-8")
    folder = (shop / "facts").as_posix()
    said = cli("run", shop / "pack", "--facts", shop / "facts", "--out", shop / "out", "--as-of", DAY, code=1)
    assert sorted(said.strip().split("\n\n")) == [
        f"error: {folder} holds no file for table `outages`\n"
        "hint: outages with one of .csv, .parquet, .jsonl, .duckdb, .sqlite, .db is expected",
        "error: column `kind`: shops.csv has no column `kind`\nhint: it has shop",
        "error: column `paid_at`: orders.csv has no column `paid_at`\nhint: did you mean `paid`?",
    ]
    assert not (shop / "out").exists()
    with pytest.raises(tc.DataError) as caught:
        tc.load(shop / "pack").decide("shipping", "a", DAY, facts=shop / "facts")
    assert len(caught.value.also) == 2
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_an_explanation_leads_to_the_rows(cli: Run, shop: Path) -> None:
    """Row counts at each condition, the rows that count with what is to be shown, the excluded with their reason."""
    said = cli("explain", shop / "pack", "shipping", "a", "--facts", shop / "facts", "--as-of", DAY)
    assert said[said.index("Facts\n") :] == (
        "Facts\n"
        "  Orders: 4 rows -> 3 not test\n"
        "    excluded: 1 Outage\n"
        "        2  due_at 2023-05-04 10:00:00, shipped_at 2023-05-05 10:00:00\n"
        "    Late shipments (late_rate.of): 1 row\n"
        "      3 -> 2 not outage -> 1 coalesce(shipped_at, as_of) > due_at -> 1 30 days\n"
        "        by due_at\n"
        "        3  due_at 2023-05-10 10:00:00, shipped_at -\n"
        "    Late shipments (late_rate.to): 2 rows\n"
        "      3 -> 2 not outage -> 2 30 days by due_at\n"
        "        1  due_at 2023-05-03 10:00:00, shipped_at 2023-05-02 10:00:00\n"
        "        3  due_at 2023-05-10 10:00:00, shipped_at -\n"
        "    Sales (sales.sum): 40.00 from 2 rows\n"
        "      3 -> 2 not outage -> 2 30 days by paid_at\n"
        "        1  due_at 2023-05-03 10:00:00, shipped_at 2023-05-02 10:00:00\n"
        "        3  due_at 2023-05-10 10:00:00, shipped_at -\n"
    )
    chinese = cli("explain", shop / "pack", "shipping", "a", "--facts", shop / "facts", "--as-of", DAY, "--lang", "zh")
    assert "数据依据\n  订单: 4 行 -> 3 not test\n    剔除: 1 故障\n" in chinese
    data = json.loads(
        cli("explain", shop / "pack", "shipping", "a", "--facts", shop / "facts", "--as-of", DAY, "--format", "json")
    )
    assert data["facts"][0]["excluded"][0]["rows"] == [
        {"id": 2, "due_at": "2023-05-04T10:00:00", "shipped_at": "2023-05-05T10:00:00"}
    ]


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_an_explanation_from_an_earlier_run(cli: Run, shop: Path, form: str) -> None:
    """The results of a run hold all that the explanation of the score needs, in every format."""
    cli("run", shop / "pack", "--facts", shop / "facts", "--out", shop / "out", "--as-of", DAY, "--output", form)
    for key in "abc":
        first = cli("explain", shop / "pack", "shipping", key, "--facts", shop / "facts", "--as-of", DAY)
        later = cli("explain", shop / "pack", "shipping", key, "--out", shop / "out", "--as-of", DAY)
        assert "Usual" in later or "usual" in later
        assert first.startswith(later.rstrip())
    said = cli("explain", shop / "pack", "shipping", "z", "--out", shop / "out", "--as-of", DAY, code=1)
    assert "no row with the key z" in said


def test_an_explanation_from_a_run_of_something_else(cli: Run, shop: Path) -> None:
    """Another day, other rules, another pack, no run at all: each is refused."""
    explain = ("explain", shop / "pack", "shipping", "b", "--out", shop / "out", "--as-of")
    assert "holds no results of a run" in cli(*explain, DAY, code=1)
    cli("run", shop / "pack", "--facts", shop / "facts", "--out", shop / "out", "--as-of", DAY)
    assert "is of 2023-05-18, not 2023-05-19" in cli(*explain, "2023-05-19", code=1)
    (shop / "pack/rulesets/shipping.yaml").write_text(RULES.replace("[0.5, 0]", "[0.6, 0]"), "utf-8")
    assert "was made with other rules" in cli(*explain, DAY, code=1)
    (shop / "pack/pack.yaml").write_text(PACK.replace("shop_pack", "shops"), "utf-8")
    assert "is of pack `shop_pack`, not `shops`" in cli(*explain, DAY, code=1)
    (shop / "out/run.json").write_text("[1]", "utf-8")
    assert "run.json is not what a run writes" in cli(*explain, DAY, code=1)


def test_a_snapshot_stands_for_the_peers(cli: Run, shop: Path) -> None:
    """A record scored against frozen peers gives what the table gave, bit for bit."""
    snapshot = shop / "peers.json"
    said = cli("freeze", shop / "pack", "shipping", "--facts", shop / "facts", "--out", snapshot, "--as-of", DAY)
    assert said == f"shipping: usual, place of {DAY} in {snapshot}\n"
    engine = tc.load(shop / "pack")
    table = engine.score_table("shipping", None, DAY, tables=shop / "facts").to_pylist()
    for row in table:
        record = {name: row[name] for name in row if name not in ("usual", "place")}
        assert engine.score("shipping", record, DAY, snapshot=snapshot).values == {
            name: row[name] for name in engine.score("shipping", row, DAY).values
        }
    (shop / "record.json").write_text('{"shop": "d", "kind": "x", "late_rate.of": 1, "late_rate.to": 4, "sales": 1}')
    said = cli(
        "score", shop / "pack", "shipping", "--input", shop / "record.json", "--as-of", DAY, "--snapshot", snapshot
    )
    assert "shipping: 50 (scored)" in said
    (shop / "record.json").write_text('{"shop": "d", "kind": "y", "late_rate.of": 1, "late_rate.to": 4, "sales": 1}')
    said = cli(
        "score",
        shop / "pack",
        "shipping",
        "--input",
        shop / "record.json",
        "--as-of",
        DAY,
        "--snapshot",
        snapshot,
        code=1,
    )
    assert "the snapshot holds no peers of `usual` in y" in said
    changed = RULES.replace("[0.5, 0]", "[0.6, 0]")
    (shop / "pack/rulesets/shipping.yaml").write_text(changed, "utf-8")
    said = cli(
        "score",
        shop / "pack",
        "shipping",
        "--input",
        shop / "record.json",
        "--as-of",
        DAY,
        "--snapshot",
        snapshot,
        code=1,
    )
    assert "the snapshot is of another meaning of the pack" in said


def test_a_full_disk(shop: Path) -> None:
    """A run that can't write says so in one sentence and leaves the earlier results whole."""
    command = [sys.executable, "-m", "trustcommerce", "run", shop / "pack", "--facts", shop / "facts"]
    command += ["--out", shop / "out", "--as-of", DAY]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    before = {path.name: path.read_bytes() for path in (shop / "out").iterdir()}

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert {path.name: path.read_bytes() for path in (shop / "out").iterdir()} == before
    assert [name for name in names(shop) if name.startswith(".")] == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped(shop: Path, how: signal.Signals) -> None:
    """Interrupted or killed, a run leaves the earlier results; what a killed one leaves is gone with the next."""
    command = [sys.executable, "-m", "trustcommerce", "run", shop / "pack", "--facts", shop / "facts"]
    command += ["--out", shop / "out", "--as-of", DAY]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    before = {path.name: path.read_bytes() for path in (shop / "out").iterdir()}
    many = 400_000
    orders = {
        "id": pa.array(range(many)),
        "shop": ["a"] * many,
        "paid": pa.array(["1.00"] * many).cast(pa.decimal128(10, 2)),
        "paid_at": pa.array([f"2023-05-0{1 + i % 9} 10:00:00" for i in range(many)]).cast(pa.timestamp("us")),
        "due_at": pa.array(["2023-05-10 10:00:00"] * many).cast(pa.timestamp("us")),
        "shipped_at": pa.nulls(many, pa.timestamp("us")),
        "test": [False] * many,
    }
    (shop / "facts/orders.csv").unlink()
    parquet.write_table(pa.table(orders), shop / "facts/orders.parquet")
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ})
    deadline = time.monotonic() + 30
    while not (shop / ".trustcommerce-out").exists() and time.monotonic() < deadline and running.poll() is None:
        time.sleep(0.005)
    running.send_signal(how)
    said = running.communicate(timeout=60)[1]
    assert "Traceback" not in said
    if running.returncode != 0:  # it may have been done already
        assert {path.name: path.read_bytes() for path in (shop / "out").iterdir()} == before
        assert how is signal.SIGKILL or said.strip() == "interrupted"
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    assert [name for name in names(shop) if name.startswith(".")] == []
