"""The 30-metric card in other engines; each function prepares one and returns record -> points.

They reckon in floating point and do not round: points agree with ours to half a hundredth. An engine
that is not installed raises ImportError and is left out.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from benchmarks.cards import GROUPS, KNOTS, METRICS, VETOES, WEIGHTS30

__all__ = ["PEERS"]

Record = dict[str, Any]
Points = Callable[[Record], Any]


def _curve(name: str) -> str:
    """A metric's points as one conditional expression."""
    knots = KNOTS[METRICS.index(name)]
    tests = [
        f"{name} < {x1} ? {float(y0)} + ({name} - {float(x0)}) * ({(y1 - y0) / (x1 - x0)!r})"
        for (x0, y0), (x1, y1) in pairwise(knots)
    ]
    return f"({' : '.join(tests)} : {float(knots[-1][1])})"


def _weight(name: str) -> float:
    return float(WEIGHTS30[METRICS.index(name)])


def _group(names: tuple[str, ...], null: str = "null") -> tuple[str, str]:
    """Weighted points of a group, and the weights of what is there."""
    points = " + ".join(f"({name} == {null} ? 0.0 : {_curve(name)} * {_weight(name)})" for name in names)
    weights = " + ".join(f"({name} == {null} ? 0.0 : {_weight(name)})" for name in names)
    return points, weights


def _capped(total: str, names: Callable[[str], str] = str) -> str:
    """Of the caps that apply the lowest; all of them are written, as no engine has a name for a step."""
    lowest = sorted(VETOES.items(), key=lambda each: each[1])
    tests = " : ".join(f"({names(name)} > 0 && {total} > {float(cap)}) ? {float(cap)}" for name, cap in lowest)
    return f"({tests} : {total})"


def _zen_means() -> list[Record]:
    """Named expressions from the points `p_NAME` on to the total."""
    expressions: list[Record] = []

    def define(key: str, value: str) -> None:
        expressions.append({"id": key, "key": key, "value": value})

    for group, (_, names) in GROUPS.items():
        points = " + ".join(f"(p_{name} == null ? 0 : p_{name} * {_weight(name)})" for name in names)
        weights = " + ".join(f"(p_{name} == null ? 0 : {_weight(name)})" for name in names)
        define(f"w_{group}", weights)
        define(group, f"$.w_{group} == 0 ? null : ({points}) / $.w_{group}")
    points = " + ".join(f"($.{group} == null ? 0 : $.{group} * {weight})" for group, (weight, _) in GROUPS.items())
    weights = " + ".join(f"($.{group} == null ? 0 : {weight})" for group, (weight, _) in GROUPS.items())
    define("mean", f"({points}) / ({weights})")
    define("total", _capped("$.mean").replace("&&", "and"))
    return expressions


def _zen(nodes: list[Record], edges: list[tuple[str, str]]) -> Points:
    import zen

    ends: list[Record] = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    links = [{"id": f"{a}-{b}", "type": "edge", "sourceId": a, "targetId": b} for a, b in edges]
    graph = {"nodes": [*ends, *nodes], "edges": links}
    evaluate = zen.ZenEngine({"loader": {"type": "static", "content": {"card": graph}}}).evaluate
    return lambda record: evaluate("card", record)["result"]["total"]


def zen_expressions() -> Points:
    """One node of named expressions, each over those before it."""
    curves = [{"id": name, "key": f"p_{name}", "value": f"{name} == null ? null : {_curve(name)}"} for name in METRICS]
    means = [{**each, "value": each["value"].replace("p_m", "$.p_m")} for each in _zen_means()]
    node = {"id": "card", "name": "card", "type": "expressionNode", "content": {"expressions": [*curves, *means]}}
    return _zen([node], [("in", "card"), ("card", "out")])


def zen_tables() -> Points:
    """A decision table for each metric, side by side, and a node of expressions for the means."""
    nodes: list[Record] = []
    edges: list[tuple[str, str]] = []
    for name in METRICS:
        knots = KNOTS[METRICS.index(name)]
        rows = [("null", "null")]
        rows += [
            (f"< {x1}", f"{float(y0)} + ({name} - {float(x0)}) * ({(y1 - y0) / (x1 - x0)!r})")
            for (x0, y0), (x1, y1) in pairwise(knots)
        ]
        rows.append(("", str(float(knots[-1][1]))))
        content = {
            "hitPolicy": "first",
            "inputs": [{"id": "x", "name": name, "field": name}],
            "outputs": [{"id": "y", "name": "points", "field": f"p_{name}"}],
            "rules": [{"_id": str(i), "x": x, "y": y} for i, (x, y) in enumerate(rows)],
        }
        nodes.append({"id": name, "name": name, "type": "decisionTableNode", "content": content})
        edges += [("in", name), (name, "means")]
    content = {"expressions": _zen_means(), "passThrough": False}
    nodes.append({"id": "means", "name": "means", "type": "expressionNode", "content": content})
    return _zen(nodes, [("in", "means"), *edges, ("means", "out")])


def cel_expressions() -> Points:
    """A program for each group and one for the total; Python hands their results on."""
    import cel

    programs = []
    for group, (_, names) in GROUPS.items():
        points, weights = _group(names)
        programs.append((group, cel.compile(f"({weights}) == 0.0 ? null : ({points}) / ({weights})")))
    points = " + ".join(f"({g} == null ? 0.0 : {g} * {float(weight)})" for g, (weight, _) in GROUPS.items())
    weights = " + ".join(f"({g} == null ? 0.0 : {float(weight)})" for g, (weight, _) in GROUPS.items())
    total = cel.compile(f"({points}) / ({weights})")
    capped = cel.compile(_capped("mean"))

    def score(record: Record) -> Any:
        means = {group: program.execute(record) for group, program in programs}
        return capped.execute({**record, "mean": total.execute(means)})

    return score


def rule_engine_expressions() -> Points:
    """A rule for each group and one for the total; Python hands their results on."""
    import rule_engine

    rules = []
    for group, (_, names) in GROUPS.items():
        points, weights = _group(names)
        rules.append((group, rule_engine.Rule(f"({weights}) == 0 ? null : ({points}) / ({weights})")))
    points = " + ".join(f"({g} == null ? 0.0 : {g} * {float(weight)})" for g, (weight, _) in GROUPS.items())
    weights = " + ".join(f"({g} == null ? 0.0 : {float(weight)})" for g, (weight, _) in GROUPS.items())
    total = rule_engine.Rule(f"({points}) / ({weights})")
    capped = rule_engine.Rule(_capped("mean").replace("&&", "and"))

    def score(record: Record) -> Any:
        means = {group: rule.evaluate(record) for group, rule in rules}
        return capped.evaluate({**record, "mean": total.evaluate(means)})

    return score


def business_rules_segments() -> Points:
    """A rule for each segment of each curve; actions reckon the points, Python the means and caps."""
    from business_rules import run_all
    from business_rules.actions import BaseActions, rule_action
    from business_rules.fields import FIELD_NUMERIC
    from business_rules.variables import BaseVariables, numeric_rule_variable

    class Variables(BaseVariables):  # type: ignore[misc]
        def __init__(self, record: Record) -> None:
            self.record = record

    for name in (*METRICS, *VETOES):

        def read(self: Any, name: str = name) -> Any:
            value = self.record[name]
            return -1.0 if value is None else value

        read.__name__ = name
        setattr(Variables, name, numeric_rule_variable(read))

    class Actions(BaseActions):  # type: ignore[misc]
        def __init__(self, record: Record) -> None:
            self.record, self.points, self.cap = record, [0.0] * 30, 100.0

        @rule_action(params=dict.fromkeys(("place", "start", "base", "slope"), FIELD_NUMERIC))  # type: ignore[untyped-decorator]
        def put(self, place: int, start: float, base: float, slope: float) -> None:
            self.points[place] = base + (self.record[METRICS[place]] - start) * slope

        @rule_action(params={"cap": FIELD_NUMERIC})  # type: ignore[untyped-decorator]
        def limit(self, cap: float) -> None:
            self.cap = min(self.cap, cap)

    def test(name: str, operator: str, value: float) -> Record:
        return {"name": name, "operator": operator, "value": value}

    rules: list[Record] = []
    for place, name in enumerate(METRICS):
        knots = KNOTS[place]
        for (x0, y0), (x1, y1) in pairwise(knots):
            params = {"place": place, "start": x0, "base": y0, "slope": (y1 - y0) / (x1 - x0)}
            tests = [test(name, "greater_than_or_equal_to", x0), test(name, "less_than", x1)]
            rules.append({"conditions": {"all": tests}, "actions": [{"name": "put", "params": params}]})
        params = {"place": place, "start": 0, "base": knots[-1][1], "slope": 0}
        tests = [test(name, "greater_than_or_equal_to", knots[-1][0])]
        rules.append({"conditions": {"all": tests}, "actions": [{"name": "put", "params": params}]})
    for name, cap in VETOES.items():
        action = {"name": "limit", "params": {"cap": cap}}
        rules.append({"conditions": {"all": [test(name, "greater_than", 0)]}, "actions": [action]})

    def score(record: Record) -> float:
        actions = Actions(record)
        run_all(rule_list=rules, defined_variables=Variables(record), defined_actions=actions)
        total = over = 0.0
        for weight, names in GROUPS.values():
            there = [(METRICS.index(name), _weight(name)) for name in names if record[name] is not None]
            if there:
                total += weight * sum(actions.points[i] * w for i, w in there) / sum(w for _, w in there)
                over += weight
        return min(total / over, actions.cap)

    return score


PEERS: dict[str, Callable[[], Points]] = {
    "zen-engine, a node of expressions": zen_expressions,
    "zen-engine, 30 tables": zen_tables,
    "common-expression-language": cel_expressions,
    "rule-engine": rule_engine_expressions,
    "business-rules, 154 rules": business_rules_segments,
}
