"""References lowered: the most specific matching row of a file, table or rule set, as columns."""

import itertools
from collections.abc import Mapping
from functools import partial

from attrs import field, mutable

from trustcommerce import codes
from trustcommerce.diagnostics import Span
from trustcommerce.language.bind import Text
from trustcommerce.language.expressions import Column, Expr, Literal, poison
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.operations import constant, retype
from trustcommerce.language.relations import Field, Match, Relation, Table
from trustcommerce.language.types import BOOLEAN, DATE, UNKNOWN, Kind, Type
from trustcommerce.model import FileTable, Reference
from trustcommerce.plan.context import Context
from trustcommerce.read import Scalar

__all__ = ["References"]


@mutable
class _Instance:
    """A reference as one metric sees it: `match` may ask for the metric's name."""

    on: tuple[str, ...]
    on_fields: tuple[Field, ...]
    candidates: tuple[tuple[Expr, ...], ...]
    valid: tuple[str, str, Expr] | None
    broken: bool
    used: dict[str, Field] = field(factory=dict)


class References:
    """The references of one rule set, each lowered when it is first read."""

    def __init__(
        self, context: Context, results: Mapping[str, Mapping[str, Type]], keys: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.context, self.results, self.keys = context, results, keys
        self.instances: dict[tuple[str, str], _Instance] = {}
        self.known: dict[str, dict[str, Type]] = {}
        for reference in context.ruleset.references.values():
            columns = self._columns(reference)
            if columns is None:
                context.references[reference.name] = lambda column, metric, span: poison(span)
                continue
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
        context, target = self.context, reference.target
        if reference.kind == "file":
            file = context.pack.files.get(target)
            if file is not None:
                self._check_rows(reference, file)
                return {name: c.type for name, c in file.spec.columns.items()}
            known = list(context.pack.files)
        elif reference.kind == "table":
            table = context.pack.tables.get(target)
            if table is not None:
                self._check_key(reference, table.key)
                return {name: c.type for name, c in table.columns.items()}
            known = list(context.pack.tables)
        else:
            if target in self.results:
                self._check_key(reference, self.keys[target])
                return dict(self.results[target])
            known = []
        if target in context.pack.broken:
            return None
        if reference.kind == "file" and (".." in target or target.startswith("/")):
            context.problems.add(
                codes.OUTSIDE_PACK,
                f"`{target}` does not lie in the pack's folder references/",
                reference.source,
                "a pack holds everything it needs",
            )
            return None
        if reference.kind != "ruleset":
            hint = did_you_mean(target, known) or f"pack.yaml declares {', '.join(known) or 'none'}"
            context.problems.add(codes.UNKNOWN_TABLE, f"no {reference.kind} `{target}`", reference.source, hint)
        return None

    def _check_key(self, reference: Reference, key: tuple[str, ...]) -> None:
        on = {column for column, _, _ in reference.match}
        if on != set(key) and f"{reference.target}.key" not in self.context.pack.broken:
            self.context.problems.add(
                codes.DUPLICATE_MATCH,
                f"`{reference.target}` may have several rows for the same {', '.join(sorted(on))}",
                reference.span,
                f"match its whole key: {', '.join(key) or 'it has none'}",
            )

    def _check_rows(self, reference: Reference, file: FileTable) -> None:
        """No two rows match the same key on the same day; validity has no gap."""
        names = list(file.spec.columns)
        on = [names.index(column) for column, _, _ in reference.match if column in names]
        if len(on) != len(reference.match):
            return
        bounds = None
        if reference.valid is not None and reference.valid[0] in names and reference.valid[1] in names:
            bounds = names.index(reference.valid[0]), names.index(reference.valid[1])
        groups: dict[tuple[object, ...], list[int]] = {}
        for i, row in enumerate(file.rows):
            groups.setdefault(tuple(row[j] for j in on), []).append(i)
        for key, members in groups.items():
            shown = ", ".join(map(str, key))
            if bounds is None:
                for i in members[1:]:
                    self.context.problems.add(
                        codes.DUPLICATE_MATCH,
                        f"a second row for {shown}",
                        file.lines[i],
                        f"the first is on line {file.lines[members[0]].line}",
                    )
            else:
                self._check_periods(file, members, bounds, shown)

    def _check_periods(self, file: FileTable, members: list[int], bounds: tuple[int, int], shown: str) -> None:
        for i in members:
            since, until = file.rows[i][bounds[0]], file.rows[i][bounds[1]]
            if since is not None and until is not None and str(since) >= str(until):
                self.context.problems.add(
                    codes.VALIDITY, f"this period of {shown} ends before it begins", file.lines[i]
                )
                return
        ordered = sorted(members, key=lambda i: str(file.rows[i][bounds[0]] or ""))
        for before, after in itertools.pairwise(ordered):
            end, start = file.rows[before][bounds[1]], file.rows[after][bounds[0]]
            if end != start:
                what = "overlap" if end is None or (start is not None and str(start) < str(end)) else "leave a gap"
                self.context.problems.add(
                    codes.VALIDITY,
                    f"the periods of {shown} {what} here",
                    file.lines[after],
                    "each period begins where the one before it ends",
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

    def _value(
        self, reference: Reference, name: str, instance: _Instance, column: str, type_: Type, span: Span
    ) -> Expr:
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

    def check_unused(self) -> None:
        """Say what is wrong with references that nothing reads, and leave no trace of them."""
        read = {name for name, _ in self.instances}
        before = set(self.context.used)
        for reference in self.context.ruleset.references.values():
            columns = self.known.get(reference.name)
            if columns is not None and reference.name not in read and not _asks(reference):
                self._match(reference, columns)
        self.context.used = before

    def _instance(self, reference: Reference, columns: dict[str, Type], metric: str) -> tuple[str, _Instance]:
        asks = _asks(reference)
        name = f"{reference.name}[{metric}]" if asks else reference.name
        key = (reference.name, metric if asks else "")
        if key not in self.instances:
            self.instances[key] = self._match(reference, columns)
            self.context.steps.append(key)
        return name, self.instances[key]

    def _match(self, reference: Reference, columns: dict[str, Type]) -> _Instance:
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
        broken = broken or valid == "broken"
        return _Instance(
            on=tuple(column for column, _, _ in reference.match),
            on_fields=tuple(Field(column, columns[column]) for column, _, _ in reference.match if column in columns),
            candidates=() if broken else tuple(itertools.product(*choices)),
            valid=None if isinstance(valid, str) else valid,
            broken=broken,
        )

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
        if type_.kind is Kind.EXACT and found.type.kind is Kind.EXACT:
            return ops.rescale(found, type_.scale)
        return found

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
        return Match(
            source=source,
            name=f"{name}[{metric}]" if metric else name,
            table=self._table(reference),
            input=None if reference.kind == "file" else reference.target,
            kind=reference.kind,
            fields=tuple(instance.used.values()),
            on=instance.on,
            on_fields=instance.on_fields,
            candidates=instance.candidates,
            valid=instance.valid,
            required=reference.otherwise == "error",
        )

    def _table(self, reference: Reference) -> Table | None:
        if reference.kind != "file":
            return None
        file = self.context.pack.files[reference.target]
        return Table(reference.target, tuple(Field(n, c.type) for n, c in file.spec.columns.items()), file.rows)


def _asks(reference: Reference) -> bool:
    """Whether `match` asks for the name of the metric: then each metric sees its own row."""
    return any(text.text.strip() == "metric" for _, texts, _ in reference.match for text in texts)
