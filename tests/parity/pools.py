"""Random pools over the subjects of random facts."""

import random

__all__ = ["make_pool"]


def make_pool(r: random.Random, i: int) -> list[str]:
    """Lines of the i-th pool of a rule set over events."""
    within = r.random() < 0.5
    amounts = ["1000", "0", "7", "25", "123456789012345", *(["case kind when 'a' then 50 else 300 end"] * within)]
    said = {"amount": r.choice(amounts)}
    if within:
        said["within"] = r.choice(["kind", "[kind, \"kind = 'a'\"]"])
    if r.random() < 0.5:
        said["among"] = r.choice(["seen > 1", "coalesce(total > 40, false)", "size > 300"])
    said["method"] = method = r.choice(["proportional", "proportional", "max_min", "top"])
    weights = ["seen", "size", "coalesce(total, 0)", "size * 1000000000 + seen"]
    if method != "max_min" or r.random() < 0.3:
        said["weight"] = r.choice(weights)
    if method != "top":
        if method == "max_min" or r.random() < 0.6:
            said["at_most"] = r.choice(["seen * 3", "size", "5", "least(size, 40)", "100000000000000"])
        if r.random() < 0.4:
            said["at_least"] = r.choice(["seen", "2", "size - 500", "4"])
        if r.random() < 0.6:
            said["rounding"] = r.choice(["largest_remainder", "webster"])
    if r.random() < 0.4:
        said["reserve"] = r.choice(
            [
                "{young: {among: size < 400, amount: 5}}",
                "{young: {among: size < 400, amount: 3}, old: {among: seen > 2, amount: 4}}",
            ]
        )
    if said["amount"] == "0":
        said.pop("reserve", None)
    if r.random() < 0.3:
        said["left_over"] = "carry"
    lines = [f"    {key}: {value}" if value[0] in "[{" else f'    {key}: "{value}"' for key, value in said.items()]
    return [f"  pool{i}:", *lines]
