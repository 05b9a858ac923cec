"""pack.yaml and the reference files -> `Pack`: tables, column types, typed rows."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, SourceFile, Span
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.types import LIMIT, TYPE_NAMES, UNKNOWN, Kind, Type, implied_by_unit, parse_type, power
from trustcommerce.model import nodes
from trustcommerce.model.calendars import read_calendars
from trustcommerce.model.pack import ColumnSpec, FileTable, Pack, TableSpec
from trustcommerce.model.values import parse_cell
from trustcommerce.read import Mapping, Node, PackFiles, Scalar, Sequence

__all__ = ["read_header"]

_SYNONYMS = {
    name: f"write `{ours}`"
    for ours, names in {
        "text": ("string", "str", "varchar", "char"),
        "integer": ("int", "int64", "bigint", "long", "count"),
        "number": ("float", "double", "real", "float64"),
        "boolean": ("bool",),
        "timestamp": ("datetime",),
        "decimal(4)": ("decimal", "numeric"),
        "CNY": ("money", "amount", "rmb", "yuan"),
    }.items()
    for name in names
}
Path = tuple[str | int, ...]


def read_header(files: PackFiles, broken: Iterable[Path], problems: Problems) -> Pack:
    """The pack's header with its tables, and every declared reference file typed and read."""
    tree = files.header
    bad = {tuple(map(str, path[:2])) for path in broken}
    tables = dict(_tables(tree, "tables", bad, problems))
    declared = dict(_tables(tree, "files", bad, problems))
    held = {}
    for name, spec in declared.items():
        text = _reference(name, spec, files, problems)
        if text is not None:
            held[name] = _read_rows(text, spec, problems)
    _check_zone(tree.get("time_zone"), problems)
    reasons = tree.get("reasons")
    calendars, closed = read_calendars(tree.get("calendars"), bad, declared, held, problems)
    return Pack(
        name=nodes.text(tree.get("pack"), files.folder.name),
        version=nodes.text(tree.get("version")),
        title=nodes.title(tree.get("title")),
        notice=nodes.title(tree.get("notice")),
        currency=nodes.text(tree.get("currency")) or None,
        time_zone=nodes.text(tree.get("time_zone")) or None,
        tables=tables,
        files=held,
        broken=frozenset(path[1] for path in bad if len(path) > 1 and path[0] in ("tables", "files"))
        | (declared.keys() - held.keys())
        | files.unread
        | closed
        | {f"{name}.key" for name, each in {**tables, **declared}.items() if set(each.key) - each.columns.keys()},
        reasons={e.key.text: nodes.title(e.value) for e in reasons} if isinstance(reasons, Mapping) else {},
        calendars=calendars,
        grids={name: file for name, file in files.references.items() if file is not None},
    )


def _check_zone(node: Node | None, problems: Problems) -> None:
    """A time zone of the IANA database, where the machine has one."""
    if isinstance(node, Scalar):
        import zoneinfo

        known = zoneinfo.available_timezones()
        if known and node.text not in known:
            problems.add(codes.BAD_TYPE, f"no time zone `{node.text}`", node.span, did_you_mean(node.text, known))


def _tables(
    tree: Mapping, block: str, bad: set[tuple[str, ...]], problems: Problems
) -> Iterable[tuple[str, TableSpec]]:
    node = tree.get(block)
    for entry in node if isinstance(node, Mapping) else ():
        if (block, entry.key.text) in bad or not isinstance(entry.value, Mapping):
            continue
        columns = entry.value.get("columns")
        assert isinstance(columns, Mapping)
        specs = {e.key.text: _column(e.key, e.value, problems) for e in columns}
        key = nodes.texts(entry.value.get("key"))
        for name in key:
            if name not in specs:
                problems.add(
                    codes.UNKNOWN_COLUMN,
                    f"key `{name}` is no column of `{entry.key.text}`",
                    (entry.value.get("key") or entry.value).span,
                    did_you_mean(name, specs),
                )
        yield (
            entry.key.text,
            TableSpec(
                name=entry.key.text,
                title=nodes.title(entry.value.get("title")),
                key=key,
                time=_time(entry.value, entry.key.text, specs, problems),
                source=nodes.text(entry.value.get("source"), entry.key.text),
                columns=specs,
                span=entry.key.span,
            ),
        )


def _time(table: Mapping, name: str, columns: dict[str, ColumnSpec], problems: Problems) -> str | None:
    """The column that tells when a row came to be: a moment that is never missing."""
    node = table.get("time")
    if node is None:
        return None
    column = columns.get(nodes.text(node))
    if column is None:
        problems.add(
            codes.UNKNOWN_COLUMN,
            f"time `{nodes.text(node)}` is no column of `{name}`",
            node.span,
            did_you_mean(nodes.text(node), columns),
        )
        return None
    if column.type.kind not in (Kind.DATE, Kind.TIMESTAMP, Kind.UNKNOWN):
        problems.add(codes.TYPE_MISMATCH, f"time `{column.name}` is {column.type.null(False)}, no moment", node.span)
        return None
    if column.type.nullable:
        problems.add(
            codes.MAYBE_MISSING,
            f"time `{column.name}` may be missing",
            node.span,
            "the time of a table says when a row came to be: declare the column without `?`",
        )
        return None
    return column.name


def _column(key: Scalar, node: Node, problems: Problems) -> ColumnSpec:
    mapping = node if isinstance(node, Mapping) else None
    said = node if mapping is None else mapping.get("type")
    unit = mapping.get("unit") if mapping else None
    type_ = _type(said, unit, node, problems)
    limits = mapping.get("range") if mapping else None
    if isinstance(limits, Sequence) and type_.numeric:
        type_ = _ranged(type_, limits, problems)
    elif isinstance(limits, Sequence) and type_ != UNKNOWN:
        problems.add(codes.BAD_RANGE, f"a range for {type_.null(False)}, which is no number", limits.span)
    return ColumnSpec(
        name=key.text,
        type=type_,
        title=nodes.title(mapping.get("title") if mapping else None),
        source=nodes.text(mapping.get("source") if mapping else None, key.text),
        span=key.span,
    )


def _type(said: Node | None, unit: Node | None, node: Node, problems: Problems) -> Type:
    if not isinstance(said, Scalar):
        implied = implied_by_unit(nodes.text(unit)) if unit is not None else None
        if implied is None:
            problems.add(codes.BAD_TYPE, "a column says its `type`", node.span, f"one of {', '.join(TYPE_NAMES)}")
            return UNKNOWN
        return implied
    found = parse_type(said.text)
    if found is None:
        problems.add(
            codes.BAD_TYPE,
            f"no type `{said.text}`",
            said.span,
            _SYNONYMS.get(said.text.rstrip("?").lower())
            or did_you_mean(said.text.rstrip("?"), TYPE_NAMES)
            or f"one of {', '.join(TYPE_NAMES)}",
        )
        return UNKNOWN
    if unit is not None:
        implied = implied_by_unit(nodes.text(unit))
        if not found.numeric or (implied is not None and implied.kind is Kind.EXACT and found.scale != implied.scale):
            problems.add(codes.UNIT_MISMATCH, f"a column of type {found} can't be in {nodes.text(unit)}", unit.span)
        found = found.with_unit(nodes.text(unit))
    return found


def _ranged(type_: Type, limits: Sequence, problems: Problems) -> Type:
    low, high = (nodes.decimal(item) or Decimal(0) for item in limits)
    if low > high:
        problems.add(codes.BAD_RANGE, f"the range begins above its end: {low} > {high}", limits.span)
        return type_
    if type_.kind is Kind.NUMBER:
        return type_.within(float(low), float(high))
    scaled = [value * power(type_.scale) for value in (low, high)]
    if any(value != int(value) or abs(value) > LIMIT for value in scaled):
        problems.add(codes.BAD_RANGE, f"the range has more places or digits than {type_} holds", limits.span)
        return type_
    return type_.within(int(scaled[0]), int(scaled[1]))


def _reference(name: str, spec: TableSpec, files: PackFiles, problems: Problems) -> SourceFile | None:
    if ".." in name.split("/") or name.startswith("/") or not name.startswith("references/"):
        problems.add(
            codes.OUTSIDE_PACK,
            f"`{name}` does not lie in the pack's folder references/",
            spec.span,
            "a pack holds everything it needs: move the file to references/",
        )
        return None
    if name not in files.references:
        linked = (files.folder / name).exists()
        code = codes.OUTSIDE_PACK if linked else codes.UNREADABLE
        problems.add(
            code,
            f"{files.shown}/{name} " + ("leads out of the pack" if linked else "does not exist"),
            spec.span,
            did_you_mean(name, files.references),
        )
        return None
    return files.references[name]


def _read_rows(file: SourceFile, spec: TableSpec, problems: Problems) -> FileTable:
    """Typed rows of a CSV file; types come from the pack, never from the cells."""
    reader = csv.reader(io.StringIO(file.text), strict=True)
    starts = file.line_starts
    rows: list[tuple[object, ...]] = []
    lines: list[Span] = []
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            start, line = line, reader.line_num + 1
            end = len(file.text) if start >= len(starts) else starts[start] - 1
            span = Span(file, starts[start - 1], max(end, starts[start - 1] + 1))
            if header is None:
                header = cells
                if not _fits(header, spec, span, problems):
                    break
            elif len(cells) not in (0, len(header)):
                problems.add(codes.BAD_CELL_VALUE, f"{len(cells)} cells under {len(header)} columns", span)
            elif cells:
                rows.append(_row(cells, header, spec, span, problems))
                lines.append(span)
    except csv.Error as error:
        at = starts[min(line, len(starts)) - 1]
        hint = "a quote is never closed" if "end of data" in str(error) else None
        problems.add(codes.BAD_CELL_VALUE, f"this is not CSV: {error}", Span(file, at, at + 1), hint)
    if header is None:
        problems.add(codes.EMPTY_FILE, "this file must hold a header and rows", Span(file, 0, 1))
    types = _narrowed(spec, rows)
    return FileTable(spec=evolve(spec, columns=types), rows=tuple(rows), lines=tuple(lines))


def _fits(header: list[str], spec: TableSpec, span: Span, problems: Problems) -> bool:
    """Whether the file has the declared columns, in any order; a misspelt one is reported once."""
    sources = [column.source for column in spec.columns.values()]
    strange = [name for name in header if name not in sources]
    absent = [name for name in sources if name not in header]
    for i, name in enumerate(header):
        at = _cell_span(header, i, span)
        if name in strange:
            hint = did_you_mean(name, absent)
            problems.add(codes.COLUMNS_DIFFER, f"column `{name}` is not declared in pack.yaml", at, hint)
        elif name in header[:i]:
            problems.add(codes.COLUMNS_DIFFER, f"column `{name}` stands twice", at)
    for name in absent:
        if not did_you_mean(name, strange):
            problems.add(codes.COLUMNS_DIFFER, f"declared column `{name}` is not in the file", span)
    return not strange and not absent and len(set(header)) == len(header)


def _row(cells: list[str], header: list[str], spec: TableSpec, span: Span, problems: Problems) -> tuple[object, ...]:
    places = {name: i for i, name in enumerate(header)}
    return tuple(
        _cell(cells[places[c.source]], c, _cell_span(cells, places[c.source], span), problems)
        for c in spec.columns.values()
    )


def _cell_span(cells: list[str], index: int, line: Span) -> Span:
    """Where a cell stands; the whole line when quotes make that uncertain."""
    if ",".join(cells) != line.file.text[line.start : line.end].rstrip("\r"):
        return line
    start = line.start + sum(len(cell) + 1 for cell in cells[:index])
    return Span(line.file, start, start + max(1, len(cells[index])))


def _cell(text: str, column: ColumnSpec, span: Span, problems: Problems) -> object:
    if column.type.kind is Kind.UNKNOWN:
        return None
    if text == "":
        if not column.type.nullable:
            problems.add(
                codes.MISSING_CELL,
                f"`{column.name}` is empty and its type is {column.type}",
                span,
                "fill the cell, or declare the column with `?`",
            )
        return None
    value = parse_cell(text, column.type)
    if value is None:
        problems.add(codes.BAD_CELL_VALUE, f"`{column.name}` is `{text}`, which is no {column.type.null(False)}", span)
        return None
    low, high = column.type.low, column.type.high
    if isinstance(value, int | float) and low is not None and high is not None and not low <= value <= high:
        problems.add(codes.OUT_OF_RANGE, f"`{column.name}` is `{text}`, outside its range", span)
    return value


def _narrowed(spec: TableSpec, rows: list[tuple[object, ...]]) -> dict[str, ColumnSpec]:
    """Columns with the range their cells really have: the proof against overflow needs no more."""
    narrowed = {}
    for i, (name, column) in enumerate(spec.columns.items()):
        values = [v for row in rows if isinstance(v := row[i], int | float) and not isinstance(v, bool)]
        type_ = column.type.within(min(values), max(values)) if column.type.numeric and values else column.type
        narrowed[name] = evolve(column, type=type_)
    return narrowed
