"""The block `pools` of a rule set -> `Pool`."""

from trustcommerce.language.bind import Text
from trustcommerce.model import nodes
from trustcommerce.model.pools import Pool, Reserve
from trustcommerce.model.read_items import ItemReader
from trustcommerce.read import Entry, Mapping, Scalar
from trustcommerce.registry import POOL_KEYS

__all__ = ["PoolReader"]


class PoolReader(ItemReader):
    """Reads pools: their shape is checked already."""

    def pools(self) -> dict[str, Pool]:
        return {entry.key.text: self.pool(entry) for entry in self.block("pools")}

    def pool(self, entry: Entry) -> Pool:
        node = entry.value if isinstance(entry.value, Mapping) else Mapping((), entry.value.span, 0)
        missing = node.get("missing")
        return Pool(
            name=entry.key.text,
            title=nodes.title(node.get("title")),
            about=nodes.text(node.get("about")),
            amount=nodes.expression(node.get("amount")),
            budget=nodes.expression(node.get("budget")),
            unit=nodes.text(node.get("unit")) or None,
            among=nodes.expression(node.get("among")),
            missing=missing.value if isinstance(missing, Scalar) and isinstance(missing.value, bool) else None,
            method=nodes.text(node.get("method")),
            weight=nodes.expression(node.get("weight")),
            at_least=nodes.expression(node.get("at_least")),
            at_most=nodes.expression(node.get("at_most")),
            within=self.expressions(node.get("within")),
            reserves=self.reserves(node.get("reserve")),
            rounding=nodes.text(node.get("rounding")) or None,
            carried=nodes.text(node.get("left_over")) == "carry",
            more=self._more(node),
            in_force=self.in_force(node),
            broken=self.bad("pools", entry.key.text),
            keys=nodes.keys(node),
            span=entry.key.span,
        )

    @staticmethod
    def _more(node: Mapping) -> dict[str, Text]:
        """Keys that a method of a plugin has."""
        found = {entry.key.text: nodes.expression(entry.value) for entry in node if entry.key.text not in POOL_KEYS}
        return {name: text for name, text in found.items() if text is not None}

    def reserves(self, node: object) -> tuple[Reserve, ...]:
        found = []
        for entry in node if isinstance(node, Mapping) else ():
            each = entry.value
            if not isinstance(each, Mapping) or not self.in_force(each):
                continue
            among, amount = nodes.expression(each.get("among")), nodes.expression(each.get("amount"))
            if among is not None and amount is not None:
                title = nodes.title(each.get("title"))
                found.append(Reserve(name=entry.key.text, title=title, among=among, amount=amount, span=entry.key.span))
        return tuple(found)
