"""Price power (价格力): what goods cost for as much of them, beside goods that compare.

Two kinds of metric: the price of a standard quantity, and the prices that comparable offers ask. A kind of decision:
the place among the subjects of one comparison group. A policy: the score of price power, which counts only while
quality passes.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from trustcommerce.plugin import CampaignPolicy, Function, Metric, ReasonText, RuleKind, Use, arrow_function, hookimpl

if TYPE_CHECKING:
    import pyarrow as pa

__version__ = "0.1.0"

MEASURES: Mapping[str, tuple[str, float]] = {
    "g": ("mass", 1),
    "kg": ("mass", 1000),
    "mg": ("mass", 0.001),
    "斤": ("mass", 500),
    "两": ("mass", 50),
    "ml": ("volume", 1),
    "l": ("volume", 1000),
    "cm": ("length", 1),
    "m": ("length", 100),
    "piece": ("count", 1),
    "件": ("count", 1),
}
"""What is measured by each, and how many of the smallest measure it has."""
STANDARD: Mapping[str, float] = {"mass": 100, "volume": 100, "length": 100, "count": 1}
"""Prices are for 100 g, 100 ml, 1 m and one piece."""
_SMALLEST: Mapping[str, str] = {"mass": "g", "volume": "ml", "length": "cm", "count": "piece"}
_WORDS: Mapping[str, str] = {
    **{each: each for each in MEASURES},
    "克": "g",
    "千克": "kg",
    "公斤": "kg",
    "毫克": "mg",
    "毫升": "ml",
    "升": "l",
    "厘米": "cm",
    "米": "m",
    **dict.fromkeys(["片", "个", "只", "支", "包", "袋", "瓶", "盒", "枚", "粒", "pcs", "pieces"], "piece"),
}
"""What measures are called in descriptions of goods."""
_COUNTS = "|".join(word for word, of in _WORDS.items() if of in ("piece", "件"))
_SIZE = re.compile(
    rf"(?<![\d.,])(?:(\d{{1,4}})\s*(?:{_COUNTS})?\s*[x*×]\s*)?(?<![\d.,])(\d{{1,6}}(?:\.\d{{1,3}})?)\s*"
    rf"({'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![a-wyz²³半])"
    rf"(?:\s*[x*×]\s*(\d{{1,4}})(?!\d)\s*(?:{_COUNTS})?)?(\s*[x*×]\s*\d)?",
    re.IGNORECASE,
)
"""So many packs, the size of one, so many packs again; what is multiplied once more is read by nobody."""
_QUANTILES = {"p10": ("1/10", "低价"), "p50": ("1/2", "中位价"), "p90": ("9/10", "高价")}
_TEXT = {"type": "string"}
_EXPRESSION = {"type": ["string", "number"]}
_GROUP = {"type": ["string", "array"]}
_GOODS = {"price": _EXPRESSION, "quantity": _EXPRESSION, "measure": _EXPRESSION, "size": _EXPRESSION}
_TITLE = {"zh": "价格力", "en": "Price power"}
_CODES = ("PRICE_ONLY_WITH_QUALITY", "FEW_COMPARABLE_OFFERS")


def _unit_price(given: Mapping[str, Any]) -> str:
    """The price of a standard quantity, missing where the quantity is not above 0 or nobody knows the measure.

    Of goods without a size it is the price itself, which stays exact money.
    """
    if not {"quantity", "measure", "size"} & given.keys():
        return str(given["price"])
    price, measure = f"({given['price']})", str(given.get("measure", "'piece'"))
    quantity = f"({given.get('quantity', 1)})"
    if "size" in given:
        quantity, measure = f"pack_quantity({given['size']})", f"pack_measure({given['size']})"
    if measure in MEASURES:
        measure = f"'{measure}'"
    known = " ".join(f"when '{name}' then {size / STANDARD[family]:.5f}" for name, (family, size) in MEASURES.items())
    size = f"case ({measure}) {known} else null end"
    return f"case when {quantity} > 0 then {price} / {quantity} / ({size}) else null end"


def _size(text: str) -> tuple[float, str] | None:
    """How much is in a pack by its description, in the smallest measure of its kind: `1.5kg` and `500g*3袋` are 1500 g.

    What is counted besides a mass, a volume or a length is the packing of it.
    """
    found = []
    for before, number, word, after, more in _SIZE.findall(text):
        family, size = MEASURES[_WORDS[word.lower()]]
        if more or (before and after) or ((before or after) and family == "length"):
            return None
        found.append((family, float(number) * size * int(before or after or 1)))
    sizes = [each for each in found if each[0] != "count"] or found
    return None if len(sizes) != 1 else (sizes[0][1], _SMALLEST[sizes[0][0]])


def _of_sizes(part: int, type_: str) -> Callable[["pa.Array"], "pa.Array"]:
    """Reads each description once, however many rows have it."""

    def compute(texts: "pa.Array") -> "pa.Array":
        import pyarrow as pa

        coded = texts.dictionary_encode()
        sizes = map(_size, coded.dictionary.to_pylist())
        return pa.array([size and size[part] for size in sizes], pa.type_for_alias(type_)).take(coded.indices)

    return compute


def unit_price(use: Use) -> dict[str, dict[str, Any]]:
    """What a standard quantity costs."""
    return {"metrics": {use.name: {"value": _unit_price(use.given), "better": "lower"}}}


def comparable_prices(use: Use) -> dict[str, dict[str, Any]]:
    """How many offers there are, and what the cheapest tenth, half and nine tenths of them ask at most."""
    given = use.given
    rows = {key: given[key] for key in ("window", "by", "exclude") if key in given}
    price = _unit_price(given)
    where = f"({price}) is not null" + (f" and ({given['where']})" if "where" in given else "")
    title = {"zh": "可比报价数", "en": "Comparable offers"}
    found: dict[str, Any] = {use.name: {"title": title, "count": given["from"], "where": where, **rows}}
    unit = {"unit": given["currency"]} if "currency" in given else {}
    for name, (share, said) in _QUANTILES.items():
        title = {"zh": f"同款{said} {name.upper()}", "en": f"Price at {name.upper()}"}
        of = {"quantile": price, "at": share, "from": given["from"], "where": where}
        found[f"{use.name}_{name}"] = {"title": title, **unit, **of, **rows}
    return {"metrics": found}


def price_position(use: Use) -> dict[str, dict[str, Any]]:
    """The mid-rank of the price in the comparison group, missing where too few are compared."""
    given, price, place, goods = use.given, f"{use.name}_price", f"{use.name}_place", f"{use.name}_goods"
    return {
        "metrics": {
            price: {"value": _unit_price(given), "better": "lower"},
            place: {"rank": price, "within": given["within"], "as": "percent", "unit": "ratio"},
            goods: {"sum": f"case when {price} is null then 0 else 1 end", "within": given["within"]},
        },
        use.block: {
            use.name: {
                "unit": "ratio",
                "value": f"case when {goods} >= {given.get('at_least', 5)} then {place} else null end",
            }
        },
    }


def price_power(use: Use) -> dict[str, dict[str, Any]]:
    """Points from 100 at the low end of comparable prices to 20 at the high one; 0 while quality does not pass."""
    given = use.given
    knots = zip((given["low"], given["middle"], given["high"]), given.get("points", [100, 70, 20]), strict=True)
    few, usual = f"coalesce({given['offers']}, 0) < {given.get('at_least', 5)}", given.get("otherwise", 60)
    bad, most = f"not coalesce({given['quality']}, false)", given.get("points", [100])[0]
    part = {
        "title": _TITLE,
        "weight": 100,
        "of": given["price"],
        "curve": [[price, points] for price, points in knots],
        "missing": usual,
        "exceptions": [
            {"when": bad, "then": 0, "missing": False, "reason": _CODES[0]},
            {"when": few, "then": usual, "missing": False, "reason": _CODES[1]},
            # where all offers ask the same, the last of equal knots would hold
            {"when": f"({given['price']}) <= ({given['low']})", "then": most, "missing": False},
        ],
    }
    return {"scores": {use.name: {"title": _TITLE, "range": [0, 100], "round": 0.01, "parts": {"price": part}}}}


@hookimpl
def trustcommerce_functions() -> Iterable[Function]:
    """Sizes out of descriptions, which no expression can read."""
    yield arrow_function(
        name="pack_quantity",
        parameters=("text",),
        result="number?",
        compute=_of_sizes(0, "float64"),
        doc="How much is in a pack by its description, in g, ml, cm or pieces; missing where it does not say one size.",
        example=("pack_quantity('绿茶 250g*2袋')", 500.0),
    )
    yield arrow_function(
        name="pack_measure",
        parameters=("text",),
        result="text?",
        compute=_of_sizes(1, "string"),
        doc="What `pack_quantity` is measured in: `g`, `ml`, `cm` or `piece`.",
        example=("pack_measure('Juice 1.5L')", "ml"),
    )


@hookimpl
def trustcommerce_metrics() -> Iterable[Metric]:
    """Prices of a standard quantity, and what comparable offers ask."""
    yield Metric(
        name="unit_price",
        schema={"type": "object", "properties": _GOODS, "required": ["price"]},
        expand=unit_price,
        doc="The price of 100 g, 100 ml, 1 m or one piece; `measure` is one of them or a text column.",
        example="per_100: {kind: unit_price, price: deal_price, quantity: net_weight, measure: g}",
    )
    yield Metric(
        name="comparable_prices",
        schema={
            "type": "object",
            "properties": {
                **_GOODS,
                "currency": _TEXT,
                "from": _TEXT,
                "window": {"type": ["string", "object"]},
                "by": _TEXT,
                "where": {"type": ["string", "boolean"]},
                "exclude": {"type": ["string", "array"]},
            },
            "required": ["price", "from", "window"],
        },
        expand=comparable_prices,
        doc="The number of offers, and beside it `NAME_p10`, `NAME_p50` and `NAME_p90` of their prices.",
        example="asked: {kind: comparable_prices, price: price, from: offers, window: 7 days}",
    )


@hookimpl
def trustcommerce_rule_kinds() -> Iterable[RuleKind]:
    """Where a price stands."""
    yield RuleKind(
        name="price_position",
        schema={
            "type": "object",
            "properties": {**_GOODS, "within": _GROUP, "at_least": {"type": "integer", "minimum": 1}},
            "required": ["price", "within"],
        },
        expand=price_position,
        doc="The mid-rank of the price among the subjects of the same `within`: near 0 for the cheapest of many.",
        example="place: {kind: price_position, price: deal_price, within: comparison_group, at_least: 5}",
    )


@hookimpl
def trustcommerce_campaign_policies() -> Iterable[CampaignPolicy]:
    """What a price is worth."""
    yield CampaignPolicy(
        name="price_power",
        schema={
            "type": "object",
            "properties": {
                **dict.fromkeys(("price", "low", "middle", "high", "offers", "quality"), _EXPRESSION),
                "points": {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
                "at_least": {"type": "integer", "minimum": 1},
                "otherwise": {"type": "number"},
            },
            "required": ["price", "low", "middle", "high", "offers", "quality"],
        },
        expand=price_power,
        doc="Points of a price between the prices of comparable offers; none while `quality`, a condition, fails.",
        example=(
            "power: {kind: price_power, price: per_100, low: group.p10, middle: group.p50, high: group.p90, "
            "offers: group.offers, quality: quality_power >= 60}"
        ),
    )


@hookimpl
def trustcommerce_reason_texts() -> Iterable[ReasonText]:
    """Why a price counts for nothing, or is not compared."""
    said = (
        ("品质未达标，价格力不计分", "price counts only while quality passes"),
        ("可比商品太少，按中性分计", "too few comparable offers to judge the price"),
    )
    return [ReasonText(code=code, texts={"zh": zh, "en": en}) for code, (zh, en) in zip(_CODES, said, strict=True)]
