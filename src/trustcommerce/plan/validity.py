"""Rows of pack files that references match: one for each key, or periods without gap or overlap."""

import itertools

from trustcommerce import codes
from trustcommerce.diagnostics import Problems
from trustcommerce.model import FileTable, Reference

__all__ = ["check_rows"]


def check_rows(reference: Reference, file: FileTable, problems: Problems) -> None:
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
                problems.add(
                    codes.DUPLICATE_MATCH,
                    f"a second row for {shown}",
                    file.lines[i],
                    f"the first is on line {file.lines[members[0]].line}",
                )
        else:
            _check_periods(file, members, bounds, shown, problems)


def _check_periods(
    file: FileTable, members: list[int], bounds: tuple[int, int], shown: str, problems: Problems
) -> None:
    for i in members:
        since, until = file.rows[i][bounds[0]], file.rows[i][bounds[1]]
        if since is not None and until is not None and str(since) >= str(until):
            problems.add(codes.VALIDITY, f"this period of {shown} ends before it begins", file.lines[i])
            return
    ordered = sorted(members, key=lambda i: str(file.rows[i][bounds[0]] or ""))
    for before, after in itertools.pairwise(ordered):
        end, start = file.rows[before][bounds[1]], file.rows[after][bounds[0]]
        if end != start:
            what = "overlap" if end is None or (start is not None and str(start) < str(end)) else "leave a gap"
            problems.add(
                codes.VALIDITY,
                f"the periods of {shown} {what} here",
                file.lines[after],
                "each period begins where the one before it ends",
            )
