"""Sentences of reason codes: what explanations and reports say for them."""

from trustcommerce.plan.pack import PackPlan
from trustcommerce.plan.shape import NodeShape

__all__ = ["reason_texts"]


def reason_texts(plan: PackPlan) -> dict[str, dict[str, str]]:
    """Sentences of reason codes: the pack's own, titles of parts, then those of the registry."""
    texts: dict[str, dict[str, str]] = {code: dict(each.texts) for code, each in plan.registry.reason_texts.items()}

    def visit(shape: NodeShape) -> None:
        said = [(shape.reason, shape.title), *((each.reason, each.title) for each in shape.adjustments)]
        said += [(each.reason, each.title) for each in shape.limits]
        said += [(each.reason, each.title) for each in shape.exceptions if each.reason is not None]
        for code, title in said:
            if code and title:
                texts.setdefault(code, dict(title.texts))
        for child in shape.children:
            visit(child)

    for ruleset in plan.rulesets.values():
        for version in ruleset.versions:
            titles = {each.name: each.title for each in version.outputs}
            for shape in version.scores:
                visit(shape)
                for line in shape.lines:
                    title = titles.get(line.path) or titles.get(line.path.rpartition(".")[2])
                    if title:
                        texts.setdefault(line.reason, dict(title.texts))
    for code, title in plan.pack.reasons.items():
        texts[code] = dict(title.texts)
    return texts
