"""What a decision says of pools: what the subject got, and the claim that it was measured by."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trustcommerce.explain.text import shown
from trustcommerce.model import Title
from trustcommerce.plan import ItemShape

__all__ = ["pool_data", "pool_lines"]

_PARTS = ("weight", "at_least", "at_most", "amount", "carried")
_WORDS = {
    "zh": {
        "none": "不参与",
        "claim": "份额由全体参与者共同决定",
        "weight": "权重 {}",
        "at_least": "至少 {}",
        "at_most": "至多 {}",
        "amount": "总量 {}",
        "carried": "其中上期结转 {}",
        "reserve": "其中 {} 来自{}",
    },
    "en": {
        "none": "takes no part",
        "claim": "what it gets depends on all who take part",
        "weight": "weight {}",
        "at_least": "at least {}",
        "at_most": "at most {}",
        "amount": "of {}",
        "carried": "{} of it left by the period before",
        "reserve": "{} from {}",
    },
}


def _pools(outputs: Sequence[ItemShape]) -> dict[str, tuple[Title, list[str]]]:
    """Pools with what is said of each, by name."""
    found: dict[str, tuple[Title, list[str]]] = {}
    for each in outputs:
        if each.block == "claims":
            pool, _, part = each.name.rpartition(".")
            found.setdefault(pool, (each.title, []))[1].append(part)
    return found


def pool_data(outputs: Sequence[ItemShape], value: Callable[[str], Any]) -> list[dict[str, Any]]:
    """The claims, and the grants where they are known, as plain data."""
    names = {each.name for each in outputs}
    found: list[dict[str, Any]] = []
    for pool, (title, parts) in _pools(outputs).items():
        claim = {part: value(f"{pool}.{part}") for part in parts}
        found.append({"pool": pool, "title": dict(title.texts), "claim": claim})
        if pool in names:
            found[-1]["granted"] = value(pool)
            reserves = [each for each in outputs if each.block == "reserves" and each.name.startswith(f"{pool}.")]
            shares: list[dict[str, Any]] = [
                {"reserve": each.name.rpartition(".")[2], "title": dict(each.title.texts), "granted": value(each.name)}
                for each in reserves
            ]
            if shares:
                found[-1]["reserves"] = shares
    return found


def pool_lines(outputs: Sequence[ItemShape], value: Callable[[str], Any], lang: str) -> list[str]:
    """A line for each pool."""
    words: Mapping[str, str] = _WORDS["zh" if lang.startswith("zh") else "en"]
    zh = lang.startswith("zh")
    comma, colon, left, right = ("，", "：", "（", "）") if zh else (", ", ": ", " (", ")")
    found = []
    for each, (title, _) in zip(pool_data(outputs, value), _pools(outputs).values(), strict=True):
        claim = each["claim"]
        name = title.get(lang, each["pool"])
        if claim.get("among") is False:
            found.append(f"{name}{colon}{words['none']}")
            continue
        parts = [
            words[part].format(shown(claim[part]))
            for part in _PARTS
            if part in claim and (part != "carried" or claim[part])
        ]
        own = [part for part in claim if part not in (*_PARTS, "among") and not part.startswith("within_")]
        parts += [f"{part} {shown(claim[part])}" for part in own]
        parts += [
            words["reserve"].format(shown(share["granted"]), Title(share["title"]).get(lang, share["reserve"]))
            for share in each.get("reserves", ())
            if share["granted"] and share["reserve"] != "rest"
        ]
        got = shown(each["granted"]) if "granted" in each else words["claim"]
        found.append(f"{name}{colon}{got}{left}{comma.join(parts)}{right}")
    return found
