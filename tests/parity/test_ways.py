"""The command that compares all ways at any size: it counts, and shows the smallest rule set and row of a difference."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import yaml
from benchmarks import parity

from tests.parity.compare import Outputs
from tests.parity.shrink import smallest
from tests.parity.ways import Case, Way, fact_case, reference, ways


def test_all_ways_agree(capsys: pytest.CaptureFixture[str]) -> None:
    """A modest run of it, with whatever servers are installed."""
    assert parity.main(["--rule-sets", "6", "--rows", "60", "--seed", "70"]) == 0
    said = capsys.readouterr().out
    with ways("300MB") as every:
        assert all(name in said for name in every)
    assert "differs" not in said
    assert "6 rule sets, 60 rows each" in said


def test_processes_share_the_rule_sets(capsys: pytest.CaptureFixture[str]) -> None:
    """Each takes half of them, and what they counted is added up."""
    asked = ["--rule-sets", "3", "--rows", "40", "--no-spark", "--jobs", "2"]
    assert parity.main([*asked, "--only", "statement in DuckDB", "--only", "records of rows"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-3] for line in lines if line.startswith(("statement in DuckDB", "records of rows"))] == [
        "3"
    ] * 2
    assert not any(line.startswith("table") for line in lines)


def test_a_way_that_there_is_not() -> None:
    with pytest.raises(SystemExit, match="no way is called 'Spork'; there are 'records of rows', "):
        parity.main(["--rule-sets", "1", "--no-spark", "--only", "Spork"])


def _broken(case: Case) -> Outputs:
    """Goes wrong in the first metric of the shop k1, if it has an event."""
    found = reference(case)
    name = next(iter(yaml.safe_load(case.text).get("metrics", ())), None)
    if "k1" in found and name is not None and any(row["k"] == "k1" for row in case.tables["events"]):
        key = next((each for each in found["k1"] if each == name or each.startswith(f"{name}.")), None)
        found["k1"] = {**found["k1"], str(key): "something else"}
    return found


def test_a_difference_is_shown_small(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One row of events, one shop, and hardly more than the metric are left of it."""

    @contextmanager
    def one_way(memory: str, spark: bool) -> Iterator[Mapping[str, Way]]:
        yield {"broken": _broken}

    monkeypatch.setattr(parity, "ways", one_way)
    assert parity.main(["--rule-sets", "1", "--rows", "60", "--seed", "0"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "broken differs for the rule set over events of seed 0"
    assert [line.split(":")[0] for line in lines if line.startswith(("shops:", "events:"))] == ["shops", "events"]
    assert sum(line.startswith("k1.") for line in lines) == 1
    rules = yaml.safe_load("\n".join(lines[1 : lines.index("")]))
    assert len(rules["metrics"]) == 1
    assert not {"values", "scores", "levels", "resources"} & rules.keys()


def test_what_fails_without_any_row_is_left_without_rows() -> None:
    """The shrinker goes as far as it can, and not further."""
    case = fact_case(1, 20)
    text, tables = smallest(case.text, case.tables, lambda text, tables: "ruleset" in text)
    assert yaml.safe_load(text) == {"ruleset": "random"}
    assert not any(tables.values())
    _, kept = smallest("a: 1", {"rows": [{"n": n} for n in range(37)]}, lambda _, t: {"n": 23} in t["rows"])
    assert kept == {"rows": [{"n": 23}]}
