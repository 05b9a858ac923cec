"""What the invented marketplace sells, and what is usual in each industry and category."""

from attrs import frozen

__all__ = ["CATEGORIES", "CONTENT", "GROUP_CYCLE", "INDUSTRIES", "SHOP_TYPES", "Category", "Content", "Industry"]


@frozen(kw_only=True)
class Industry:
    """An industry's usual store.

    Args:
        share: Of all stores.
        categories: What it sells, with shares.
        promise: Hours from payment within which an order must be shipped.
        delivery: Hours from shipping to delivery.
        regret: Share of orders that buyers send back because they changed their minds.
    """

    share: float
    categories: dict[str, float]
    promise: int
    delivery: int
    regret: float


@frozen(kw_only=True)
class Category:
    """A category: its parent, the median price in fen, and the share of orders returned for quality."""

    parent: str
    price: int
    quality_returns: float


@frozen(kw_only=True)
class Content:
    """What creators of one main category reach: share of creators, three rates, seconds watched for each opening."""

    share: float
    opens: float
    completions: float
    interactions: float
    seconds: float


INDUSTRIES = {
    "apparel": Industry(
        share=0.30, categories={"apparel.women": 0.65, "apparel.men": 0.35}, promise=48, delivery=50, regret=0.07
    ),
    "food": Industry(
        share=0.16,
        categories={"food.snacks": 0.6, "food.tea": 0.2, "pets.food": 0.2},
        promise=48,
        delivery=40,
        regret=0.02,
    ),
    "fresh": Industry(
        share=0.10, categories={"food.fruit": 0.7, "fresh.seafood": 0.3}, promise=24, delivery=27, regret=0.01
    ),
    "beauty": Industry(
        share=0.14, categories={"beauty.skin": 0.7, "beauty.makeup": 0.3}, promise=48, delivery=44, regret=0.03
    ),
    "home": Industry(
        share=0.14, categories={"home.kitchen": 0.6, "home.textiles": 0.4}, promise=48, delivery=56, regret=0.03
    ),
    "digital": Industry(
        share=0.08, categories={"digital.audio": 0.6, "digital.parts": 0.4}, promise=24, delivery=38, regret=0.04
    ),
    "jewelry": Industry(
        share=0.08, categories={"jewelry.jade": 0.6, "jewelry.pearls": 0.4}, promise=72, delivery=62, regret=0.05
    ),
}
SHOP_TYPES = {"ordinary": 0.45, "flagship": 0.20, "franchise": 0.15, "individual": 0.20}
CATEGORIES = {
    "apparel.women": Category(parent="apparel", price=8_900, quality_returns=0.0070),
    "apparel.men": Category(parent="apparel", price=9_900, quality_returns=0.0080),
    "food.snacks": Category(parent="food", price=2_990, quality_returns=0.0045),
    "food.tea": Category(parent="food", price=6_900, quality_returns=0.0040),
    "pets.food": Category(parent="pets", price=6_990, quality_returns=0.0180),
    "food.fruit": Category(parent="food", price=3_990, quality_returns=0.0160),
    "fresh.seafood": Category(parent="fresh", price=9_900, quality_returns=0.0150),
    "beauty.skin": Category(parent="beauty", price=12_900, quality_returns=0.0040),
    "beauty.makeup": Category(parent="beauty", price=7_900, quality_returns=0.0045),
    "home.kitchen": Category(parent="home", price=5_990, quality_returns=0.0110),
    "home.textiles": Category(parent="home", price=11_900, quality_returns=0.0090),
    "digital.audio": Category(parent="digital", price=15_900, quality_returns=0.0110),
    "digital.parts": Category(parent="digital", price=3_900, quality_returns=0.0100),
    "jewelry.jade": Category(parent="jewelry", price=39_900, quality_returns=0.0090),
    "jewelry.pearls": Category(parent="jewelry", price=25_900, quality_returns=0.0080),
}
GROUP_CYCLE = (*CATEGORIES, "apparel.women", "apparel.men", "food.snacks", "food.fruit", "beauty.skin")
"""Categories of the groups of comparable goods, in turn: big categories come twice."""
CONTENT = {
    "apparel": Content(share=0.32, opens=0.125, completions=0.185, interactions=0.062, seconds=44.0),
    "food": Content(share=0.24, opens=0.115, completions=0.225, interactions=0.052, seconds=38.0),
    "beauty": Content(share=0.18, opens=0.135, completions=0.245, interactions=0.072, seconds=50.0),
    "home": Content(share=0.12, opens=0.105, completions=0.205, interactions=0.050, seconds=32.0),
    "digital": Content(share=0.08, opens=0.085, completions=0.165, interactions=0.032, seconds=55.0),
    "jewelry": Content(share=0.06, opens=0.095, completions=0.155, interactions=0.082, seconds=66.0),
}
