"""A new plugin: a small distribution whose tests pass as it is written."""

import re
from pathlib import Path

from trustcommerce.errors import PluginError

__all__ = ["write_plugin"]

_NAME = re.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PROJECT = """[build-system]
requires = ["hatchling>=1.24"]
build-backend = "hatchling.build"

[project]
name = "{distribution}"
version = "0.1.0"
description = "A plugin of trustcommerce"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["trustcommerce"]

[project.optional-dependencies]
test = ["pytest>=8", "trustcommerce[test]"]

[project.entry-points.trustcommerce]
{name} = "{module}"

[tool.hatch.build.targets.wheel]
packages = ["src/{module}.py"]
"""
_README = """# {distribution}

A plugin of trustcommerce. A pack names it, `plugins: [{name}]`, and then a metric may say

```yaml
metrics:
  repeat: {{kind: repeat_rate, from: orders, buyer: buyer_id, window: 30 days}}
```

Its tests: `python -m pytest`.
"""
_MODULE = '''"""Metrics of {name}."""

from collections.abc import Iterable
from typing import Any

from trustcommerce.plugin import Metric, Use, hookimpl

__version__ = "0.1.0"


def repeat_rate(use: Use) -> dict[str, dict[str, Any]]:
    """The part of the orders that came from buyers who had bought before."""
    rows, buyer, window = use.given["from"], use.given["buyer"], use.given["window"]
    orders, buyers = f"{{use.name}}_orders", f"{{use.name}}_buyers"
    return {{
        "metrics": {{
            orders: {{"count": rows, "window": window}},
            buyers: {{"distinct": buyer, "from": rows, "window": window}},
            use.name: {{
                "unit": "ratio",
                "ratio": {{"of": f"{{orders}} - {{buyers}}", "to": orders}},
                "sample": {{"at_least": use.given.get("at_least", 1), "else": "missing"}},
            }},
        }}
    }}


@hookimpl
def trustcommerce_metrics() -> Iterable[Metric]:
    """What this plugin gives."""
    yield Metric(
        name="repeat_rate",
        schema={{
            "type": "object",
            "properties": {{
                "from": {{"type": "string"}},
                "buyer": {{"type": "string"}},
                "window": {{"type": ["string", "object"]}},
                "at_least": {{"type": "integer", "minimum": 0}},
            }},
            "required": ["from", "buyer", "window"],
        }},
        expand=repeat_rate,
        doc="The part of the orders that came from buyers who had bought before.",
        example="repeat: {{kind: repeat_rate, from: orders, buyer: buyer_id, window: 30 days}}",
    )
'''
_CONFTEST = '"""The fixture `lab`."""\n\npytest_plugins = ["trustcommerce.testing"]\n'
_TESTS = '''"""What {name} gives, by the numbers, and by the laws of every kind."""

import datetime as dt
from pathlib import Path

from trustcommerce.testing import KindSuite, Lab

HEADER = """pack: shop
tables:
  stores: {{key: store_id, columns: {{store_id: text}}}}
  orders:
    key: order_id
    time: paid_at
    columns: {{order_id: text, store_id: text, buyer_id: text, paid_at: timestamp}}
"""
RULES = """ruleset: shop
subject: {{name: store, table: stores, key: store_id}}
facts: {{orders: {{table: orders, key: store_id, id: order_id}}}}
metrics:
  repeat: {{kind: repeat_rate, from: orders, buyer: buyer_id, window: 30 days}}
"""
ORDERS = [("o1", "s1", "b1"), ("o2", "s1", "b1"), ("o3", "s1", "b2"), ("o4", "s1", "b1")]


class TestRepeatRate(KindSuite):
    """Of four orders two came from somebody who had bought before; a store without orders has no rate."""

    plugin = str(Path(__file__).parents[1] / "src" / "{module}.py")
    header = HEADER
    rulesets = (RULES,)
    as_of = "2023-05-18"
    tables = {{
        "stores": [{{"store_id": "s1"}}, {{"store_id": "s2"}}],
        "orders": [
            {{"order_id": order, "store_id": store, "buyer_id": buyer, "paid_at": dt.datetime(2023, 5, 10)}}
            for order, store, buyer in ORDERS
        ],
    }}

    def test_by_the_numbers(self, lab: Lab) -> None:
        result = self.engine(lab).score_table("shop", None, self.as_of, tables=self.given())
        assert result["repeat"].to_pylist() == [0.5, None]
'''


def write_plugin(name: str, out: Path) -> list[Path]:
    """Write a new plugin `name` into the folder `out`; returns its files.

    Raises:
        PluginError: The name is none that a module may have, or the folder is there already.
    """
    module = name.replace("-", "_")
    if not _NAME.fullmatch(name):
        raise PluginError(f"`{name}` is no name of a plugin: small letters, digits and single -, a letter first")
    if out.exists() and not out.is_dir():
        raise PluginError(f"{out.as_posix()} is no folder")
    if out.exists() and any(out.iterdir()):
        raise PluginError(f"{out.as_posix()} is not empty")
    distribution = f"trustcommerce-{name}"
    words = {"name": name, "module": f"trustcommerce_{module}", "distribution": distribution}
    files = {
        "pyproject.toml": _PROJECT.format(**words),
        "README.md": _README.format(**words),
        f"src/{words['module']}.py": _MODULE.format(**words),
        "tests/conftest.py": _CONFTEST,
        f"tests/test_{module}.py": _TESTS.format(**words),
    }
    made = []
    for path, text in files.items():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        made.append(target)
    return made
