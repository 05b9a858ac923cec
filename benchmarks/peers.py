"""The 10 x 5 card in other engines; each function prepares one and returns record -> total.

An engine that is not installed raises ImportError and is left out.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.cards import BANDS, CHARACTERISTICS, WEIGHTS, band_points

__all__ = ["PEERS"]

Record = dict[str, Any]
Total = Callable[[Record], Any]


def _nested(i: int, name: str) -> str:
    """Characteristic i as one conditional expression."""
    *points, rest = band_points(i)
    chosen = " : ".join(f"{name} <= {bound} ? {each}" for bound, each in zip(BANDS[i], points, strict=True))
    return f"({chosen} : {rest})"


def zen_expression() -> Total:
    import zen

    evaluate = zen.compile_expression(" + ".join(_nested(i, name) for i, name in enumerate(CHARACTERISTICS))).evaluate
    return lambda record: evaluate(record)


def zen_graph() -> Total:
    """Ten decision tables side by side and an expression that adds up."""
    import zen

    nodes: list[Record] = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges: list[Record] = []

    def edge(source: str, target: str) -> None:
        edges.append({"id": f"{source}-{target}", "type": "edge", "sourceId": source, "targetId": target})

    for i, name in enumerate(CHARACTERISTICS):
        cells = [*(f"<= {bound}" for bound in BANDS[i]), ""]
        content = {
            "hitPolicy": "first",
            "inputs": [{"id": "x", "name": name, "field": name}],
            "outputs": [{"id": "y", "name": "points", "field": f"p_{name}"}],
            "rules": [
                {"_id": str(k), "x": cell, "y": str(points)}
                for k, (cell, points) in enumerate(zip(cells, band_points(i), strict=True))
            ],
        }
        nodes.append({"id": name, "name": name, "type": "decisionTableNode", "content": content})
        edge("in", name)
        edge(name, "sum")
    total = {"id": "total", "key": "total", "value": " + ".join(f"p_{name}" for name in CHARACTERISTICS)}
    nodes.append({"id": "sum", "name": "sum", "type": "expressionNode", "content": {"expressions": [total]}})
    edge("sum", "out")
    loader = {"type": "static", "content": {"card": {"nodes": nodes, "edges": edges}}}
    evaluate = zen.ZenEngine({"loader": loader}).evaluate  # four times faster than `create_decision`
    return lambda record: evaluate("card", record)["result"]["total"]


def cel_expression() -> Total:
    import cel

    execute = cel.compile(" + ".join(_nested(i, name) for i, name in enumerate(CHARACTERISTICS))).execute
    return lambda record: execute(record)


def rule_engine_expression() -> Total:
    import rule_engine

    rule = rule_engine.Rule(" + ".join(_nested(i, name) for i, name in enumerate(CHARACTERISTICS)))
    return lambda record: rule.evaluate(record)


def business_rules_50() -> Total:
    """A rule for each band."""
    from business_rules import run_all
    from business_rules.actions import BaseActions, rule_action
    from business_rules.fields import FIELD_NUMERIC
    from business_rules.variables import BaseVariables, numeric_rule_variable

    class Variables(BaseVariables):  # type: ignore[misc]
        def __init__(self, record: Record) -> None:
            self.record = record

    for name in CHARACTERISTICS:

        def read(self: Any, name: str = name) -> Any:
            return self.record[name]

        read.__name__ = name
        setattr(Variables, name, numeric_rule_variable(read))

    class Actions(BaseActions):  # type: ignore[misc]
        total = 0

        @rule_action(params={"points": FIELD_NUMERIC})  # type: ignore[untyped-decorator]
        def add(self, points: int) -> None:
            self.total += points

    rules = []
    for i, name in enumerate(CHARACTERISTICS):
        for low, high, points in zip((None, *BANDS[i]), (*BANDS[i], None), band_points(i), strict=True):
            tests = [
                {"name": name, "operator": operator, "value": bound}
                for operator, bound in (("greater_than", low), ("less_than_or_equal_to", high))
                if bound is not None
            ]
            rules.append({"conditions": {"all": tests}, "actions": [{"name": "add", "params": {"points": points}}]})

    def total(record: Record) -> int:
        actions = Actions()
        run_all(rule_list=rules, defined_variables=Variables(record), defined_actions=actions)
        return actions.total

    return total


PEERS: dict[str, Callable[[], Total]] = {
    "zen-engine, one expression": zen_expression,
    "zen-engine, 10 tables": zen_graph,
    "common-expression-language, one expression": cel_expression,
    "rule-engine, one expression": rule_engine_expression,
    "business-rules, 50 rules": business_rules_50,
}

assert sum(WEIGHTS) == 100
