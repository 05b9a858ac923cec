"""Windows lowered: what was written -> half-open bounds over `as_of`, or several chosen by rules."""

import re

from attrs import frozen

from trustcommerce import codes
from trustcommerce.language.bind import Text
from trustcommerce.language.calendar import Interval
from trustcommerce.language.expressions import Column, Expr, Literal, columns
from trustcommerce.language.names import did_you_mean
from trustcommerce.language.operations import constant
from trustcommerce.language.types import DATE, TIMESTAMP, UNKNOWN, Kind, Type
from trustcommerce.model import Window
from trustcommerce.plan.context import Context

__all__ = ["Bounds", "Branch", "lower_window"]

_ROLLING = re.compile(r"([0-9]{1,6})\s+(calendar\s+)?([a-z]+?)s?\Z")
_CALENDAR = ("week", "month", "quarter", "year")
_EXAMPLES = "write `30 days`, `6 months`, `1 calendar month`, `this quarter`, `all`, or the name of a window"


@frozen
class Bounds:
    """A half-open span; None is unbounded. `label` is what explanations call it."""

    since: Expr | None
    until: Expr | None
    label: str


@frozen
class Branch:
    """A window, and the condition over the subject under which it is chosen; None is the rest."""

    when: Expr | None
    bounds: Bounds


def lower_window(window: Window, context: Context, seen: tuple[str, ...] = ()) -> list[Branch] | None:
    """The windows that `window` may be, the last without a condition; None when something is wrong.

    Args:
        context: The subject's scope.
        seen: Names of windows being lowered.
    """
    several = [key for key in ("last", "from", "rules") if key in window.keys]
    if len(several) > 1 or (window.rules and "until" in window.keys):
        other = several[1] if len(several) > 1 else "until"
        said = f"this window says both `{several[0]}` and `{other}`"
        context.ops.error(codes.AMBIGUOUS_FORM, said, window.keys[other], "keep one of them")
        return None
    if window.rules:
        return _chosen(window, context, seen)
    if window.since is not None:
        since = _bound(window.since, context)
        until = _bound(window.until, context) if window.until is not None else Column("as_of", DATE)
        if UNKNOWN in (since.type, until.type):
            return None
        shown = f"from {window.since.text}" + (f" until {window.until.text}" if window.until else "")
        return [Branch(None, Bounds(since, until, shown))]
    if window.last is None:
        hint = "say `last: 30 days`, or `from` beside `until`"
        context.ops.error(codes.BAD_WINDOW, "this window does not say where it begins", window.span.head(), hint)
        return None
    text = " ".join(window.last.text.split())
    named = context.ruleset.windows.get(text)
    if named is not None:
        if text in seen:
            _cyclic(seen[seen.index(text) :], context)
            return None
        if window.until is not None:
            context.ops.error(
                codes.BAD_WINDOW,
                f"`{text}` already says where it ends",
                window.keys["until"],
                "say its length here: `last: 30 days`",
            )
            return None
        return lower_window(named, context, (*seen, text))
    if text in context.ruleset.broken:
        return None
    anchor: Expr = Column("as_of", DATE)
    if window.until is not None:
        anchor = _bound(window.until, context)
        if anchor.type == UNKNOWN:
            return None
    bounds = _span(text, window.last, anchor, context)
    return None if bounds is None else [Branch(None, bounds)]


def _chosen(window: Window, context: Context, seen: tuple[str, ...]) -> list[Branch] | None:
    found: list[Branch] = []
    for i, (when, then) in enumerate(window.rules):
        if (when is None) != (i == len(window.rules) - 1):
            context.ops.error(
                codes.NO_ELSE,
                "the last window says `else`, those before it `when`",
                (then if i < len(window.rules) - 1 else window.rules[-1][1]).span,
                "write `[{when: orders_30d < 30, then: 90 days}, {else: 30 days}]`",
            )
            return None
        branches = lower_window(then, context, seen)
        if branches is None:
            return None
        if len(branches) > 1:
            hint = "join their conditions: `when: vetted and orders_30d < 30`"
            context.ops.error(codes.BAD_WINDOW, "windows chosen by rules do not nest", then.span, hint)
            return None
        condition = None
        if when is not None:
            condition = context.certain(when, None, "wrap it: `coalesce(..., false)`")
            if condition.type == UNKNOWN:
                return None
        found.append(Branch(condition, branches[0].bounds))
    return found


def _bound(text: Text, context: Context) -> Expr:
    """A moment that depends on `as_of` alone."""
    found = context.bind(text)
    if found.type == UNKNOWN:
        return found
    if found.type.kind not in (Kind.DATE, Kind.TIMESTAMP):
        return context.ops.error(
            codes.TYPE_MISMATCH, f"a window begins and ends at dates, not {found.type}", text.span()
        )
    if not columns(found) <= {"as_of"}:
        return context.ops.error(
            codes.BAD_WINDOW,
            "a window's ends depend on `as_of` alone, so that they are the same for every subject",
            text.span(),
            f"compare with the subject in `where`: `paid_at >= {context.ruleset.subject}.opened_on`",
        )
    return found


def _span(text: str, said: Text, anchor: Expr, context: Context) -> Bounds | None:
    """Bounds of a window written as text."""
    ops = context.ops
    if text == "all":
        return Bounds(None, anchor, "all")
    if text.startswith("this ") and text[5:] in _CALENDAR:
        return Bounds(_start(text[5:], anchor, context), anchor, text)
    match = _ROLLING.match(text)
    interval = None if match is None else Interval.parse(f"{match.group(1)} {match.group(3)}")
    if match is None or interval is None:
        known = _known(text, context)
        if text in known:
            context.ops.error(codes.BAD_WINDOW, "a window is at most a century long", said.span(), "write `all`")
        else:
            hint = did_you_mean(text, known) or _EXAMPLES
            context.ops.error(codes.BAD_WINDOW, f"no window `{said.text}`", said.span(), hint)
        return None
    count, calendar, unit = match.group(1), match.group(2), match.group(3)
    if int(count) == 0:
        context.ops.error(codes.BAD_WINDOW, f"a window of {text} holds nothing", said.span())
        return None
    if calendar and unit not in _CALENDAR:
        hint = f"whole units of a calendar are {', '.join(f'{each}s' for each in _CALENDAR)}"
        context.ops.error(codes.BAD_WINDOW, f"no window `{said.text}`", said.span(), hint)
        return None
    length = Literal(interval, Type(Kind.INTERVAL))
    until = _start(unit, anchor, context) if calendar else anchor
    return Bounds(ops.sum("sub", until, length, said.span()), until, text)


def _start(unit: str, anchor: Expr, context: Context) -> Expr:
    """The first moment of the calendar unit that holds `anchor`."""
    function = context.registry.functions["date_trunc"]
    return context.ops.call(function, (constant(unit), context.ops.to_timestamp(anchor)), TIMESTAMP, None)


def _cyclic(names: tuple[str, ...], context: Context) -> None:
    """Report windows that are made from each other, once: at the first of them."""
    windows = context.ruleset.windows
    first = names.index(min(names, key=list(windows).index))
    path = (*names[first:], *names[:first], names[first])
    message = f"window `{path[0]}` is made from itself: {' -> '.join(path)}"
    context.ops.error(codes.CYCLE, message, windows[path[0]].span.head())


def _known(text: str, context: Context) -> list[str]:
    """What a window may be called, with the number that stands in `text`."""
    known = [*context.ruleset.windows, *(f"this {unit}" for unit in _CALENDAR), "all"]
    for count in re.findall("[0-9]+", text)[:1]:
        known += [f"{count} {unit}s" for unit in ("hour", "day", *_CALENDAR)]
        known += [f"{count} calendar {unit}s" for unit in _CALENDAR]
    return known
