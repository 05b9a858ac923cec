"""One benchmark, or one case of it for its memory, in a process of its own; the answer is a line of JSON."""

import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module

from benchmarks.peak import peak_mb

__all__ = ["BENCHMARKS"]

BENCHMARKS = {
    "import": "benchmarks.imports",
    "check": "benchmarks.checks",
    "record": "benchmarks.record",
    "card30": "benchmarks.card30",
    "table": "benchmarks.table",
    "table30": "benchmarks.table30",
    "events": "benchmarks.events",
    "pools": "benchmarks.pools",
    "settlement": "benchmarks.settlement",
    "spark": "benchmarks.spark",
    "growth": "benchmarks.growth",
}

Prepare = Callable[[], Callable[[], object]]


def main() -> None:
    action, name, *rest = sys.argv[1:]
    module = import_module(BENCHMARKS[name])
    if action == "run":
        print(json.dumps([each.as_dict() for each in module.rows()]))
        return
    if action == "steps":
        steps = [list(each) for each in module.STEPS[rest[0]]()]
        print(json.dumps([steps, peak_mb()]))
        return
    cases: Mapping[str, Prepare] = module.CASES
    cases[rest[0]]()()
    print(json.dumps(peak_mb()))


if __name__ == "__main__":
    main()
