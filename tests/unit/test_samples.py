"""Sample events: the same bytes whenever they are made, at any size, in the same memory, and without contradictions."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from trustcommerce.cli.seeds import seeds
from trustcommerce.errors import RunError
from trustcommerce.samples import write_samples
from trustcommerce.samples.tables import COLUMNS, FILES

KEYS = {"content_stats": "content_id, day", "monthly_tasks": "store_id, month"}
COMMITTED = Path(__file__).parents[2] / "seeds/kuaishou"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "all"
    write_samples(folder, 300)
    return folder


@pytest.fixture(scope="module")
def db(sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name in COLUMNS:
            path = (sample / f"{name}.csv").as_posix()
            connection.execute(
                f"create table {name} as from read_csv('{path}', header = true, nullstr = '', sample_size = -1)"
            )
        yield connection


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _count(db: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(db.execute(f"select count(*) from {query}").fetchall()[0][0])


def test_same_bytes(sample: Path, tmp_path: Path) -> None:
    """The same arguments give the same bytes; another seed gives others."""
    write_samples(tmp_path / "again", 300)
    assert _bytes(tmp_path / "again") == _bytes(sample)
    write_samples(tmp_path / "other", 5, seed=2)
    assert not (sample / "stores.csv").read_bytes().startswith((tmp_path / "other" / "stores.csv").read_bytes())


@pytest.mark.parametrize("stores", [1, 19, 20, 50, 51, 170])
def test_a_small_sample_begins_a_large_one(sample: Path, tmp_path: Path, stores: int) -> None:
    """Every table of a small sample is the beginning of the same table of a large one, so any size will do."""
    rows = write_samples(tmp_path / "small", stores)
    large = _bytes(sample)
    assert rows["stores"] == stores
    for name, content in _bytes(tmp_path / "small").items():
        assert large[name].startswith(content), name


def test_the_committed_sample_is_fresh(sample: Path) -> None:
    """`seeds` holds what the generator makes today."""
    assert _bytes(COMMITTED) == _bytes(sample)


def test_memory_does_not_grow(tmp_path: Path) -> None:
    """Ten times the stores need no more memory: rows are written as they are made."""

    def peak(stores: int) -> int:
        tracemalloc.start()
        try:
            write_samples(tmp_path / "out", stores)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(300) <= 2 * peak(30)


def test_rows_are_counted(sample: Path, tmp_path: Path) -> None:
    """The counts returned are those of the files, whose columns are the declared ones."""
    rows = write_samples(tmp_path / "out", 30)
    for name, columns in COLUMNS.items():
        lines = (tmp_path / "out" / f"{name}.csv").read_text("utf-8").splitlines()
        assert (lines[0].split(","), len(lines) - 1) == (columns.split(), rows[name])


@pytest.mark.parametrize(
    ("table", "column", "other"),
    [
        ("stores", "operator_id", "operators"),
        ("creators", "operator_id", "operators"),
        ("products", "store_id", "stores"),
        ("products", "operator_id", "operators"),
        ("orders", "store_id", "stores"),
        ("orders", "product_id", "products"),
        ("orders", "creator_id", "creators"),
        *((each, "order_id", "orders") for each in ("shipments", "aftersales", "disputes", "reviews")),
        ("chats", "store_id", "stores"),
        ("content_stats", "creator_id", "creators"),
        ("live_sessions", "creator_id", "creators"),
        ("live_sessions", "store_id", "stores"),
        ("monthly_tasks", "store_id", "stores"),
        ("fraud_findings", "order_id", "orders"),
        ("appeals", "violation_id", "violations"),
    ],
)
def test_references_meet(db: duckdb.DuckDBPyConnection, table: str, column: str, other: str) -> None:
    """Every id that is named exists, also the creators that are chosen by number."""
    assert _count(db, table) > 0
    assert _count(db, f"{table} where {column} is not null and {column} not in (select {column} from {other})") == 0


def test_ids_are_unique(db: duckdb.DuckDBPyConnection) -> None:
    """Every table has a key."""
    for name, columns in COLUMNS.items():
        key = KEYS.get(name, columns.split()[0])
        assert _count(db, f"(select 1 from {name} group by {key} having count(*) > 1)") == 0, name


def test_subjects_of_violations_exist(db: duckdb.DuckDBPyConnection) -> None:
    """A violation is that of a store, a creator or a product there is."""
    known = " union all ".join(f"select '{kind}', {kind}_id from {kind}s" for kind in ("store", "creator", "product"))
    assert _count(db, f"violations where (subject_kind, subject_id) not in ({known})") == 0
    assert _count(db, "(select 1 from violations group by subject_kind)") == 3


def test_orders_and_shipments_agree(db: duckdb.DuckDBPyConnection) -> None:
    """What happens to an order happens in order, and its shipment says the same."""
    wrong = (
        "paid_at >= due_at or shipped_at <= paid_at or delivered_at <= shipped_at or signed_at <= delivered_at "
        "or (delivered_at is not null and shipped_at is null) or (signed_at is not null and delivered_at is null)"
    )
    assert _count(db, f"orders where {wrong}") == 0
    joined = "orders o full join shipments s using (order_id)"
    assert _count(db, f"{joined} where (o.shipped_at is null) <> (s.shipment_id is null)") == 0
    assert _count(db, f"{joined} where s.collected_at <= o.shipped_at or s.collected_at >= s.delivered_at") == 0
    assert _count(db, f"{joined} where s.delivered_at is distinct from o.delivered_at or s.store_id <> o.store_id") == 0
    assert _count(db, "orders join products using (product_id) where orders.store_id <> products.store_id") == 0
    assert _count(db, "orders join stores using (store_id) where paid_at < opened_on") == 0


def test_what_follows_comes_later(db: duckdb.DuckDBPyConnection) -> None:
    """Nobody rates, returns, quarrels or answers before there is a reason to."""
    for table, time in (("aftersales", "opened_at"), ("disputes", "decided_at"), ("reviews", "rated_at")):
        assert _count(db, f"{table} join orders using (order_id) where {time} <= orders.delivered_at") == 0, table
    assert _count(db, "aftersales where closed_at <= opened_at") == 0
    assert _count(db, "chats where replied_at <= asked_at") == 0
    assert _count(db, "appeals join violations using (violation_id) where filed_at <= violations.decided_at") == 0
    assert _count(db, "appeals where decided_at <= filed_at or (decided_at is null) <> (outcome is null)") == 0


def test_settlement_agrees(db: duckdb.DuckDBPyConnection) -> None:
    """No order is paid back more than was paid, orders found fake are abnormal ones, and tasks are those of stores there."""
    back = "(select order_id, sum(refunded) as back from aftersales group by order_id) join orders using (order_id)"
    assert _count(db, f"{back} where back > paid") == 0 and _count(db, f"{back} where back > 0 and back < paid") > 0
    assert _count(db, "fraud_findings join orders using (order_id) where not abnormal or found_at <= paid_at") == 0
    assert _count(db, "monthly_tasks join stores using (store_id) where month < opened_on or day(month) <> 1") == 0
    assert _count(db, "(select 1 from monthly_tasks group by kind)") == 2


def test_days_covered(db: duckdb.DuckDBPyConnection) -> None:
    """Four months and some days after the day of judgement; violations of a year."""
    for name, columns in COLUMNS.items():
        for column in columns.split():
            if column.endswith("_at") and column != "due_at":
                first = "2022-05-18" if name in ("violations", "appeals") else "2023-01-20"
                assert _count(db, f"{name} where {column} < '{first}' or {column} >= '2023-05-22'") == 0, (name, column)
    assert _count(db, "orders where paid_at >= '2023-05-18'") > 1_000
    assert _count(db, "orders where paid_at >= '2023-04-03' and paid_at < '2023-05-18'") > 0.55 * _count(db, "orders")


def test_special_stores(db: duckdb.DuckDBPyConnection) -> None:
    """The stores that tests and pages name are there."""
    assert _count(db, "violations where scene = 'counterfeit' and subject_id = 's0042'") == 2
    fakes = "violations join products on product_id = subject_id where scene = 'counterfeit' and store_id = 's0042'"
    assert _count(db, fakes) == 1
    assert _count(db, "violations where scene = 'brushing_suspected' and subject_id = 's0065'") == 1
    assert _count(db, "orders where store_id = 's0065' and abnormal and paid_at >= '2023-04-18'") >= 100
    granted = "violations v join appeals a using (violation_id) where subject_id = 's0088' and scene = 'counterfeit'"
    assert _count(db, f"{granted} and outcome = 'granted' and a.decided_at < '2023-05-18'") == 1
    new = "stores where opened_on > '2023-04-18' and store_id not in (select store_id from orders)"
    assert _count(db, new) >= 3
    in_days = "orders where paid_at >= '2023-04-18' and paid_at < '2023-05-18'"
    assert _count(db, f"(select 1 from {in_days} group by store_id having count(*) = 3)") >= 3
    assert _count(db, "(select 1 from orders group by store_id having count(*) > 1000)") == 3


def test_an_operator_of_extremes(db: duckdb.DuckDBPyConnection) -> None:
    """One operator's three stores ship on time, sometimes late, and often late."""
    late = "avg((coalesce(shipped_at, '2023-05-22') > due_at)::int)"
    query = f"select {late} from orders join stores using (store_id) where operator_id = 'u0012' group by store_id"
    best, _, worst = sorted(row[0] for row in db.execute(query).fetchall())
    assert best < 0.01 and worst > 0.05


def test_a_bad_week_makes_good_stores_late(db: duckdb.DuckDBPyConnection) -> None:
    """Some stores ship late because a carrier failed in one region, and only then."""
    caught = "i.region = ship_region and i.carrier = 'egret' and paid_at >= starts_at and paid_at < ends_at"
    query = (
        f"select coalesce({caught}, false), avg((coalesce(shipped_at, '2023-05-22') > due_at)::int), count(*) "
        "from orders join shipments using (order_id) left join incidents i on i.carrier = shipments.carrier "
        "and i.region = ship_region where orders.store_id in ('s0007', 's0067', 's0187', 's0217') group by 1 order by 1"
    )
    (_, usual, _), (_, hit, orders) = db.execute(query).fetchall()
    assert usual < 0.06 and hit > 0.4 and orders > 50


def test_another_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder that holds anything else is refused untouched; an earlier sample is replaced; an empty one is fine."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "stores.csv").write_text("mine")
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match=r"mine holds `notes\.txt`, which is no table of a sample"):
        write_samples(tmp_path / "mine", 1)
    assert (tmp_path / "mine" / "stores.csv").read_text() == "mine"
    with pytest.raises(RunError, match=r"stores\.csv is a file; a sample needs a folder"):
        write_samples(tmp_path / "mine" / "stores.csv", 1)
    (tmp_path / "out").mkdir()
    write_samples(tmp_path / "out", 2)
    write_samples(tmp_path / "out", 1)
    assert set(_bytes(tmp_path / "out")) == FILES
    assert (tmp_path / "out" / "stores.csv").read_text("utf-8").count("\n") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "out"]


def test_a_failed_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it cannot go on, what was there is still there, and nothing beside it."""
    write_samples(tmp_path / "out", 1)
    before = _bytes(tmp_path / "out")

    def full(market: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trustcommerce.samples.write.write_operators", full)
    with pytest.raises(RunError, match="out: No space left on device"):
        write_samples(tmp_path / "out", 2)
    assert _bytes(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_small_numbers_are_refused(tmp_path: Path) -> None:
    """No store, or a negative seed, is an error of its own."""
    with pytest.raises(RunError, match="at least 1 store, not 0"):
        write_samples(tmp_path / "out", 0)
    with pytest.raises(RunError, match="at least 0, not -1"):
        write_samples(tmp_path / "out", 1, seed=-1)


def test_command(tmp_path: Path) -> None:
    """`seeds` writes the tables and says how many rows each has."""
    done = CliRunner().invoke(seeds, ["--stores", "3", "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert done.exit_code == 0
    assert "\n  3  stores\n" in done.output and done.output.endswith(f"18 tables in {tmp_path / 'out'}\n")
    assert set(_bytes(tmp_path / "out")) == FILES
