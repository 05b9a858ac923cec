"""References lowered: the most specific matching row of a file, table or rule set, as columns."""

import itertools
import re
from collections.abc import Sequence
from functools import partial

from attrs import field, mutable

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Column, Expr, Literal, columns, poison
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.operations import constant, retype
from trustcommerce.language.relations import Field, Match, Relation, Table
from trustcommerce.language.types import BOOLEAN, DATE, UNKNOWN, Kind, Type
from trustcommerce.model import Reference
from trustcommerce.plan.context import Context
from trustcommerce.plan.origins import OriginRows, Shared
from trustcommerce.plan.validity import check_rows
from trustcommerce.read import Scalar

__all__ = ["References"]

_BARE = re.compile(r"(?<![\w.'`\"])[^\W\d]\w*(?![\w.(])")


@mutable
class _Instance:
    """A reference as one metric sees it: `match` may ask for the metric's name."""

    rows: OriginRows | None
    on: tuple[Field, ...] = ()
    candidates: tuple[tuple[Expr, ...], ...] = ()
    valid: tuple[str, str, Expr] | None = None
    when: Expr | None = None
    order: tuple[str, ...] = ()
    broken: bool = False
    used: dict[str, Field] = field(factory=dict)


class References:
    """The references of one rule set as one scope sees them, each lowered when it is first read."""

    def __init__(self, context: Context, shared: Shared) -> None:
        self.context, self.shared = context, shared
        self.instances: dict[tuple[str, str], _Instance] = {}
        self.known: dict[str, dict[str, Type]] = {}
        for reference in context.ruleset.references.values():
            columns = self._columns(reference)
            if columns is None:
                own = context.facts is not None and reference.target in context.facts.making
                read = self._of_itself if own and reference.kind == "facts" else _of_nothing
                context.references[reference.name] = partial(read, reference)
                continue
            if "matched" in columns:
                flag = f"`{reference.name}.matched` tells whether there is a row"
                said = f"{flag}, and `{reference.target}` has such a column"
                hint = "declare the column under another name: `its_name: {source: matched}`"
                context.problems.add(codes.DUPLICATE_NAME, said, reference.source, hint)
            self.known[reference.name] = columns
            context.reference_columns[reference.name] = tuple(columns)
            for name, node in reference.otherwise.items() if isinstance(reference.otherwise, dict) else ():
                if name not in columns:
                    context.ops.error(
                        codes.UNKNOWN_COLUMN,
                        f"`{reference.target}` has no column `{name}`",
                        node.span,
                        did_you_mean(name, columns),
                    )
            context.references[reference.name] = partial(self._read, reference, columns)

    # -- sources

    def _columns(self, reference: Reference) -> dict[str, Type] | None:
        """Columns of the source with their types, None when there is no such source."""
        if reference.kind == "file":
            return self._file_columns(reference)
        rows = self._rows(reference)
        if rows is None or rows.broken:
            return None
        self._check_key(reference, rows)
        return {name: rows.context.columns[name].type for name in rows.context.columns} | {
            name: rows.context.value(name).type for name in rows.origin.columns
        }

    def _rows(self, reference: Reference) -> OriginRows | None:
        """The rows of a reference that is no pack file, lowered anew for each scope that reads it."""
        if reference.kind == "facts":
            facts = self.context.facts
            other = facts.rows(reference.target, reference.source) if facts is not None else None
            if other is None:
                return None
            rows = OriginRows(reference.origin, self.shared, other)
        else:
            rows = OriginRows(reference.origin, self.shared)
        rows.lower()
        return rows

    def _file_columns(self, reference: Reference) -> dict[str, Type] | None:
        context, target = self.context, reference.target
        origin = reference.origin
        for key, said in (
            ("where", origin.where),
            ("columns", origin.columns),
            ("keep", origin.keep),
            ("known_at", origin.known_at),
            ("when", reference.when),
        ):
            if said:
                context.problems.add(
                    codes.UNKNOWN_KEY,
                    f"`{key}` says nothing for a file of the pack",
                    origin.keys.get(key, reference.span),
                    "a file holds just the rows that are meant: edit the file",
                )
        file = context.pack.files.get(target)
        if file is not None:
            check_rows(reference, file, context.problems)
            return {name: c.type for name, c in file.spec.columns.items()}
        if target in context.pack.broken:
            return None
        if ".." in target or target.startswith("/"):
            context.problems.add(
                codes.OUTSIDE_PACK,
                f"`{target}` does not lie in the pack's folder references/",
                reference.source,
                "a pack holds everything it needs",
            )
            return None
        known = list(context.pack.files)
        hint = did_you_mean(target, known) or f"pack.yaml declares {', '.join(known) or 'none'}"
        context.problems.add(codes.UNKNOWN_TABLE, f"no file `{target}`", reference.source, hint)
        return None

    def _check_key(self, reference: Reference, rows: OriginRows) -> None:
        """A match gives one row: it holds the whole key, or `keep` says which."""
        on = {column for column, _, _ in reference.match}
        if not on <= rows.context.columns.keys() | rows.origin.columns.keys():
            return  # reported where the column is read
        picked = "keep" in reference.origin.keys or reference.valid is not None
        whole = bool(rows.key) and set(rows.key) <= on
        if not whole and not picked and f"{reference.target}.key" not in self.context.pack.broken:
            self.context.problems.add(
                codes.DUPLICATE_MATCH,
                f"`{reference.target}` may have several rows for the same {', '.join(sorted(on))}",
                reference.span,
                f"match its whole key: {', '.join(rows.key) or 'it has none'}; or say which row: `keep`",
            )

    # -- reading

    def _read(self, reference: Reference, columns: dict[str, Type], column: str, metric: str, span: Span) -> Expr:
        if column not in columns:
            return self.context.ops.error(
                codes.UNKNOWN_NAME,
                f"`{reference.name}` has no column `{column}`",
                span,
                did_you_mean(column, columns) or f"it has {', '.join(columns)}",
            )
        name, instance = self._instance(reference, columns, metric)
        if instance.broken or columns[column].kind is Kind.UNKNOWN:
            return poison(span)
        return self._value(reference, name, instance, column, columns[column], span)

    def _of_itself(self, reference: Reference, column: str, metric: str, span: Span) -> Expr:
        """Rows that are read while they are being made."""
        return self.context.ops.error(
            codes.CYCLE,
            f"`{reference.name}` reads the rows of fact `{reference.target}`, which are made with it",
            span,
            "let the reference read the table that the fact is made from",
        )

    def _value(
        self, reference: Reference, name: str, instance: _Instance, column: str, type_: Type, span: Span
    ) -> Expr:
        if instance.rows is not None:
            instance.rows.read(column, span)
        instance.used[column] = Field(column, type_)
        if reference.otherwise == "error":
            return Column(f"{name}.{column}", type_, span)
        found = Column(f"{name}.{column}", type_.null(), span)
        if not isinstance(reference.otherwise, dict) or column not in reference.otherwise:
            return found
        node = reference.otherwise[column]
        default = constant(node.value if isinstance(node, Scalar) else None, node.span)
        if type_.kind is Kind.LABEL:
            fitted = self.context.ops.as_label(default, type_.labels)
        else:
            pair = self.context.ops.unify([retype(found, type_), default], node.span, "the column and its default are")
            fitted = poison(span) if pair is None else pair[1]
        if fitted.type == UNKNOWN:
            return poison(span)
        matched = Column(f"{name}.matched", BOOLEAN, span)
        chosen = self.context.ops.case([(matched, retype(found, type_))], fitted)
        return self.context.define_once(f"{name}.{column} or else", chosen)

    def asks(self, name: str) -> bool:
        """Whether what a reference finds differs from metric to metric."""
        reference = self.context.ruleset.references.get(name)
        return reference is not None and _asks(reference)

    def check_unused(self, rows: Sequence["References"]) -> None:
        """Say what is wrong with references that nothing reads, and leave no trace of them.

        Args:
            rows: The same references as the rows of facts see them.
        """
        scopes = [self, *rows]
        read = {name for scope in scopes for name, _ in scope.instances}
        for reference in self.context.ruleset.references.values():
            if reference.name in read or _asks(reference):
                continue
            scope = min(scopes, key=lambda each: each._strange(reference))
            columns = scope.known.get(reference.name)
            if columns is not None:
                before = set(scope.context.used)
                scope._match(reference, columns, reference.name)
                scope.context.used = before

    def _strange(self, reference: Reference) -> int:
        """How many words of the conditions of a reference mean nothing in this scope."""
        texts = [text for _, texts, _ in reference.match for text in texts]
        texts += [each for each in (reference.when, reference.valid[2] if reference.valid else None) if each]
        names = set(self.context.names())
        return sum(word not in names for text in texts for word in _BARE.findall(text.text))

    def _instance(self, reference: Reference, columns: dict[str, Type], metric: str) -> tuple[str, _Instance]:
        asks = _asks(reference)
        name = f"{reference.name}[{metric}]" if asks else reference.name
        key = (reference.name, metric if asks else "")
        if key not in self.instances:
            with self.context.alone():
                self.instances[key] = found = self._match(reference, columns, name)
            self.context.add(partial(self.match, key), partial(_reads, found, f"{name}."))
        return name, self.instances[key]

    def _match(self, reference: Reference, columns: dict[str, Type], name: str) -> _Instance:
        broken = False
        choices: list[list[Expr]] = []
        for column, texts, span in reference.match:
            if column not in columns:
                self.context.ops.error(
                    codes.UNKNOWN_COLUMN,
                    f"`{reference.target}` has no column `{column}`",
                    span,
                    did_you_mean(column, columns),
                )
                broken = True
                continue
            found = [self._candidate(text, columns[column]) for text in texts]
            broken = broken or any(each.type == UNKNOWN for each in found)
            choices.append(found)
        valid = self._valid(reference, columns)
        rows = self._rows(reference) if reference.kind != "file" else None
        instance = _Instance(
            rows=rows,
            on=tuple(Field(column, columns[column]) for column, _, _ in reference.match if column in columns),
            candidates=tuple(itertools.product(*choices)),
            valid=None if isinstance(valid, str) else valid,
            broken=broken or valid == "broken",
        )
        if rows is not None:
            self._narrow(reference, rows, instance, name)
        return instance

    def _narrow(self, reference: Reference, rows: OriginRows, instance: _Instance, name: str) -> None:
        """The further condition and the order of a reference, read from the rows that it matches."""
        for each in instance.on:
            rows.read(each.name, reference.span)
        for column in instance.valid[:2] if instance.valid is not None else ():
            rows.read(column, reference.span)
        if reference.when is not None:
            read: dict[str, Field] = {}
            before = self.context.aliases.get(reference.name)
            self.context.aliases[reference.name] = rows.alias(name, read)
            instance.when = self.context.certain(reference.when, None, "wrap it: `coalesce(..., false)`")
            del self.context.aliases[reference.name]
            if before is not None:
                self.context.aliases[reference.name] = before
            instance.used.update(read)
            instance.broken = instance.broken or instance.when.type == UNKNOWN
        keep = reference.origin.keep
        if keep is None:
            return
        order = []
        for text in keep.order:
            found = rows.read(text.text.strip(), text.span())
            instance.broken = instance.broken or found.type == UNKNOWN
            if found.type.nullable:
                self.context.ops.error(
                    codes.MAYBE_MISSING,
                    f"`{text.text}` may be missing, and the order of rows must be certain",
                    text.span(),
                    "order by columns that are never missing",
                )
            order.append(text.text.strip())
        if not rows.key or not set(rows.key) <= {*order, *(each.name for each in instance.on)}:
            self.context.ops.error(
                codes.UNORDERED,
                "two rows may be equal in this order",
                reference.origin.spans.get("keep.order", keep.span),
                f"end the order with the key: {', '.join(rows.key) or 'declare one in pack.yaml'}",
            )
        instance.order = tuple(order)

    def _candidate(self, text: Text, type_: Type) -> Expr:
        ops = self.context.ops
        found = constant("*", text.span()) if text.text.strip() == "*" else self.context.bind(text)
        if found.type.kind is Kind.LABEL and type_.kind is Kind.TEXT:
            branches = [
                (ops.compare("eq", found, Literal(i, found.type.null(False))), constant(name))
                for i, name in enumerate(found.type.labels)
            ]
            found = ops.case(branches[:-1], branches[-1][1])
        checked = ops.compare("eq", Column("a", type_), found, text.span())
        if checked.type == UNKNOWN:
            return checked
        return ops.as_key(found, type_)

    def _valid(self, reference: Reference, columns: dict[str, Type]) -> tuple[str, str, Expr] | str | None:
        if reference.valid is None:
            return None
        start, end, at = reference.valid
        for column, span in zip((start, end), reference.valid_spans, strict=True):
            if column not in columns:
                self.context.ops.error(
                    codes.UNKNOWN_COLUMN,
                    f"`{reference.target}` has no column `{column}`",
                    span,
                    did_you_mean(column, columns),
                )
                return "broken"
            if columns[column].kind not in (Kind.DATE, Kind.TIMESTAMP, Kind.UNKNOWN):
                self.context.ops.error(
                    codes.TYPE_MISMATCH, f"`{column}` is {columns[column].null(False)}, no date", span
                )
                return "broken"
        moment = self.context.bind(at) if at is not None else Column("as_of", DATE)
        checked = self.context.ops.compare("ge", moment, Column("a", columns[start].null(False)), reference.span)
        return "broken" if checked.type == UNKNOWN else (start, end, moment)

    # -- the relation

    def match(self, key: tuple[str, str], source: Relation) -> Match | None:
        """The join for one reference, over the rows of `source`; None when it is broken."""
        (name, metric), instance = key, self.instances[key]
        if instance.broken:
            return None
        reference = self.context.ruleset.references[name]
        keep = reference.origin.keep
        rows = self._table(reference) if instance.rows is None else instance.rows.relation()
        return Match(
            source=source,
            name=f"{name}[{metric}]" if metric else name,
            rows=rows,
            fields=tuple(instance.used.values()),
            on=instance.on,
            candidates=instance.candidates,
            valid=instance.valid,
            when=instance.when,
            pick=None if keep is None else "first" if keep.first else "last",
            order=instance.order,
            required=reference.otherwise == "error",
        )

    def _table(self, reference: Reference) -> Table:
        file = self.context.pack.files[reference.target]
        return Table(reference.target, tuple(Field(n, c.type) for n, c in file.spec.columns.items()), file.rows)


def _of_nothing(reference: Reference, column: str, metric: str, span: Span) -> Expr:
    """A reference that can't be read, which is reported already."""
    return poison(span)


def _asks(reference: Reference) -> bool:
    """Whether a reference asks for the name of the metric: then each metric sees its own row."""
    said = [text for _, texts, _ in reference.match for text in texts]
    said += [each for each in (reference.when, reference.valid[2] if reference.valid else None) if each is not None]
    return any("metric" in _BARE.findall(text.text) for text in said)


def _reads(instance: _Instance, own: str) -> set[str]:
    """Columns of the left rows that a match needs."""
    exprs = [each for row in instance.candidates for each in row]
    exprs += [instance.valid[2]] if instance.valid is not None else []
    found = {name for each in exprs for name in columns(each)}
    inner = columns(instance.when) if instance.when is not None else set()
    return found | {name for name in inner if not name.startswith(own)}
