"""Diagnosis of content (内容诊断), and short videos that lead to live orders (短直联动).

Four kinds of metric over the views of a subject's videos and rooms, or over totals of them: each a ratio of two counts
or an exact mean, beside a benchmark of the category, or what half and nine tenths of its peers reach, if that is asked
for; and a kind of decision that credits a live order to the last short video its buyer watched before.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from trustcommerce.plugin import Metric, ReasonText, RuleKind, Use, hookimpl

__version__ = "0.1.0"

_TEXT = {"type": "string"}
_EXPRESSION = {"type": ["string", "number", "boolean"]}
_VIEWS = {
    "from": _TEXT,
    "window": {"type": ["string", "object"]},
    "by": _TEXT,
    "where": _EXPRESSION,
    "exclude": {"type": ["string", "array"]},
    "sample": {"type": ["string", "object"]},
    "benchmark": _EXPRESSION,
    "peers": {"type": ["string", "array"]},
    "totals": {
        "type": "object",
        "properties": {"of": _EXPRESSION, "to": _EXPRESSION},
        "required": ["of", "to"],
        "additionalProperties": False,
    },
}
_AT = {"p50": "1/2", "p90": "9/10"}
_LEAST = {"at_least": 100, "else": "missing"}


def _schema(more: Mapping[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Of views, or of their totals, beside which nothing is said of views."""
    views = ("from", "window", "by", "where", "exclude", *more)
    return {
        "type": "object",
        "properties": {**_VIEWS, **more},
        "anyOf": [{"required": ["totals"]}, {"required": ["from", "window", *required]}],
        "dependentSchemas": {"totals": {"properties": {key: {"not": {}} for key in views}}},
    }


def _where(*conditions: Any) -> str:
    """All conditions that are said; the rows of views they count are certain."""
    return " and ".join(f"({each})" for each in conditions if each is not None)


def _beside(use: Use, said: Mapping[str, str], metric: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The metric, its relation to a benchmark (1 is just as good), and what peers reach."""
    metric = {"title": said, "better": "higher", "sample": use.given.get("sample", _LEAST), **metric}
    found: dict[str, dict[str, Any]] = {"metrics": {use.name: metric}}
    benchmark, peers = use.given.get("benchmark"), use.given.get("peers")
    for name, at in _AT.items() if peers is not None else ():
        title = {"zh": f"同类{said['zh']} {name.upper()}", "en": f"{said['en']} {name.upper()} of peers"}
        found["metrics"][f"{use.name}_{name}"] = {
            "title": title,
            "unit": metric["unit"],
            "quantile": use.name,
            "at": at,
            "within": peers,
        }
    if benchmark is not None:
        found["values"] = {f"{use.name}_to_benchmark": {"value": f"{use.name} / ({benchmark})", "unit": "ratio"}}
    return found


def _rows(use: Use) -> dict[str, Any]:
    """What says which views count."""
    return {key: use.given[key] for key in ("window", "by", "exclude") if key in use.given}


def _share(use: Use, said: Mapping[str, str], done: str, among: Any = None) -> dict[str, dict[str, Any]]:
    """The share of the views in which something was done, by the views or by their totals."""
    if "totals" in use.given:
        return _beside(use, said, {"unit": "ratio", "ratio": dict(use.given["totals"])})
    view, where = use.given["from"], use.given.get("where")
    every = _where(where, among)
    of = {"count": view, "where": _where(where, among, f"coalesce({done}, false)"), **_rows(use)}
    to = {"count": view, **({"where": every} if every else {}), **_rows(use)}
    return _beside(use, said, {"unit": "ratio", "ratio": {"of": of, "to": to}})


def open_rate(use: Use) -> dict[str, dict[str, Any]]:
    """Views in which the content was opened, of all in which it was shown."""
    return _share(use, {"zh": "打开率", "en": "Open rate"}, use.given.get("opened", "opened"))


def completion_rate(use: Use) -> dict[str, dict[str, Any]]:
    """Opened views that were watched to `complete` of the length or further."""
    watched, length = use.given.get("watched", "watched_seconds"), use.given.get("length", "length_seconds")
    opened = f"coalesce({use.given.get('opened', 'opened')}, false)"
    done = f"({watched}) >= {use.given.get('complete', 1)} * ({length})"
    return _share(use, {"zh": "完播率", "en": "Completion rate"}, done, opened)


def interaction_rate(use: Use) -> dict[str, dict[str, Any]]:
    """Opened views with any of the interactions."""
    done = " or ".join(f"coalesce({each}, false)" for each in use.given.get("interactions", ()))
    opened = f"coalesce({use.given.get('opened', 'opened')}, false)"
    return _share(use, {"zh": "互动率", "en": "Interaction rate"}, f"({done})", opened)


def watch_time(use: Use) -> dict[str, dict[str, Any]]:
    """Mean seconds that opened views were watched, none longer than `at_most`."""
    said = {"zh": "平均观看秒数", "en": "Mean seconds watched"}
    if "totals" in use.given:
        return _beside(use, said, {"unit": "seconds", "ratio": dict(use.given["totals"])})
    watched = f"coalesce({use.given.get('watched', 'watched_seconds')}, 0)"
    if "at_most" in use.given:
        watched = f"least({watched}, {use.given['at_most']})"
    where = _where(use.given.get("where"), f"coalesce({use.given.get('opened', 'opened')}, false)")
    return _beside(
        use, said, {"unit": "seconds", "avg": watched, "from": use.given["from"], "where": where, **_rows(use)}
    )


def last_touch(use: Use) -> dict[str, dict[str, Any]]:
    """The part of an order's amount that is credited to the last video its buyer watched within the window."""
    given, touch = use.given, f"{use.name}_touch"
    at, viewed, window = given["at"], given.get("viewed_at", "viewed_at"), given.get("window", "7 days")
    seen = f"{touch}.{viewed} < ({at}) and {touch}.{viewed} >= ({at}) - interval '{window}'"
    video = given.get("video", "video_id")
    return {
        "references": {
            touch: {
                "table": given["views"],
                "match": {key: key for key in given.get("match", ["buyer_id", "creator_id"])},
                "when": seen,
                "keep": {"last": 1, "order": [viewed, *given.get("order", [])]},
                "else": "missing",
            }
        },
        "values": {
            f"{use.name}_led": {"value": f"{touch}.{video} is not null"},
            f"{use.name}_video": {"value": f"{touch}.{video}"},
            f"{use.name}_direct": {"value": f"case when {touch}.{video} is null then ({given['amount']}) else 0 end"},
        },
        use.block: {use.name: {"value": f"case when {touch}.{video} is not null then ({given['amount']}) else 0 end"}},
    }


_OPENED = {"opened": _EXPRESSION}
_WATCHED = {"watched": _EXPRESSION}


@hookimpl
def trustcommerce_metrics() -> Iterable[Metric]:
    """Open, completion and interaction rates, and watch time."""
    yield Metric(
        name="open_rate",
        schema=_schema(_OPENED),
        expand=open_rate,
        doc="Views in which content was opened, of all in which it was shown; `opened` is the condition.",
        example="opened: {kind: open_rate, from: views, window: 30 days, benchmark: usual.open_rate}",
    )
    yield Metric(
        name="completion_rate",
        schema=_schema({**_OPENED, **_WATCHED, "length": _EXPRESSION, "complete": {"type": "number"}}),
        expand=completion_rate,
        doc="Opened views watched to `complete` (1 by default) of their `length`, of all opened ones.",
        example="finished: {kind: completion_rate, from: views, window: 30 days, complete: 0.9}",
    )
    yield Metric(
        name="interaction_rate",
        schema=_schema(
            {**_OPENED, "interactions": {"type": "array", "items": _TEXT, "minItems": 1}}, ("interactions",)
        ),
        expand=interaction_rate,
        doc="Opened views with any of the `interactions`, which are conditions, of all opened ones.",
        example="engaged: {kind: interaction_rate, from: views, window: 30 days, interactions: [liked, shared]}",
    )
    yield Metric(
        name="watch_time",
        schema=_schema({**_OPENED, **_WATCHED, "at_most": {"type": "number"}}),
        expand=watch_time,
        doc="Mean seconds that opened views were watched, each counted up to `at_most`.",
        example="watched: {kind: watch_time, from: views, window: 30 days, at_most: 600}",
    )


@hookimpl
def trustcommerce_rule_kinds() -> Iterable[RuleKind]:
    """Live orders credited to short videos."""
    yield RuleKind(
        name="last_touch",
        schema={
            "type": "object",
            "properties": {
                "views": _TEXT,
                "amount": _EXPRESSION,
                "at": _EXPRESSION,
                "match": {"type": "array", "items": _TEXT, "minItems": 1},
                "window": _TEXT,
                "viewed_at": _TEXT,
                "video": _TEXT,
                "order": {"type": "array", "items": _TEXT},
            },
            "required": ["views", "amount", "at"],
        },
        expand=last_touch,
        doc="The amount of an order that the last video watched within `window` led to; the rest is `NAME_direct`.",
        example="led: {kind: last_touch, views: video_views, amount: paid, at: paid_at, unit: CNY}",
    )


@hookimpl
def trustcommerce_reason_texts() -> Iterable[ReasonText]:
    """What is said of content that falls behind."""
    said = {
        "CONTENT_OPENED": ("内容点开率偏低", "few open the content that they are shown"),
        "CONTENT_FINISHED": ("完播率偏低", "few watch the content to its end"),
        "CONTENT_ENGAGED": ("互动率偏低", "few like, share or comment on the content"),
        "CONTENT_WATCHED": ("观看时长偏短", "the content is not watched for long"),
    }
    return [ReasonText(code=code, texts={"zh": zh, "en": en}) for code, (zh, en) in said.items()]
