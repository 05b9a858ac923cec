"""The rows of one fact: its columns, exclusions, what is kept of them, and what is measured."""

import re
from collections.abc import Callable, Iterable

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Column, Expr, Literal, poison
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.operations import constant
from trustcommerce.language.presence import present_where_true
from trustcommerce.language.relations import Exists, Field, Gather, Measure, Rank, Relation, Scan
from trustcommerce.language.types import BOOLEAN, INTEGER, UNKNOWN
from trustcommerce.model import Exclusion, Fact
from trustcommerce.model import Item as ItemSpec
from trustcommerce.plan.context import Context, helper
from trustcommerce.plan.hints import of_subject
from trustcommerce.plan.items import lower_item
from trustcommerce.plan.origins import OriginRows, Shared
from trustcommerce.plan.references import References

__all__ = ["FactRows"]

POSITION = INTEGER.within(1, 10**12)
_ANSWER = "wrap it: `coalesce(..., false)`"
_WORD = re.compile(r"[^\W\d]\w*")


class FactRows(OriginRows):
    """The rows of one fact, and what is measured of them.

    Args:
        subject: The subjects' scope; None while the subjects themselves are made from a fact.
        facts: All facts of the rule set, for references that read one.
        number: Lowers a column that numbers rows.
        other: The rows of another fact that these are made from.
    """

    def __init__(
        self,
        fact: Fact,
        shared: Shared,
        subject: Context | None,
        facts: object,
        number: "Callable[[ItemSpec, FactRows], Expr]",
        other: OriginRows | None,
    ) -> None:
        super().__init__(fact.origin, shared, other)
        self.fact, self.subject, self._number = fact, subject, number
        self.measures: list[Measure] = []
        self._outer: dict[str, str] = {}
        self.flags: dict[str, str] = {}
        self._kept: dict[tuple[tuple[str, ...], str], Expr] = {}
        if self.broken:
            return
        context = self.context
        context.facts = facts
        context.elsewhere = lambda name: of_subject(name, shared)
        self.references = References(context, shared)
        if subject is not None and shared.ruleset.fact is None:
            name = shared.ruleset.subject
            if name not in context.references:
                context.aliases[name] = self._of_subject
        self._numbered = [name for name, item in fact.origin.columns.items() if item.metric is not None]
        self._in_where = True
        self.lower()
        self._in_where = False

    @property
    def certain(self) -> set[str]:
        """Columns that are never missing in rows that are seen."""
        return present_where_true(self._where)

    @property
    def outer(self) -> dict[str, str]:
        """The subject's columns that these rows read, or those that they are made from."""
        return {**(self.other.outer if isinstance(self.other, FactRows) else {}), **self._outer}

    @property
    def stored(self) -> set[str]:
        """Columns of the table that the rows lie in, none of them computed."""
        return self.other.stored if isinstance(self.other, FactRows) else set(self.context.columns)

    def fact_span(self, key: str, member: str = "") -> Span:
        """Where the fact says `key`, or one member of its list."""
        spans = self.origin.spans
        return spans.get(f"{key}.{member}") or spans.get(key, self.fact.span)

    # -- scope

    def _of_subject(self, column: str, span: Span) -> Expr:
        """A column of the subject, beside each of its rows."""
        subject = self.subject
        assert subject is not None
        name = self.shared.ruleset.subject
        if column not in subject.columns:
            return self.context.ops.error(
                codes.UNKNOWN_NAME,
                f"`{name}` has no column `{column}`",
                span,
                did_you_mean(column, subject.columns) or "rows of facts see the subject's columns, not its items",
            )
        strange = [each for each in self.fact.key if each not in self.stored]
        if strange:
            said = f"rows of `{self.fact.name}` find their subject by `{strange[0]}`, which is computed"
            hint = f"rows that read `{name}.{column}` need a key that is a column of their table"
            return self.context.ops.error(codes.FORBIDDEN_SYNTAX, said, span, hint)
        subject.used.add(column)
        self._outer[f"{name}.{column}"] = column
        return Column(f"{name}.{column}", subject.columns[column].type, span)

    def computed(self, item: ItemSpec) -> Expr:
        if item.metric is None:
            return lower_item(item, self.context)
        if self._in_where:
            return self.context.ops.error(
                codes.CYCLE,
                f"`{item.name}` numbers the rows that `where` leaves",
                self.fact_span("where"),
                "use `keep`, or say it in the metric's `where`",
            )
        return self._number(item, self)

    # -- what counts

    @property
    def differs(self) -> bool:
        """Whether rows that are excluded differ from metric to metric."""
        return any(_asks(each, self.references) for each in self.fact.exclude)

    def eligible(self, exclude: tuple[str, ...] | None, span: Span | None) -> list[tuple[str, Expr]]:
        """Conditions that a row is not excluded; `exclude` says by which reasons, all by default."""
        names = [each.name for each in self.fact.exclude]
        for name in exclude or ():
            if name not in names:
                hint = did_you_mean(name, names) or f"there are {', '.join(names) or 'none'}"
                self._error(codes.UNKNOWN_NAME, f"`{self.fact.name}` has no exclusion `{name}`", span, hint)
        chosen = [each for each in self.fact.exclude if exclude is None or each.name in exclude]
        ops = self.context.ops
        return [(f"not {each.name}", ops.negate(self._flag(each))) for each in chosen]

    def _flag(self, exclusion: Exclusion) -> Expr:
        """Whether the row is excluded for this reason, as a column."""
        asks = _asks(exclusion, self.references)
        metric = self.context.metric or ""
        name = helper("excluded", exclusion.name) + (f"[{metric}]" if asks else "")
        known = self.context.known(name)
        if known is None:
            known = self._lower_flag(exclusion, name)
            if isinstance(known, Column):
                self.flags[name] = exclusion.name
        return known

    def _lower_flag(self, exclusion: Exclusion, name: str) -> Expr:
        context = self.context
        if exclusion.origin is None:
            assert exclusion.when is not None
            found = context.certain(exclusion.when, None, _ANSWER)
            return found if found.type == UNKNOWN else context.define(name, found)
        other = OriginRows(exclusion.origin, self.shared)
        if other.broken:
            return poison(exclusion.span)
        other.lower()
        checked_only = OriginRows(exclusion.origin, self.shared)  # what is not read has no place in the plan
        for column in exclusion.origin.columns:
            checked_only.context.value(column)
        on = []
        for column, texts, span in exclusion.match:
            if len(texts) > 1:
                said = "an exclusion matches one value: any row that goes with it excludes, so none comes first"
                hint = f"say it in `when`: `{exclusion.name}.{column} in ({', '.join(each.text for each in texts)})`"
                return context.ops.error(codes.WRONG_SHAPE, said, span, hint)
            theirs, ours = other.read(column, span), context.bind(texts[0]) if texts else poison(span)
            checked = context.ops.compare("eq", theirs, ours, span)
            if checked.type == UNKNOWN:
                return checked
            on.append((column, context.ops.as_key(ours, theirs.type)))
        fields: dict[str, Field] = {column: Field(column, other.read(column, None).type) for column, _ in on}
        when = None
        if exclusion.when is not None:
            before = context.aliases.get(exclusion.name)
            context.aliases[exclusion.name] = other.alias(exclusion.name, fields)
            when = context.certain(exclusion.when, None, _ANSWER)
            del context.aliases[exclusion.name]
            if before is not None:
                context.aliases[exclusion.name] = before
            if when.type == UNKNOWN:
                return when

        def build(source: Relation) -> Relation:
            return Exists(
                source=source,
                name=name,
                alias=exclusion.name,
                rows=other.relation(),
                fields=tuple(fields.values()),
                on=tuple(on),
                when=when,
            )

        context.add(build)
        return context.define(name, Column(name, BOOLEAN, exclusion.span))

    def kept(self, exclude: tuple[str, ...] | None, span: Span | None) -> list[tuple[str, Expr]]:
        """Conditions of `exclude` and `keep`: what is left of the rows before any window."""
        left = self.eligible(exclude, span)
        keep = self.origin.keep
        if keep is None:
            return left
        chosen = tuple(sorted(exclude)) if exclude is not None else ("*",)
        metric = self.context.metric or "" if self.differs else ""
        key = (chosen, metric)
        if key not in self._kept:
            place = self._place(f"keep[{','.join(chosen)}{metric}]", left)
            ops = self.context.ops
            count = constant(keep.count)
            within = ops.compare("le", place, count) if place.type != UNKNOWN else place
            self._kept[key] = within if within.type == UNKNOWN else ops.is_truth(within, True)
        return [*left, (f"kept {'first' if keep.first else 'last'} {keep.count}", self._kept[key])]

    def _place(self, name: str, left: list[tuple[str, Expr]]) -> Expr:
        """The place of each row among those of its subject and group, from the end that is kept."""
        keep, context = self.origin.keep, self.context
        assert keep is not None
        last = not keep.first
        order = self.ordered(keep.order, descending=last, span=self.fact_span("keep", "order"), back=last)
        within = [context.bind(text) for text in keep.per]
        if order is None or any(each.type == UNKNOWN for each in within):
            return poison(keep.span)
        return self.rank(name, "position", order, within, left)

    def ordered(
        self, texts: Iterable[Text], descending: bool, span: Span | None, back: bool = False
    ) -> tuple[tuple[Expr, bool], ...] | None:
        """A total order of rows: the expressions, then the id, with `back` the largest first; None is reported."""
        found = [(self.context.bind(text), text) for text in texts]
        for each, text in found:
            if each.type.nullable and each.type != UNKNOWN:
                self._error(
                    codes.MAYBE_MISSING,
                    f"`{text.text}` may be missing, and the order of rows must be certain",
                    text.span(),
                    "order by what is never missing",
                )
        if any(each.type == UNKNOWN for each, _ in found):
            return None
        if not self.fact.id:
            self._error(
                codes.UNORDERED,
                f"two rows of `{self.fact.name}` may be equal in this order",
                span,
                "say the fact's `id`: it decides between equals",
            )
            return None
        said = {each.name for each, _ in found if isinstance(each, Column)}
        if not {*self.key} <= {*said, *self.fact.id, *self.fact.key}:
            self._error(
                codes.UNORDERED,
                f"two rows of `{self.fact.name}` may be equal in this order",
                span,
                f"the `id` tells rows apart: let it hold the key, {', '.join(self.key)}",
            )
            return None
        ids = [self.read(name, None) for name in self.fact.id if name not in said]
        return tuple([(each, descending) for each, _ in found] + [(each, back) for each in ids])

    def rank(
        self,
        name: str,
        form: str,
        order: tuple[tuple[Expr, bool], ...],
        within: list[Expr],
        left: list[tuple[str, Expr]],
        value: Expr | None = None,
    ) -> Column:
        """A column that numbers the rows of each subject (and group) that are left."""
        key = [self.read(each, None) for each in self.fact.key]
        where = self.context.ops.logic("and", [condition for _, condition in left])
        trivial = isinstance(where, Literal) and where.value is True
        type_ = POSITION if value is None else INTEGER.within(None, None)
        if value is not None:
            type_ = value.type.within(-(10**15), 10**15)
        type_ = type_.null(not trivial)

        def build(source: Relation) -> Relation:
            return Rank(
                source=source,
                name=name,
                form=form,
                order=order,
                within=(*key, *within),
                where=None if trivial else where,
                value=value,
                type=type_,
            )

        self.context.add(build)
        return Column(name, type_)

    # -- measuring

    def measure(self, measure: Measure) -> Column:
        """A measure as a column of the subject; the same one twice is one."""
        self.measures.append(measure)
        return Column(measure.name, measure.type)

    def gather(self) -> Gather:
        """Every measure of this fact, over subjects that the chain puts below it."""
        titles = {self.fact.name: self.fact.title, **{each.name: each.title for each in self.fact.exclude}}
        subject = self.shared.ruleset
        fields = self.subject.columns if self.subject is not None else {}
        nothing = Scan(table="", key=(), fields=())
        return Gather(
            source=nothing,
            fact=self.fact.name,
            rows=self.relation(),
            key=self.fact.key,
            on=tuple(fields[name] for name in subject.key),
            outer=tuple(sorted(self.outer.items())),
            measures=tuple(self.measures),
            flags=tuple(sorted(self.flags.items())),
            id=self.fact.id,
            show=tuple(Field(name, self.read(name, None).type) for name in self.fact.show),
            titles=tuple((name, tuple(title.texts.items())) for name, title in titles.items() if title.texts),
        )


def _asks(exclusion: Exclusion, references: References) -> bool:
    """Whether a reason asks for the name of the metric: then rows are excluded from some metrics only."""
    said = [text.text for _, texts, _ in exclusion.match for text in texts]
    said += [exclusion.when.text] if exclusion.when is not None else []
    words = {word for text in said for word in _WORD.findall(text)}
    return "metric" in words or any(references.asks(word) for word in words)
