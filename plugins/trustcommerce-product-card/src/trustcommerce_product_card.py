"""Commission-free product cards (商品卡免佣): what each order owes, what is waived of it, and a statement per store.

An order that came from a product card in one of the named scenes, and whose store did its tasks in the month before
the order was settled, has most of its commission waived: all but a small rate, or a tenth. Rates come from a tree of
categories with dates, of which the most specific node wins. What is charged and what is waived add up to what is due,
to the last fen.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from trustcommerce.plugin import CampaignPolicy, Use, hookimpl

__version__ = "0.1.0"

_TEXT = {"type": "string"}
_EXPRESSION = {"type": ["string", "number", "boolean"]}
_NAMES = {"type": "array", "items": _TEXT, "minItems": 1}
_SCENES = ["mall_channel", "bottom_recommendation", "guess_you_like"]
_ORDER: dict[str, Any] = {
    "rates": _TEXT,
    "categories": _NAMES,
    "tasks": _TEXT,
    "frauds": _TEXT,
    "finding": _TEXT,
    "scene": _TEXT,
    "scenes": _NAMES,
    "excluded": _EXPRESSION,
    "paid": _TEXT,
    "paid_at": _TEXT,
    "settled_at": _TEXT,
    "store": _TEXT,
    "order": _TEXT,
    "refunded": _EXPRESSION,
    "cross_border": _EXPRESSION,
    "kept": {"type": "number", "minimum": 0},
    "kept_cross_border": {"type": "number", "minimum": 0},
    "cap": _EXPRESSION,
    "rights": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"when": _EXPRESSION, "waived": _EXPRESSION},
            "required": ["when", "waived"],
            "additionalProperties": False,
        },
    },
    "currency": _TEXT,
}


def _references(use: Use) -> dict[str, Any]:
    given, name = use.given, use.name
    paid_at, settled_at = given.get("paid_at", "paid_at"), given.get("settled_at", "settled_at")
    found: dict[str, Any] = {
        f"{name}_rates": {
            "file": given["rates"],
            "match": {"category": [*given["categories"], "'*'"]},
            "valid": {"from": "valid_from", "until": "valid_until", "at": paid_at},
            "else": "error",
        },
        f"{name}_task": {
            "table": given["tasks"],
            "match": {
                "store_id": given.get("store", "store_id"),
                "month": f"date_trunc('month', {settled_at}) - interval '1 month'",
            },
            "else": "missing",
        },
    }
    if "frauds" in given:
        found[f"{name}_fraud"] = {
            "table": given["frauds"],
            "match": {"order_id": given.get("order", "order_id")},
            "keep": {"last": 1, "order": ["found_at", given.get("finding", "finding_id")]},
            "else": "missing",
        }
    return found


def product_card(use: Use) -> dict[str, dict[str, Any]]:
    """What an order owes, what is waived, what is charged, and what a refund takes back."""
    given, name = use.given, use.name
    money = {"unit": given.get("currency", "CNY"), "round": 0.01}
    paid, rate, due, kept = f"({given.get('paid', 'paid')})", f"{name}_rates.rate", f"{name}_due", f"{name}_kept_rate"
    abroad = given.get("cross_border", False)
    scenes = ", ".join("'" + each.replace("'", "''") + "'" for each in given.get("scenes", _SCENES))
    commission = f"{paid} * {rate}"
    full = f"{paid} * ({rate} - {kept})"
    if "cap" in given:
        commission = f"least({commission}, {given['cap']})"
        full = f"least({full}, greatest({due} - {paid} * {kept}, 0))"
    condition = f"{name}_eligible and {rate} > {kept}"
    rules: list[dict[str, Any]] = [
        {"when": f"{condition} and {name}_kind = 'full'", "then": full},
        {
            "when": f"{condition} and {name}_kind = 'ten_percent'",
            "then": f"{due} * 0.1" if "cap" in given else f"{paid} * {rate} * 0.1",
        },
        *({"when": each["when"], "then": f"least({each['waived']}, {due})"} for each in given.get("rights", ())),
        {"else": 0},
    ]
    waiver: dict[str, Any] = {
        "title": {"zh": "免佣金额", "en": "Commission waived"},
        **money,
        "hit": "max",
        "rules": rules,
    }
    if "frauds" in given:
        waiver["exceptions"] = [{"when": f"{name}_fraud.{given.get('finding', 'finding_id')} is not null", "then": 0}]
    values: dict[str, Any] = {
        kept: {"title": {"zh": "保留费率", "en": "Rate kept"}, "value": _kept(given, abroad)},
        due: {"title": {"zh": "应收佣金", "en": "Commission due"}, "value": commission, **money},
        f"{name}_eligible": {"title": {"zh": "免佣场景", "en": "Eligible scene"}, "value": _eligible(given, scenes)},
        f"{name}_kind": {
            "title": {"zh": "免佣类型", "en": "Kind of waiver"},
            "value": f"coalesce({name}_task.kind, 'none')",
        },
    }
    charged = {
        "title": {"zh": "实收佣金", "en": "Commission charged"},
        "value": f"{due} - {name}",
        "unit": money["unit"],
    }
    resources: dict[str, Any] = {name: waiver, f"{name}_charged": charged}
    if "refunded" in given:
        back = f"coalesce({name} * (({given['refunded']}) / {paid}), 0)"
        resources[f"{name}_back"] = {"title": {"zh": "退款扣回", "en": "Taken back"}, "value": back, **money}
    return {"references": _references(use), "values": values, "resources": resources}


def _kept(given: Mapping[str, Any], abroad: Any) -> str:
    """The rate that even a full waiver leaves."""
    home, cross = given.get("kept", 0.006), given.get("kept_cross_border", 0.01)
    return f"{home}" if abroad is False else f"case when {abroad} then {cross} else {home} end"


def _eligible(given: Mapping[str, Any], scenes: str) -> str:
    scene, excluded = given.get("scene", "entry_scene"), given.get("excluded")
    return f"{scene} in ({scenes})" + ("" if excluded is None else f" and not ({excluded})")


def statement(use: Use) -> dict[str, dict[str, Any]]:
    """What the orders of a store come to in a month."""
    given, name, of = use.given, use.name, use.given["of"]
    unit = given.get("currency", "CNY")

    def total(column: str, zh: str, en: str) -> dict[str, Any]:
        rows = {"sum": column, "from": given["orders"], "window": given.get("window", "1 calendar month")}
        return {"title": {"zh": zh, "en": en}, **rows, "unit": unit}

    metrics = {
        f"{name}_due": total(f"{of}_due", "应收佣金", "Commission due"),
        f"{name}_waived": total(of, "免佣金额", "Commission waived"),
        f"{name}_charged": total(f"{of}_charged", "实收佣金", "Commission charged"),
    }
    paid_out = f"{name}_waived"
    if given.get("refunds", False):
        metrics[f"{name}_back"] = total(f"{of}_back", "退款扣回", "Taken back")
        paid_out = f"{name}_waived - {name}_back"
    return {
        "metrics": metrics,
        "values": {
            f"{name}_balanced": {
                "title": {"zh": "收支相符", "en": "Charged and waived are what is due"},
                "value": f"{name}_due = {name}_waived + {name}_charged",
            }
        },
        "resources": {
            name: {"title": {"zh": "实际减免", "en": "Waived after refunds"}, "value": paid_out, "unit": unit}
        },
    }


@hookimpl
def trustcommerce_campaign_policies() -> Iterable[CampaignPolicy]:
    """The waiver of an order, and the statement of a store."""
    yield CampaignPolicy(
        name="product_card",
        schema={"type": "object", "properties": _ORDER, "required": ["rates", "categories", "tasks"]},
        expand=product_card,
        doc="What an order owes, and what is waived of it: all but a small rate, or a tenth, by its store's tasks.",
        example=(
            "waiver:\n"
            "  kind: product_card\n"
            "  rates: references/commission_rates.csv\n"
            "  categories: [category_3, category_2, category_1]\n"
            "  tasks: monthly_tasks\n"
            "  excluded: gift\n"
            "  refunded: refunded\n"
            "  cross_border: cross_border\n"
        ),
    )
    yield CampaignPolicy(
        name="product_card_statement",
        schema={
            "type": "object",
            "properties": {
                "orders": _TEXT,
                "of": _TEXT,
                "window": {"type": ["string", "object"]},
                "refunds": {"type": "boolean"},
                "currency": _TEXT,
            },
            "required": ["orders", "of"],
        },
        expand=statement,
        doc="What the orders of a store come to: due, waived, charged, taken back by refunds.",
        example="month: {kind: product_card_statement, orders: settled, of: waiver, refunds: true}",
    )
