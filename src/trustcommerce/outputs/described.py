"""What the columns of a result are, and what the result is, as metadata of the Arrow schema that outputs get.

In: a result and its plan. Out: the same rows, with JSON below one key of the schema and of each field.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict, field, frozen

if TYPE_CHECKING:
    import pyarrow as pa

    from trustcommerce.plan import PackPlan, RuleSetPlan, Version

__all__ = ["About", "Described", "about", "described", "with_descriptions"]

_KEY = b"trustcommerce"
_Texts = Mapping[str, str]


@frozen(kw_only=True)
class Described:
    """A column of a result.

    Args:
        title: By language; one that says no language stands under the empty one.
        unit: A currency, `ratio`, `points`, `hours` ...; None for plain counts and for what is no number.
        block: What gives it: `key`, `subject`, `metrics`, `scores`, `levels` ...; empty if nothing is known.
    """

    title: _Texts = field(factory=dict)
    unit: str | None = None
    block: str = ""


@frozen(kw_only=True)
class About:
    """A result: its rule set, its day, and what it was made with. Days are texts as in run.json.

    Args:
        since: First day of the version of the rules that holds, None for no first.
        until: The day after its last.
        shadow: Whether it is not enforced yet.
        texts: Sentences of the reason codes in it, by code and language.
    """

    ruleset: str
    title: _Texts
    about: str
    pack: str
    version: str
    notice: _Texts
    as_of: str
    known_as_of: str
    since: str | None
    until: str | None
    shadow: bool
    texts: Mapping[str, _Texts]
    meaning: str
    source: str
    plugins: Mapping[str, str]


def described(field: "pa.Field") -> Described:
    """What a column is; nothing is known of a column that no run made."""
    return Described(**_given(field.metadata))


def about(schema: "pa.Schema") -> About | None:
    """What a result is; None for a table that no run made."""
    found = _given(schema.metadata)
    return About(**found) if found else None


def with_descriptions(
    table: "pa.Table",
    loaded: "PackPlan",
    ruleset: str,
    day: dt.date,
    known_as_of: dt.date | None,
    texts: Mapping[str, _Texts],
) -> "pa.Table":
    """The result with metadata.

    Args:
        texts: Sentences of the pack's reason codes.
    """
    import pyarrow as pa

    plan = loaded.rulesets[ruleset]
    version = plan.version(day)
    assert version is not None
    known = _columns(plan, version)
    fields = [each.with_metadata(_json(known.get(each.name, Described()))) for each in table.schema]
    reasons = [name for name in table.column_names if name in known and known[name].block == "reasons"]
    codes = {code for name in reasons for code in table.column(name).unique().to_pylist()}
    pack = loaded.pack
    said = About(
        ruleset=ruleset,
        title=plan.title.texts,
        about=plan.about,
        pack=pack.name,
        version=pack.version,
        notice=pack.notice.texts,
        as_of=day.isoformat(),
        known_as_of=(known_as_of or day).isoformat(),
        since=version.since.isoformat() if version.since else None,
        until=version.until.isoformat() if version.until else None,
        shadow=plan.shadow(day),
        texts={code: texts[code] for code in sorted(codes & texts.keys())},
        meaning=loaded.meaning,
        source=loaded.source,
        plugins=loaded.plugin_versions,
    )
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields, _json(said)))


def _columns(plan: "RuleSetPlan", version: "Version") -> dict[str, Described]:
    carried = {
        each.name: Described(title=plan.titles[each.name].texts, unit=each.type.unit, block="carried")
        for each in version.carried
    }
    given = {
        each.name: Described(
            title=each.title.texts, unit=each.type.unit, block="key" if each.name in plan.key else each.block
        )
        for each in version.outputs
    }
    return carried | given


def _json(record: About | Described) -> dict[bytes, bytes]:
    return {_KEY: json.dumps(asdict(record), ensure_ascii=False).encode()}


def _given(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((metadata or {}).get(_KEY, b"{}"))
    return found
