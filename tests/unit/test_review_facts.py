"""What is true of facts where forms meet: names of metrics, facts of facts, identity, versions of what is read."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import trustcommerce as tc
from tests.parity.compare_facts import arrow_tables, by_reference, by_rows, by_table

DAY = dt.date(2023, 5, 18)
PACK = """
pack: shop
tables:
  stores: {key: k, columns: {k: text, kind: text, opened: date}}
  calls:
    key: e
    columns: {e: {type: integer, range: [0, 99]}, k: text, b: text, s: text, t: timestamp, n: {type: integer, range: [0, 99]}, note: text?}
  bans:
    key: i
    columns: {i: {type: integer, range: [0, 99]}, s: text, metric: text, n: {type: integer, range: [0, 99]}}
"""
HEAD = "ruleset: talk\nsubject: {name: store, table: stores, key: k}\n"
TABLES: dict[str, list[dict[str, Any]]] = {
    "stores": [
        {"k": "a", "kind": "x", "opened": dt.date(2023, 1, 1)},
        {"k": "c", "kind": "x", "opened": dt.date(2023, 5, 4)},
    ],
    "calls": [
        {
            "e": i,
            "k": "ac"[i % 2],
            "b": "ca"[i % 3 % 2],
            "s": "xy"[i % 3 % 2],
            "t": dt.datetime(2023, 5, 1 + i),
            "n": i * 10,
            "note": None,
        }
        for i in range(8)
    ],
    "bans": [{"i": 1, "s": "x", "metric": "m1", "n": 3}, {"i": 2, "s": "y", "metric": "m2", "n": 5}],
}


def load(folder: Path, *rules: str, pack: str = PACK) -> tc.Engine:
    (folder / "rulesets").mkdir()
    (folder / "pack.yaml").write_text(pack, "utf-8")
    for i, text in enumerate(rules):
        (folder / "rulesets" / f"r{i}.yaml").write_text(text, "utf-8")
    return tc.load(folder)


def values(engine: tc.Engine, *names: str) -> dict[str, tuple[Any, ...]]:
    """Some values of each store, the same by the reference, by records of rows and in a table."""
    table = by_table(engine, "talk", arrow_tables(engine, TABLES), DAY)
    assert table == by_reference(engine, "talk", TABLES, DAY)
    assert table == by_rows(engine, "talk", TABLES, DAY, table)
    return {key: tuple(row[name] for name in names) for key, row in table.items()}


def complaint(folder: Path, *rules: str) -> str:
    with pytest.raises(tc.PolicyError) as caught:
        load(folder, *rules)
    return str(caught.value)


def test_an_exclusion_matched_on_the_metric_excludes_from_that_metric_only(tmp_path: Path) -> None:
    """`metric` may stand in `match` of an exclusion as in its `when`."""
    engine = load(
        tmp_path,
        HEAD
        + """facts:
  calls: {table: calls, key: k, id: e, exclude: {ban: {table: bans, match: {s: s, metric: metric}}}}
metrics: {m1: {count: calls, window: all}, m2: {count: calls, window: all}, m3: {count: calls, window: all}}
""",
    )
    assert values(engine, "m1", "m2", "m3") == {"a": (1, 3, 4), "c": (2, 2, 4)}


def test_a_reference_that_asks_for_the_metric_may_say_when(tmp_path: Path) -> None:
    """Its `when` reads its own columns, and may ask for the metric itself; exclusions may read it."""
    engine = load(
        tmp_path,
        HEAD
        + """facts:
  calls: {table: calls, key: k, id: e}
  kept: {table: calls, key: k, id: e, exclude: {other: {when: "coalesce(ban.s <> s, true)"}}}
references:
  ban: {table: bans, match: {metric: metric}, when: ban.n > 2, keep: {first: 1, order: [i]}, else: missing}
  own: {table: bans, match: {s: s}, when: own.metric = metric, keep: {first: 1, order: [i]}, else: missing}
metrics:
  m1: {count: calls, where: "coalesce(ban.s = s, false)", window: all}
  m2: {count: calls, where: "coalesce(ban.s = s, false)", window: all}
  m3: {count: calls, where: own.n is not null, window: all}
  m4: {count: kept, window: all}
""",
    )
    assert values(engine, "m1", "m2", "m3", "m4") == {"a": (3, 1, 0, 0), "c": (2, 2, 0, 0)}


def test_events_see_the_name_of_their_score(tmp_path: Path) -> None:
    """Points and groups of events may ask for `metric` as their conditions do."""
    engine = load(
        tmp_path,
        HEAD
        + """facts: {calls: {table: calls, key: k, id: e}}
scores:
  m1: {range: [0, 100], value: 100, deductions: {d: {each: calls, window: all, per: metric, points: "case when metric = 'm1' then 3 else 1 end"}}}
""",
    )
    assert engine.score("talk", {"k": "a", "calls": TABLES["calls"]}, DAY).values["m1"] == 88


def test_names_read_beside_an_unexcluded_metric_stay_what_they_are(tmp_path: Path) -> None:
    """Whatever the order of writing, only the metric itself counts all rows, not those that it reads."""
    engine = load(
        tmp_path,
        HEAD
        + """facts: {calls: {table: calls, key: k, id: e, time: t, exclude: {low: {when: n < 40}}}}
windows: {lately: {rules: [{when: seen < 3, then: 90 days}, {else: 2 days}]}}
metrics:
  before: {value: chosen.unexcluded}
  chosen: {count: calls, window: lately}
  seen: {count: calls, window: all}
""",
    )
    assert values(engine, "before", "chosen", "seen") == {"a": (4, 2, 2), "c": (4, 2, 2)}


def test_a_fact_of_a_fact_that_reads_its_subject_reads_the_same_subject(tmp_path: Path) -> None:
    """Conditions and columns of the first fact see the subject in the second one too."""
    engine = load(
        tmp_path,
        HEAD
        + """facts:
  calls: {table: calls, key: k, id: e, where: t >= store.opened, columns: {late: t >= store.opened + interval '2 days'}}
  more: {facts: calls, key: k, id: e, where: late}
metrics: {m1: {count: calls, window: all}, m2: {count: more, window: all}}
""",
    )
    assert values(engine, "m1", "m2") == {"a": (4, 4), "c": (3, 2)}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("facts: {calls: %s, more: {facts: calls, key: b, id: e}}", "`more` has another key"),
        (
            "facts: {calls: %s}\nreferences: {one: {facts: calls, match: {k: k}, keep: {first: 1, order: [e]}, else: missing}}",
            "which are not there in a reference",
        ),
        (
            'facts: {calls: {table: calls, key: c, id: e, columns: {c: "coalesce(note, k)"}, where: t >= store.opened}}',
            "`c`, which is computed",
        ),
    ],
)
def test_rows_that_read_their_subject_are_not_read_without_it(tmp_path: Path, facts: str, said: str) -> None:
    """Where no subject can stand beside the rows, the rule set does not load."""
    first = "{table: calls, key: k, id: e, where: t >= store.opened}"
    text = HEAD + facts.replace("%s", first) + "\nmetrics: {m1: {count: calls, window: all}}\n"
    assert said in complaint(tmp_path, text)


def test_known_at_stands_where_the_table_is_read(tmp_path: Path) -> None:
    """A fact of a fact cannot say it: the rows that are known were chosen before."""
    said = complaint(
        tmp_path,
        HEAD
        + """facts:
  calls: {table: calls, key: k, id: e}
  more: {facts: calls, key: k, id: e, known_at: t}
metrics: {m1: {count: more, window: all}}
""",
    )
    assert "fact `calls` says which of its rows are known" in said


@pytest.mark.parametrize(
    ("identity", "said"), [("note", "the id `note` of `calls` may be missing"), ("s", "two rows of `calls` may be")]
)
def test_an_id_tells_rows_apart(tmp_path: Path, identity: str, said: str) -> None:
    """What decides between equals is never missing, and holds the key of the table."""
    text = f"facts: {{calls: {{table: calls, key: k, id: {identity}, keep: {{first: 1, order: b}}}}}}\n"
    assert said in complaint(tmp_path, HEAD + text + "metrics: {m1: {count: calls, window: all}}\n")


def test_who_is_judged_does_not_rest_on_peers(tmp_path: Path) -> None:
    """Peers are those that are judged, so `where` of the subject cannot ask for them."""
    head = HEAD.replace("key: k}", "key: k, where: place <= 1}")
    assert "who is judged" in complaint(tmp_path, head + "metrics: {place: {rank: opened, within: kind}}\n")


def test_results_are_read_as_they_were_on_that_day(tmp_path: Path) -> None:
    """A rule set whose types change with the date is read with those of the day, members with quotes among them."""
    engine = load(
        tmp_path,
        """ruleset: first
effective: {from: 2023-01-01}
subject: {name: store, table: stores, key: k}
facts: {calls: {table: calls, key: k, id: e, time: t}}
metrics: {m1: {count: calls, window: all}}
values: {x: {value: m1 * 100, range: {2023-01-01: [0, 1000], 2023-05-10: [0, 5]}}}
resources: {perks: {hit: collect, rules: {2023-01-01: [{when: m1 > 0, then: ["it's"]}, {else: []}], 2023-05-10: [{when: m1 > 0, then: [a, b]}, {else: []}]}}}
""",
        HEAD
        + """facts: {results: {ruleset: first, key: k, id: k}}
references: {own: {ruleset: first, match: {k: k}, else: missing}}
metrics: {total: {sum: x, from: results, window: all}}
values: {perks: own.perks}
""",
    )
    tables = arrow_tables(engine, TABLES)
    found = [engine.score_table("talk", None, day, tables=tables).to_pylist()[0] for day in ("2023-05-04", DAY)]
    assert [(row["total"], row["perks"]) for row in found] == [(200, ["it's"]), (5, ["a", "b"])]


def test_members_that_a_set_never_has_are_refused(tmp_path: Path) -> None:
    """Results given as a frame hold the members that the rule set can give, and no others."""
    engine = load(
        tmp_path,
        """ruleset: first
subject: {name: store, table: stores, key: k}
resources: {perks: {hit: collect, rules: [{when: kind = 'x', then: [a]}, {else: []}]}}
""",
        HEAD + "references: {own: {ruleset: first, match: {k: k}, else: missing}}\nvalues: {perks: own.perks}\n",
    )
    results = pa.table({"k": ["a"], "perks": pa.array([["a", "z"]], pa.list_(pa.string()))})
    with pytest.raises(tc.DataError, match="has members beside a"):
        engine.score_table("talk", None, DAY, tables={**arrow_tables(engine, TABLES), "first": results})


def test_the_first_candidate_that_matches_wins_where_one_row_of_each_is_kept(tmp_path: Path) -> None:
    """Several candidates and `keep` together still give one row for each subject and each row of a fact."""
    engine = load(
        tmp_path,
        HEAD
        + """facts: {calls: {table: calls, key: k, id: e}}
references:
  ban: {table: bans, match: {s: [kind, "'y'"]}, keep: {last: 1, order: [n, i]}, else: missing}
  own: {table: bans, match: {s: [s, "'y'"]}, keep: {last: 1, order: [n, i]}, else: missing}
metrics: {m1: {value: ban.n}, m2: {sum: "coalesce(own.n, 0)", from: calls, window: all}}
""",
    )
    assert values(engine, "m1", "m2") == {"a": (3, 14), "c": (3, 16)}
    assert engine.score_table("talk", None, DAY, tables=arrow_tables(engine, TABLES)).num_rows == 2


def test_the_subjects_own_table_is_read_again_as_a_reference_and_a_fact(tmp_path: Path) -> None:
    """Other rows of the subjects' table are those of the table, also where a frame holds only some subjects."""
    engine = load(
        tmp_path,
        HEAD
        + """facts: {alike: {table: stores, key: k, id: k}}
references:
  other: {table: stores, match: {kind: kind}, when: other.opened > opened and other.k <> k, keep: {last: 1, order: [opened, k]}, else: missing}
metrics: {own: {max: kind, from: alike, where: opened < as_of, window: all}}
values: {next: other.k}
""",
    )
    assert values(engine, "own", "next") == {"a": ("x", "c"), "c": ("x", None)}
    tables = arrow_tables(engine, TABLES)
    found = engine.score_table("talk", tables["stores"].slice(0, 1), DAY, tables=tables).to_pylist()
    assert [(row["own"], row["next"]) for row in found] == [("x", "c")]


def test_only_a_frame_of_subjects_gives_numbers(tmp_path: Path) -> None:
    """A column of the declared table that is named like a metric is none of its columns, and gives nothing."""
    engine = load(
        tmp_path,
        HEAD + "facts: {calls: {table: calls, key: k, id: e}}\nmetrics: {m1: {count: calls, window: all}}\n",
    )
    tables = arrow_tables(engine, TABLES)
    stores = tables["stores"].append_column("m1", pa.array([77, 78]))
    for frame, expected in ((None, [4, 4]), (stores, [77, 78])):
        found = engine.score_table("talk", frame, DAY, tables={**tables, "stores": stores})
        assert found.column("m1").to_pylist() == expected


READERS = """references: {st: {table: stores, match: {k: k}, else: missing}}
facts: {calls: {table: calls, key: k, id: e, time: t, where: "coalesce(st.opened < t, false)"}}
metrics: {n: {count: calls, window: all}}
values: {since: st.opened}
"""


def test_a_reference_of_the_subject_and_of_rows(tmp_path: Path) -> None:
    """A record gives the rows that a fact is compared with as a list, and the subject's own match beside it."""
    engine = load(tmp_path, HEAD + READERS)
    found = by_table(engine, "talk", arrow_tables(engine, TABLES), DAY)
    for store in TABLES["stores"]:
        record = {"k": store["k"], "calls": TABLES["calls"], "st": TABLES["stores"]}
        with pytest.raises(tc.DataError) as caught:
            engine.score("talk", record, DAY)
        assert caught.value.hint == "beside the list, the subject's own match is `st.matched`, `st.opened`"
        with pytest.raises(tc.DataError, match="must be a list of rows of table `stores`"):
            engine.score("talk", record | {"st": store}, DAY)
        decision = engine.score("talk", record | {"st.matched": True, "st.opened": store["opened"]}, DAY)
        assert decision.values["n"] == found[store["k"]]["n"]
        assert decision.values["since"] == store["opened"]


@pytest.mark.parametrize(
    ("where", "rows", "unknown"),
    [
        ("store.opened <= t", 7 + 3, 3),  # 4 of a; 3 of c, which opened on the fourth day; all of nobody's
        ("n < 10 and store.opened <= t", 1 + 1, 1),
        ("store.kind = 'x' and n >= 10 and note is null", 7 + 2, 2),
    ],
)
def test_rows_of_nobody_are_counted_where_a_condition_reads_the_subject(
    tmp_path: Path, where: str, rows: int, unknown: int
) -> None:
    """A condition that can't be told without the subject does not lose the row unseen."""
    engine = load(
        tmp_path,
        HEAD + f'facts: {{calls: {{table: calls, key: k, id: e, where: "{where}"}}}}\n'
        "metrics: {n_calls: {count: calls, window: all}}\n",
    )
    strangers = [{**TABLES["calls"][i], "e": 50 + i, "k": "nobody"} for i in range(3)]
    tables = arrow_tables(engine, {**TABLES, "calls": [*TABLES["calls"], *strangers]})
    report = engine.run(tables, tmp_path / "out", DAY)
    assert report.rulesets["talk"]["facts"]["calls"] == {"rows": rows, "excluded": {}, "unknown_subject": unknown}


def test_a_frame_gives_all_numbers_of_a_fact_or_none(tmp_path: Path) -> None:
    """Some numbers of a fact beside its rows would be passed over without a word."""
    metrics = "metrics: {m1: {count: calls, window: all}, m2: {avg: n, from: calls, window: all, sample: any}}\n"
    engine = load(tmp_path, HEAD + "facts: {calls: {table: calls, key: k, id: e}}\n" + metrics)
    tables = arrow_tables(engine, TABLES)
    stores = tables["stores"].append_column("m1", pa.array([77, 78]))
    with pytest.raises(tc.DataError, match=r"the subjects have `m1` and no `m2.rows`, nor `m2.sum`") as caught:
        engine.score_table("talk", stores, DAY, tables=tables)
    assert caught.value.hint == "of fact calls, give all numbers or none"


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_of_equals_the_smaller_key_comes_first(tmp_path: Path, order: str) -> None:
    """In either order, among subjects, among rows, and against frozen peers."""
    engine = load(
        tmp_path,
        HEAD
        + f"""facts:
  calls: {{table: calls, key: k, id: e, columns: {{place: {{rank: s, order: {order}, within: b}}}}}}
metrics:
  n_calls: {{count: calls, window: all}}
  place: {{rank: n_calls, order: {order}, within: []}}
  most: {{max: n_calls, within: []}}
  share: {{unit: ratio, ratio: {{of: n_calls, to: {{sum: n_calls, within: []}}}}, sample: any}}
  places: {{sum: place * e, from: calls, window: all, unit: integer}}
""",
    )
    stores = [{"k": k, "kind": "x", "opened": DAY} for k in "cab"]
    # a has 1 row, b and c have 2; all of them alike but for their ids
    ids = ((9, "b"), (3, "c"), (5, "a"), (4, "b"), (2, "c"))
    calls = [{**TABLES["calls"][0], "e": i, "k": k, "b": "1", "s": "same"} for i, k in ids]
    tables = {**TABLES, "stores": stores, "calls": calls}
    frames = arrow_tables(engine, tables)
    assert by_table(engine, "talk", frames, DAY) == by_reference(engine, "talk", tables, DAY)
    found = {row["k"]: row for row in engine.score_table("talk", None, DAY, tables=frames).to_pylist()}
    expected = {"a": 1, "b": 2, "c": 3} if order == "ascending" else {"a": 3, "b": 1, "c": 2}
    assert {key: row["place"] for key, row in found.items()} == expected
    assert {key: row["places"] for key, row in found.items()} == {"a": 5, "b": 4 + 2 * 9, "c": 2 + 2 * 3}
    assert {(row["most"], row["share"] * 5) for row in found.values()} == {(2, 1.0), (2, 2.0)}
    snapshot = engine.freeze("talk", frames, DAY)
    strangers = {"bb": 3, "_": 2} if order == "ascending" else {"bb": 2, "_": 1}
    for key, place in {**expected, **strangers}.items():
        count = found[key]["n_calls"] if key in found else 2
        record = {"k": key, "n_calls": count, "places": 0}
        assert engine.score("talk", record, DAY, snapshot=snapshot)["place"] == place
