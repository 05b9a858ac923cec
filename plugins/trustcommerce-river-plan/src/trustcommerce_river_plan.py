"""The river plan (川流计划): creators distribute a merchant's goods, and its own live room gets traffic for that.

Three policies. `river_plan` shares traffic among merchants that own their room and keep it running, by what
distribution of their good products earned; `river_reward` shares traffic among the creators who distributed them;
`river_audience` says which buyers of distributed goods are shown the merchant's own room.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from trustcommerce.plugin import CampaignPolicy, Use, hookimpl

__version__ = "0.1.0"

_TEXT = {"type": "string"}
_EXPRESSION = {"type": ["string", "number", "boolean"]}
_WHOLE = {"type": "integer", "minimum": 0}
_POOL = ("amount", "budget", "unit", "at_least", "at_most", "within", "left_over", "rounding", "reserve")
_SHARED: dict[str, Any] = {
    "orders": _TEXT,
    "good": _EXPRESSION,
    "paid": _TEXT,
    "window": {"type": ["string", "object"]},
    "currency": _TEXT,
    "amount": _EXPRESSION,
    "budget": _EXPRESSION,
    "unit": _TEXT,
    "at_least": _EXPRESSION,
    "at_most": _EXPRESSION,
    "within": {"type": ["string", "array"]},
    "left_over": _TEXT,
    "rounding": _TEXT,
    "reserve": {"type": "object"},
}


def _schema(more: Mapping[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": {**_SHARED, **more}, "required": list(required)}


def _good_sales(given: Mapping[str, Any]) -> dict[str, Any]:
    """What orders of good products earned."""
    return {
        "title": {"zh": "优质好物分销额", "en": "Distributed sales of good products"},
        "unit": given.get("currency", "CNY"),
        "sum": given.get("paid", "paid"),
        "from": given["orders"],
        "where": given["good"],
        "window": given.get("window", "30 days"),
    }


def _pool(given: Mapping[str, Any], among: str, weight: str, title: Mapping[str, str]) -> dict[str, Any]:
    said = {key: given[key] for key in _POOL if key in given}
    return {"title": title, "unit": "impressions", "method": "proportional", "among": among, "weight": weight, **said}


def river_plan(use: Use) -> dict[str, dict[str, Any]]:
    """Merchants share traffic by the sales that creators made of their good products."""
    given, name, window = use.given, use.name, use.given.get("window", "30 days")
    conditions = [f"{name}_creators >= {given.get('creators', 3)}"]
    if "lives" in given:
        conditions.append(f"{name}_live_days >= {given.get('live_days', 12)}")
    conditions += [f"({each})" for each in given.get("conditions", ())]
    metrics: dict[str, Any] = {
        f"{name}_creators": {
            "title": {"zh": "分销达人数", "en": "Creators who sold"},
            "distinct": given.get("creator", "creator_id"),
            "from": given["orders"],
            "window": window,
        },
        f"{name}_good_sales": _good_sales(given),
    }
    if "lives" in given:
        metrics[f"{name}_live_days"] = {
            "title": {"zh": "自播天数", "en": "Days with a live room of its own"},
            "distinct": f"date_trunc('day', {given.get('started_at', 'started_at')})",
            "from": given["lives"],
            "window": window,
        }
    eligible = {"title": {"zh": "参与资格", "en": "Eligible"}, "value": " and ".join(conditions)}
    title = {"zh": "川流流量", "en": "River traffic"}
    return {
        "metrics": metrics,
        "values": {f"{name}_eligible": eligible},
        "pools": {name: _pool(given, f"{name}_eligible", f"{name}_good_sales", title)},
    }


def river_reward(use: Use) -> dict[str, dict[str, Any]]:
    """Creators share traffic by the sales that they made of good products of merchants in the plan."""
    given, name = use.given, use.name
    conditions = [f"{name}_good_sales > 0", *(f"({each})" for each in given.get("conditions", ()))]
    title = {"zh": "川流达人激励", "en": "River reward for creators"}
    return {
        "metrics": {f"{name}_good_sales": _good_sales(given)},
        "pools": {name: _pool(given, " and ".join(conditions), f"{name}_good_sales", title)},
    }


def river_audience(use: Use) -> dict[str, dict[str, Any]]:
    """For each buyer the merchants it spent most with, for each merchant the buyers who spent most."""
    given, name = use.given, use.name
    conditions = [f"{name}_good_sales > 0", *([f"({given['running']})"] if "running" in given else [])]
    merchants, buyers = given.get("merchants", 3), given.get("buyers", 200_000)
    sales, near = f"{name}_good_sales", f"{name}_rank_for_buyer"
    rank = {"rank": sales, "order": "descending"}
    chosen = f"{name}_wanted and {near} <= {merchants}"
    return {
        "metrics": {
            sales: _good_sales({"window": "90 days", **given}),
            near: {**rank, "within": given.get("buyer", "buyer_id"), "where": f"{name}_wanted"},
            f"{name}_rank_for_merchant": {
                **rank,
                "within": given.get("merchant", "merchant_id"),
                "where": f"coalesce({chosen}, false)",
            },
        },
        "values": {f"{name}_wanted": {"value": " and ".join(conditions)}},
        "resources": {
            name: {
                "title": {"zh": "推荐自播间", "en": "Show the merchant's own room"},
                "value": f"{chosen} and {name}_rank_for_merchant <= {buyers}",
                "missing": False,
            }
        },
    }


@hookimpl
def trustcommerce_campaign_policies() -> Iterable[CampaignPolicy]:
    """Traffic for merchants, the reward to creators, and the audience."""
    conditions = {"conditions": {"type": "array", "items": _EXPRESSION}}
    yield CampaignPolicy(
        name="river_plan",
        schema=_schema(
            {
                **conditions,
                "creator": _TEXT,
                "creators": _WHOLE,
                "lives": _TEXT,
                "live_days": _WHOLE,
                "started_at": _TEXT,
            },
            ("orders", "good"),
        ),
        expand=river_plan,
        doc="Merchants whose goods creators sell, and whose room runs, share traffic by the sales of good products.",
        example=(
            "river:\n"
            "  kind: river_plan\n"
            "  amount: 750000000\n"
            "  orders: distributed\n"
            "  good: is_good\n"
            "  lives: lives\n"
            "  conditions: [owner, 'coalesce(store.score >= 70, false)']\n"
            "  left_over: carry\n"
        ),
    )
    yield CampaignPolicy(
        name="river_reward",
        schema=_schema(conditions, ("orders", "good")),
        expand=river_reward,
        doc="Creators share traffic by what they sold of good products of merchants in the plan.",
        example="reward: {kind: river_reward, amount: 250000000, orders: sold, good: is_good, at_most: 5000000}",
    )
    yield CampaignPolicy(
        name="river_audience",
        schema={
            "type": "object",
            "properties": {
                **{key: _SHARED[key] for key in ("orders", "good", "paid", "window", "currency")},
                "running": _EXPRESSION,
                "buyer": _TEXT,
                "merchant": _TEXT,
                "merchants": _WHOLE,
                "buyers": _WHOLE,
            },
            "required": ["orders", "good"],
        },
        expand=river_audience,
        doc="Which buyers of distributed goods see the merchant's room: the best merchants of each, the best buyers.",
        example="show_room: {kind: river_audience, orders: bought, good: is_good, running: merchant.running}",
    )
