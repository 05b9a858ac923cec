"""Test cases of a pack: inputs in, expected values out, told apart to the last digit.

In: `tests/*.yaml` of a pack. Out: a result a case, with expected, got and the explanation.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen

from trustcommerce import codes
from trustcommerce.decision import Decision
from trustcommerce.diagnostics import Diagnostic, Problems
from trustcommerce.engine import Engine, load
from trustcommerce.errors import DataError, PluginError, PolicyError
from trustcommerce.language.names import did_you_mean
from trustcommerce.plan import RuleSetPlan
from trustcommerce.read import Mapping as Tree
from trustcommerce.read import Node, Scalar, Sequence, parse_date, read_pack
from trustcommerce.run.atoms import Atoms
from trustcommerce.schema import case_schema, check_shape

__all__ = ["CaseResult", "check_cases", "joined", "run_cases"]

Plugins = list[str] | tuple[str, ...]


@frozen(kw_only=True)
class CaseResult:
    """One case: where it stands, what differs (empty when it passes), and the explanation."""

    place: str
    ruleset: str
    name: str
    failures: tuple[str, ...]
    explanation: str

    @property
    def passed(self) -> bool:
        return not self.failures


def run_cases(folder: str | Path, lang: str = "en", plugins: Plugins = ()) -> list[CaseResult]:
    """Run every case of the pack in `folder`.

    Raises:
        PolicyError: The pack or a test file is wrong.
    """
    engine = load(folder, plugins=plugins)
    problems = Problems()
    trees = _checked(engine, folder, problems)
    if problems.errors:
        raise PolicyError(problems)
    return [result for tree in trees for result in _run_file(engine, tree, lang)]


def check_cases(folder: str | Path, plugins: Plugins = ()) -> tuple[Diagnostic, ...]:
    """Every problem of a pack, and of its test files when it loads."""
    problems = Problems()
    try:
        engine = load(folder, plugins=plugins)
    except PolicyError as error:
        return error.diagnostics
    _checked(engine, folder, problems)
    return (*engine.warnings, *problems)


def _checked(engine: Engine, folder: str | Path, problems: Problems) -> list[Tree]:
    """The test files whose shape, rule set, dates and names are right."""
    files = read_pack(folder, problems)
    found = []
    for tree in files.cases.values() if files is not None else ():
        before = len(problems.errors)
        if not check_shape(tree, case_schema(), problems):
            _check_names(engine, tree, problems)
        if len(problems.errors) == before:
            found.append(tree)
    return found


def _check_names(engine: Engine, tree: Tree, problems: Problems) -> None:
    name, cases = tree.get("ruleset"), tree.get("cases")
    assert isinstance(name, Scalar) and isinstance(cases, Sequence)
    if name.text not in engine.rulesets:
        hint = did_you_mean(name.text, engine.rulesets) or f"it has {', '.join(engine.rulesets)}"
        problems.add(codes.BAD_CASE, f"the pack has no rule set `{name.text}`", name.span, hint)
        return
    plan = engine.plan.rulesets[name.text]
    outputs = {each.name for version in plan.versions for each in version.outputs}
    taken = {name for version in plan.versions for name in Atoms(plan, version).takes}
    blocks: list[Node] = [tree, *cases]
    for block in blocks:
        assert isinstance(block, Tree)
        day = block.get("as_of")
        if isinstance(day, Scalar) and parse_date(day.text) is None:
            problems.add(codes.BAD_DATE, f"`{day.text}` is no date", day.span, "write it as 2023-05-09")
        _check_keys(block.get("inputs"), {*plan.titles, *taken, *outputs}, "input", problems)
        _check_keys(block.get("expect"), {*outputs, "reasons", "error"}, "output", problems)


def _check_keys(node: Node | None, known: set[str], what: str, problems: Problems) -> None:
    for entry in node if isinstance(node, Tree) else ():
        if entry.key.text not in known:
            problems.add(
                codes.BAD_CASE,
                f"the rule set has no {what} `{entry.key.text}`",
                entry.key.span,
                did_you_mean(entry.key.text, known),
            )


def _run_file(engine: Engine, tree: Tree, lang: str) -> Iterator[CaseResult]:
    name, cases = tree.get("ruleset"), tree.get("cases")
    shared, day = _values(tree.get("inputs")), tree.get("as_of")
    assert isinstance(name, Scalar) and isinstance(cases, Sequence) and isinstance(day, Scalar)
    for case in cases:
        assert isinstance(case, Tree)
        own = case.get("as_of")
        as_of = own.text if isinstance(own, Scalar) else day.text
        inputs = joined(engine.plan.rulesets[name.text], shared, _values(case.get("inputs")), as_of)
        yield _run_case(engine, name.text, case, inputs, as_of, lang)


def joined(plan: RuleSetPlan, shared: dict[str, Any], own: dict[str, Any], as_of: str) -> dict[str, Any]:
    """What all cases share, less the numbers that a case's own rows give, and what the case says."""
    day = parse_date(as_of)
    version = None if day is None else plan.version(day)
    made = Atoms(plan, version).made_of(own) if version is not None else {}
    kept: dict[str, Any] = {}
    for name, given in shared.items():
        if isinstance(given, dict):
            left = {part: each for part, each in given.items() if f"{name}.{part}" not in made}
            kept |= {name: left} if left or not given else {}
        elif name not in made:
            kept[name] = given
    return {**kept, **own}


def _values(node: Node | None) -> dict[str, Any]:
    return {entry.key.text: value(entry.value) for entry in node} if isinstance(node, Tree) else {}


def value(node: Node) -> Any:
    """A tree as plain data; numbers with a point stay exact."""
    if isinstance(node, Tree):
        return _values(node)
    if isinstance(node, Sequence):
        return [value(item) for item in node]
    return node.value


def _run_case(engine: Engine, ruleset: str, case: Tree, inputs: dict[str, Any], as_of: str, lang: str) -> CaseResult:
    name, expect = case.get("name"), case.get("expect")
    assert isinstance(name, Scalar) and isinstance(expect, Tree)
    wanted = _values(expect)
    failures: list[str] = []
    explanation = ""
    try:
        decision = engine.score(ruleset, inputs, as_of)
        failures = list(_compare(decision, wanted))
        explanation = decision.explain(lang) if failures and decision.scores else ""
    except DataError as error:
        failures = list(_compare_error(str(error), wanted))
    except PluginError as error:
        failures = [f"failed: {error}"]
    return CaseResult(
        place=name.span.place, ruleset=ruleset, name=name.text, failures=tuple(failures), explanation=explanation
    )


def _compare_error(message: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    if "error" not in wanted:
        yield f"refused: {message}"
    elif str(wanted["error"]) not in message:
        yield f"error: expected {wanted['error']!r} in the message, got {message!r}"


def _compare(decision: Decision, wanted: Mapping[str, Any]) -> Iterator[str]:
    for name, expected in wanted.items():
        if name == "error":
            yield f"error: expected {expected!r}, got a decision"
        elif name == "reasons":
            yield from _compare_reasons(decision, expected)
        else:
            try:
                got = decision[name]
            except DataError as error:
                yield f"{name}: {error}".replace("\n", "; ")
                continue
            if not _same(got, expected):
                yield f"{name}: expected {_shown(expected)}, got {_shown(got)}"


def _compare_reasons(decision: Decision, expected: Any) -> Iterator[str]:
    by_score = expected if isinstance(expected, dict) else {next(iter(decision.scores), ""): expected}
    for score, codes_ in by_score.items():
        got = [reason.code for reason in decision.reasons(score)]
        if got != list(codes_):
            yield f"reasons: expected {_shown(list(codes_))}, got {_shown(got)}"


def _same(got: Any, expected: Any) -> bool:
    """Equal as written: a number matches the decimal that the test says, a set in any order."""
    if isinstance(expected, list) and isinstance(got, list):
        return sorted(map(str, expected)) == sorted(map(str, got))
    if isinstance(got, float) and isinstance(expected, int | Decimal) and not isinstance(expected, bool):
        return got == float(expected)
    if isinstance(got, bool) or isinstance(expected, bool):
        return got is expected
    if hasattr(got, "isoformat"):
        return expected in (got.isoformat(), str(got))
    return bool(got == expected)


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if value is None:
        return "null"
    return "[" + ", ".join(map(_shown, value)) + "]" if isinstance(value, list) else str(value)
