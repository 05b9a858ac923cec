"""Kinds that plugins give: what they make of an item, and one clear error for each way to be wrong."""

import datetime as dt
import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

import trustcommerce as tc
from trustcommerce.builtin import core_registry
from trustcommerce.expansion.examples import try_example
from trustcommerce.plugins.doctor import examined

DAY = dt.date(2023, 5, 18)
PACK = """pack: shop
tables:
  stores: {key: k, columns: {k: text, x: {type: integer, range: [0, 9]}, y: {type: integer, range: [0, 9]}}}
"""
PLUGIN = '''"""Kinds for tests."""
from trustcommerce.plugin import CampaignPolicy, Metric, RuleKind, Use, hookimpl

__version__ = "1.2"
SCHEMA = {"type": "object", "properties": {"of": {"type": "string"}, "to": {"type": "string"}}, "required": ["of"]}

def share(use: Use):
    """A ratio."""
    BODY

@hookimpl
def trustcommerce_metrics():
    yield Metric(name="share", schema=SCHEMA, expand=share, doc="A share.", example="s: {kind: share, of: x}")

@hookimpl
def trustcommerce_rule_kinds():
    yield RuleKind(
        name="twice",
        schema=SCHEMA,
        expand=lambda use: {use.block: {use.name: {"value": f"2 * ({use.given['of']})"}}},
        doc="Twice.",
        example="t: {kind: twice, of: x}",
    )

@hookimpl
def trustcommerce_campaign_policies():
    yield CampaignPolicy(
        name="gift",
        schema=SCHEMA,
        expand=lambda use: {
            "values": {"wanted": {"value": f"{use.given['of']} > 3"}},
            "resources": {use.name: {"value": "case when wanted then 1 else 0 end"}},
        },
        doc="A gift.",
        example="g: {kind: gift, of: x}",
    )
'''
BODY = 'return {"metrics": {use.name: {"unit": "ratio", "ratio": {"of": use.given["of"], "to": use.given.get("to", "y")}, "sample": "any"}}}'
Make = Callable[..., tuple[Path, str]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A pack and a plugin in a file, the body of whose metric may be another."""

    def made(rules: str, body: str = BODY) -> tuple[Path, str]:
        folder = tmp_path / "pack"
        (folder / "rulesets").mkdir(parents=True, exist_ok=True)
        (folder / "pack.yaml").write_text(PACK, "utf-8")
        head = "ruleset: r\nsubject: {name: store, table: stores, key: k}\n"
        (folder / "rulesets/r.yaml").write_text(head + textwrap.dedent(rules), "utf-8")
        (tmp_path / "kinds.py").write_text(PLUGIN.replace("BODY", body), "utf-8")
        return folder, str(tmp_path / "kinds.py")

    return made


def said(pack: Path, plugin: str) -> list[str]:
    return [f"{each.message} | {each.hint}" for each in tc.check(pack, plugins=[plugin])]


def test_what_is_made(make: Make) -> None:
    """A metric, decisions that read it, a policy; what an author says of an item goes before what the kind says."""
    rules = """
    metrics:
      part: {kind: share, of: x, title: {zh: 份额, en: Share}}
    values:
      more: {kind: twice, of: part, range: [0, 3]}
    policies:
      present: {kind: gift, of: x}
    """
    pack, plugin = make(rules)
    engine = tc.load(pack, plugins=[plugin])
    table = pa.table({"k": ["a", "b"], "x": [4, 1], "y": [2, 4]})
    rows = engine.score_table("r", table, DAY).to_pylist()
    assert [(row["part"], row["more"], row["wanted"], row["present"]) for row in rows] == [
        (2.0, 3.0, True, 1),
        (0.25, 0.5, False, 0),
    ]
    assert [engine.score("r", row, DAY).values for row in rows] == rows
    titles = {each.name: each.title.get("zh", "") for each in engine.plan.rulesets["r"].versions[0].outputs}
    assert titles["part"] == "份额"


def test_dates_of_a_policy_hold_for_all_that_it_makes(make: Make) -> None:
    rules = "policies: {present: {kind: gift, of: x, effective: {from: 2023-05-19}}}\n"
    pack, plugin = make(rules)
    engine = tc.load(pack, plugins=[plugin])
    table = pa.table({"k": ["a"], "x": [4], "y": [2]})
    found = [engine.score_table("r", table, day)["present"][0].as_py() for day in ("2023-05-18", "2023-05-19")]
    assert found == [None, 1]


@pytest.mark.parametrize(
    ("rules", "messages"),
    [
        ("metrics: {part: {kind: shere, of: x}}", ["no kind of metric `shere` | did you mean `share`?"]),
        ("metrics: {part: {kind: gift, of: x}}", ["no kind of metric `gift` | it is a kind of campaign policy"]),
        ("metrics: {part: {kind: share, off: x}}", ["unknown key `off` | did you mean `of`?"]),
        ("metrics: {part: {kind: share}}", ["`of` is not said here | None"]),
        ("metrics: {part: {kind: share, of: 5}}", ["expected text, found `5` | None"]),
        ("metrics: {part: {kind: share, of: z}}", ["no name `z` | None"]),
        (
            "policies: {present: {of: x}}",
            ["`present` does not say its `kind` | plugins give kinds of campaign policies"],
        ),
        (
            "policies: {present: {kind: gift, of: x}}\nvalues: {wanted: true}",
            ["`wanted` stands in `values` already (in what plugin kinds 1.2 makes of it) | there on line 4"],
        ),
    ],
)
def test_mistakes_of_authors(make: Make, rules: str, messages: list[str]) -> None:
    """One error each, at its place in the rules."""
    pack, plugin = make(rules)
    assert said(pack, plugin) == messages


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise KeyError('sales')", "plugin kinds 1.2: `kind: share` fails: KeyError: 'sales'"),
        ("return 5", "plugin kinds 1.2: `kind: share` gives int instead of blocks by name"),
        ("return {'metrics': 5}", "plugin kinds 1.2: `kind: share` gives the block 'metrics' is no mapping"),
        ("return {'metrix': {}}", "plugin kinds 1.2: `kind: share` gives the block 'metrix'; it may make facts, "),
        ("return {'values': {}}", "plugin kinds 1.2: `kind: share` gives no mapping for `part` itself in `metrics`"),
        (
            "return {'metrics': {use.name: {'value': object()}}}",
            "plugin kinds 1.2: `kind: share` gives object is no text, number, truth value, list or mapping",
        ),
        (
            "return {'metrics': {use.name: {'value': 1}, 'other': {'value': 1}}}",
            "plugin kinds 1.2: `kind: share` gives the name `other`; it may make `part` and `part_...`",
        ),
        ("return {'metrics': {use.name: {'kind': 'share', 'of': 'x'}}}", "`kind: share` makes itself over and over"),
        (
            "return {'metrics': {use.name: {'value': 'nowhere + 1'}}}",
            "no name `nowhere` (in what plugin kinds 1.2 makes of it)",
        ),
        (
            "return {'metrics': {use.name: {'valu': '1'}}}",
            "unknown key `valu` (in what plugin kinds 1.2 makes of it)",
        ),
    ],
)
def test_mistakes_of_plugins(make: Make, body: str, message: str) -> None:
    """One error that names the plugin, at the kind in the rules."""
    pack, plugin = make("metrics: {part: {kind: share, of: x}}", body)
    (found,) = tc.check(pack, plugins=[plugin])
    assert found.message.startswith(message)
    assert found.span is not None
    assert found.span.file.text[found.span.start : found.span.end] == "share"


def test_a_schema_that_is_none(make: Make) -> None:
    """Told where the kind is used, and by the doctor."""
    pack, plugin = make("policies: {g: {kind: gift, of: x}}\nvalues: {v: 1}")
    path = Path(plugin)
    text = path.read_text("utf-8")
    path.write_text(text.replace('"of": {"type": "string"}', '"of": {"type": "strang"}'), "utf-8")
    (found,) = tc.check(pack, plugins=[plugin])
    message = "plugin kinds 1.2: `kind: gift` has a schema that is none: 'strang'"
    assert found.message.startswith(message)
    assert found.span is not None and found.span.line == 3
    assert any(message in each for each in examined(plugin, core_registry(), try_example).problems)


def test_examples_are_run(make: Make) -> None:
    """A plugin whose examples stand for something is fine; one that breaks its own schema is not."""
    _, plugin = make("values: {v: 1}")
    assert examined(plugin, core_registry(), try_example).fine
    path = Path(plugin)
    text = path.read_text("utf-8")
    path.write_text(text.replace("s: {kind: share, of: x}", "s: {kind: share, off: x}"), "utf-8")
    report = examined(plugin, core_registry(), try_example)
    assert any("unknown key `off`" in each for each in report.problems)
    path.write_text(text.replace("s: {kind: share, of: x}", "s: {ratio: {of: x, to: y}}"), "utf-8")
    assert examined(plugin, core_registry(), try_example).problems == ("the example of `share` does not use it",)


def test_a_plugin_that_is_not_there_is_said_once(make: Make) -> None:
    pack, _ = make("metrics: {part: {kind: share, of: x}}")
    found = said(pack, "nothing.py")
    assert found == ["no file nothing.py | None"]


def test_the_schema_for_editors(make: Make) -> None:
    """It knows the kinds of a plugin, where they stand and what they take."""
    import jsonschema
    from click.testing import CliRunner

    from trustcommerce.cli.main import group

    _, plugin = make("values: {v: 1}")
    done = CliRunner().invoke(group, ["schema", "-p", plugin])
    assert done.exit_code == 0, done.output
    validator = jsonschema.Draft202012Validator(json.loads(done.output))
    head = {"ruleset": "r", "subject": {"name": "store", "table": "stores", "key": "k"}}
    assert validator.is_valid({**head, "metrics": {"part": {"kind": "share", "of": "x", "title": "Share"}}})
    assert validator.is_valid({**head, "policies": {"present": {"kind": "gift", "of": "x"}}})
    assert not validator.is_valid({**head, "metrics": {"part": {"kind": "share", "off": "x"}}})
    assert not validator.is_valid({**head, "policies": {"present": {"kind": "share", "of": "x"}}})
    assert CliRunner().invoke(group, ["schema", "-p", "nothing.py"]).exit_code == 1


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"type": "object", "properties"', '"type": "string", "properties"', "has a schema that is of no object"),
        ("schema=SCHEMA, expand=share", "schema=[], expand=share", "has a schema that is of no object"),
        ('{"of": {"type": "string"}', '{"of": {"$ref": "http://x.invalid/y"}', "has a schema that refers to others"),
        ('"required": ["of"]', '"required": ["title"]', "demands `title`, which is said of any item"),
        ('"required": ["of"]', '"default": {3}', "has a schema that is none: Object of type set is not JSON"),
        ('name="share", schema', "name=3, schema", "the Metric 3 has no name"),
        ('example="s: {kind: share, of: x}"', "example=None", "has no example, or nothing that expands it"),
    ],
)
def test_records_that_are_wrong(make: Make, before: str, after: str, message: str) -> None:
    """Refused when the plugin is loaded."""
    pack, plugin = make("values: {v: 1}")
    path = Path(plugin)
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    (found,) = tc.check(pack, plugins=[plugin])
    assert message in found.message


def test_two_of_one_name_in_a_plugin(make: Make) -> None:
    pack, plugin = make("values: {v: 1}")
    path = Path(plugin)
    line = next(each for each in path.read_text("utf-8").splitlines() if "yield Metric(" in each)
    path.write_text(path.read_text("utf-8").replace(line, f"{line}\n{line}", 1), "utf-8")
    assert said(pack, plugin) == ["plugin kinds 1.2 gives the Metric `share` twice | None"]


@pytest.mark.parametrize(
    ("rules", "messages"),
    [
        ("policies: [a]", ["expected a mapping from names to policies | None"]),
        ("metrics: {part: {kind: [share]}}", ["`kind` is the name of a kind | None"]),
        ("metrics: {part: {kind: twice, of: x}}", ["no kind of metric `twice` | it is a kind of decision"]),
        (
            "metrics: {part: {kind: share, off: x}}\nvalues: {v: part_more + 1}",
            ["unknown key `off` | did you mean `of`?"],
        ),
        ("policies: {p: {kind: gift, off: x}}\nvalues: {v: p_more + p}", ["unknown key `off` | did you mean `of`?"]),
        (
            "scores: {s: {kind: share, of: x}}",
            ["unknown key `kind` | kinds of plugins stand in metrics, values, levels, resources and policies"],
        ),
        (
            "values: {s: {2000-01-01: {kind: twice, count: 1, table: [3]}, 2020-01-01: 7}}",
            [
                "nothing holds before 2000-01-01, and the rule set has no first day"
                " | let the rule set begin with `effective: {from: 2000-01-01}`, or add an earlier date",
                "unknown key `kind` | an item has one `kind` on all days: dates can't stand around it",
            ],
        ),
    ],
)
def test_what_follows_from_a_mistake_is_not_said(make: Make, rules: str, messages: list[str]) -> None:
    """Nor is anything passed over."""
    pack, plugin = make(rules)
    assert said(pack, plugin) == messages


def test_short_items_of_a_policy_have_its_dates(make: Make) -> None:
    pack, plugin = make("policies: {p: {kind: gift, of: x, effective: {from: 2023-05-19}}}")
    path = Path(plugin)
    long = '{"value": "case when wanted then 1 else 0 end"}'
    path.write_text(path.read_text("utf-8").replace(long, '"case when wanted then 1 else 0 end"'), "utf-8")
    row = tc.load(pack, plugins=[plugin]).score("r", {"k": "a", "x": 4, "y": 1}, "2023-05-18")
    assert (row["wanted"], row["p"]) == (True, None)


def test_what_a_plugin_left_out(make: Make) -> None:
    """A key that a kind's item lacks is the plugin's business, though the item is the author's."""
    pack, plugin = make("levels: {l: {kind: twice, of: x}}")
    assert "`labels` is not said here (in what plugin kinds 1.2 makes of it) | None" in said(pack, plugin)
