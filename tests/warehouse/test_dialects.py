"""What databases are told that the tests do not have: every construct is printed by a rule, or refused by name."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp, parse_one

import trustcommerce as tc
from tests.parity.facts import make_fact_pack
from tests.parity.generate import make_pack
from tests.warehouse.snippets import SNIPPETS
from trustcommerce.run.dialects import DIALECTS, Dialect
from trustcommerce.run.dialects.rules import keep

ROOT = Path(__file__).parents[2]
EXPERIMENTAL = [name for name, each in DIALECTS.items() if each.experimental]
SEEDS = range(1)
DECISIONS = Path(__file__).parent / "decisions.txt"


def _load(make: Any, seed: int) -> tc.Engine | None:
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "pack", seed)
        try:
            return tc.load(Path(folder) / "pack")
        except tc.PolicyError:
            return None


def _engines() -> Iterator[tuple[str, tc.Engine, dt.date, dt.date | None]]:
    """Every pack on its last day, and random ones."""
    yield "kuaishou", tc.load(ROOT / "policies/kuaishou"), dt.date(2023, 5, 18), None
    yield "olist", tc.load(ROOT / "policies/olist"), dt.date(2018, 10, 18), None
    for pack in sorted((ROOT / "tests/cases/valid").iterdir()):
        day = max(each.name for each in (pack / "expected").iterdir() if each.is_dir())
        first, _, known = day.partition("_known_")
        yield pack.name, tc.load(pack), dt.date.fromisoformat(first), dt.date.fromisoformat(known) if known else None
    for make in (make_fact_pack, make_pack):
        for seed in SEEDS:
            engine = _load(make, seed)
            if engine is not None:
                yield f"{make.__name__} {seed}", engine, dt.date(2023, 5, 18), None


@pytest.fixture(scope="module")
def printed() -> tuple[dict[str, dict[str, str | tc.DataError]], set[Any]]:
    """What each dialect says to each rule set, and what constructs there were."""
    said: dict[str, dict[str, str | tc.DataError]] = {name: {} for name in EXPERIMENTAL}
    seen: set[Any] = set()
    plain = Dialect.print

    def spy(self: Dialect, tree: exp.Expression) -> str:
        seen.update(each.name.upper() if isinstance(each, exp.Anonymous) else type(each) for each in tree.walk())
        return plain(self, tree)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dialect, "print", spy)
        for name, engine, day, known in _engines():
            for ruleset, plan in engine.plan.rulesets.items():
                if plan.version(day) is None:
                    continue
                for dialect in ("duckdb", *EXPERIMENTAL):
                    try:
                        text: str | tc.DataError = engine.sql(ruleset, dialect, day, known)
                    except tc.DataError as error:
                        text = error
                    if dialect != "duckdb":
                        said[dialect][f"{name} {ruleset}"] = text
    return said, seen


@pytest.mark.parametrize("dialect", EXPERIMENTAL)
def test_statements_are_printed_or_refused_by_name(printed: Any, dialect: str) -> None:
    """A refusal says what can't be told; most rule sets can be."""
    said = printed[0][dialect]
    errors = {str(each) for each in said.values() if isinstance(each, tc.DataError)}
    title = DIALECTS[dialect].title
    refused = [each for each in errors if not each.startswith(("rule set", title, f"a statement for {title}"))]
    assert refused == []
    texts = [each for each in said.values() if isinstance(each, str)]
    assert len(texts) > len(said) / 2
    assert all(f"Experimental: {DIALECTS[dialect].notice}." in each for each in texts)


@pytest.mark.parametrize("dialect", EXPERIMENTAL)
def test_statements_are_of_the_dialect(printed: Any, dialect: str) -> None:
    """sqlglot's grammar of the database reads what is printed, but for what it makes of functions."""
    for name, text in printed[0][dialect].items():
        if isinstance(text, str) and len(text) < 60_000:
            read = parse_one(text, dialect=dialect)
            assert isinstance(read, exp.Select), name
            assert not list(read.find_all(exp.Command)), name


def _decision(dialect: Dialect, construct: Any) -> str:
    rules: Any = dialect.functions if isinstance(construct, str) else dialect.rules
    if construct in rules:
        return "kept" if rules[construct] is keep else "rewritten"
    return "kept" if construct in dialect.same else "refused"


def test_every_construct_is_decided_on(printed: Any, update_golden: bool) -> None:
    """What the writers emit is kept, rewritten or refused in each dialect as the table says, which people read."""
    known = {*DIALECTS["duckdb"].same, *DIALECTS["duckdb"].rules, *DIALECTS["duckdb"].functions}
    constructs = sorted(
        {*printed[1], *known} - {exp.Identifier, exp.Anonymous},
        key=lambda each: (isinstance(each, str), each if isinstance(each, str) else each.__name__),
    )
    names = list(DIALECTS)
    rows = [["", *names]]
    for each in constructs:
        name = each if isinstance(each, str) else each.__name__
        rows.append([name, *(_decision(DIALECTS[dialect], each) for dialect in names)])
    text = "\n".join("  ".join(cell.ljust(16) for cell in row).rstrip() for row in rows) + "\n"
    if update_golden:
        DECISIONS.write_text(text, "utf-8")
    assert text == DECISIONS.read_text("utf-8")


def _told(dialect: str, expression: str) -> str:
    """The text of an expression in DuckDB's terms on one line, or why it is refused."""
    tree = parse_one(expression, dialect="duckdb")
    for each in list(tree.find_all(exp.PercentileDisc, exp.Rank)):  # functions are written by their names
        name = "QUANTILE_DISC" if isinstance(each, exp.PercentileDisc) else "RANK"
        arguments = [value for value in (each.this, each.args.get("expression")) if value is not None]
        made = exp.Anonymous(this=name, expressions=arguments)
        if each is tree:
            tree = made
        else:
            each.replace(made)
    try:
        text = DIALECTS[dialect].print(tree)
    except tc.DataError as error:
        return f"refused: {error}"
    return " ".join(text.split()).replace("( ", "(").replace(" )", ")")


@pytest.mark.parametrize(
    ("expression", "dialect", "text"),
    [
        (expression, dialect, text)
        for expression, _, texts in SNIPPETS
        for dialect, text in zip(EXPERIMENTAL, texts, strict=True)
    ],
)
def test_snippets(expression: str, dialect: str, text: str) -> None:
    """Word for word what we mean: sqlglot adds casts, NULLIF and other functions of its own. The table has the reasons."""
    assert _told(dialect, expression) == text
