"""What a workbook holds: a result as the sheets `scores`, `reasons`, `grants` and `about`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from trustcommerce.plugin import About, Described, about, described

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Part", "parts"]

_SCORES = (
    ("key",),
    ("subject", "carried"),
    ("scores", "status"),
    ("levels",),
    ("values",),
    ("parts",),
    ("metrics",),
    ("references",),
    ("unexcluded", "atoms"),
)
"""Blocks of the sheet of scores, what is asked for most first; columns that nothing is known of come last."""
_GRANTS = (("resources",), ("pools",), ("reserves",), ("claims",))
_REASONS = (("reasons", "lost"),)
_WORDS = {
    "status": {"zh": "状态", "en": "status"},
    "score": {"zh": "分数", "en": "Score"},
    "rank": {"zh": "序号", "en": "Rank"},
    "reason": {"zh": "原因代码", "en": "Reason code"},
    "text": {"zh": "原因", "en": "Reason"},
    "lost": {"zh": "失分", "en": "Points lost"},
    "item": {"zh": "项目", "en": "Item"},
    "value": {"zh": "内容", "en": "Value"},
    "ruleset": {"zh": "规则集", "en": "Rule set"},
    "title": {"zh": "标题", "en": "Title"},
    "about": {"zh": "说明", "en": "About"},
    "notice": {"zh": "声明", "en": "Notice"},
    "pack": {"zh": "规则包", "en": "Pack"},
    "version": {"zh": "版本", "en": "Version"},
    "as_of": {"zh": "评估日", "en": "Day of judgement"},
    "known_as_of": {"zh": "此日起的记录不计", "en": "Not known from"},
    "since": {"zh": "规则生效日", "en": "Rules since"},
    "until": {"zh": "规则失效日", "en": "Rules until"},
    "shadow": {"zh": "试运行（尚未执行）", "en": "Shadow mode (not enforced yet)"},
    "plugins": {"zh": "插件", "en": "Plugins"},
    "meaning": {"zh": "规则含义摘要", "en": "Digest of meaning"},
    "source": {"zh": "规则文件摘要", "en": "Digest of files"},
}


@frozen(kw_only=True)
class Part:
    """A sheet: rows, and what is known of their columns."""

    name: str
    table: "pa.Table"
    columns: Mapping[str, Described] = field(factory=dict)

    def column(self, name: str) -> Described:
        return self.columns.get(name, Described())


def parts(table: "pa.Table") -> Iterator[Part]:
    """The sheets that a result has something for; a table that no run made is one of scores."""
    known = {each.name: _told(described(each)) for each in table.schema}
    elsewhere = {block for group in (*_GRANTS, *_REASONS) for block in group}
    ranks = {block: rank for rank, group in enumerate(_SCORES) for block in group}
    here = [name for name, each in known.items() if each.block not in elsewhere]
    here.sort(key=lambda name: ranks.get(known[name].block, len(ranks)))
    yield Part(name="scores", table=table.select(here), columns=known)
    keys = [name for name, each in known.items() if each.block == "key"]
    said = about(table.schema)
    if said is not None and any(each.block == "reasons" for each in known.values()):
        yield _reasons(table, keys, known, said)
    grants = [name for group in _GRANTS for name, each in known.items() if each.block in group]
    if grants:
        yield Part(name="grants", table=table.select([*keys, *grants]), columns=known)
    if said is not None:
        yield _about(said)


def _told(column: Described) -> Described:
    """The column; a status is titled like its score, and says that it is the status."""
    if column.block != "status":
        return column
    words = _WORDS["status"]
    title = {lang: f"{text} ({words.get(lang, column.block)})" for lang, text in column.title.items()}
    return evolve(column, title=title)


def _reasons(table: "pa.Table", keys: list[str], known: Mapping[str, Described], said: About) -> Part:
    """A row for each reason of each subject, the subjects in their order."""
    import pyarrow as pa
    from pyarrow import compute

    langs = list(dict.fromkeys(lang for texts in said.texts.values() for lang in texts))
    codes = pa.array(said.texts, pa.string())
    sentences = {
        f"text_{lang}" if lang else "text": pa.array([texts.get(lang) for texts in said.texts.values()], pa.string())
        for lang in langs
    }
    subjects = table.select(keys).append_column("", pa.array(range(table.num_rows), pa.int64()))
    found = []
    for name in (name for name, each in known.items() if each.block == "reasons"):
        score, _, rank = name.rpartition(".reason_")
        lost = f"{score}.lost_{rank}"
        each = subjects.append_column("score", pa.repeat(score, table.num_rows))
        each = each.append_column("rank", pa.repeat(int(rank), table.num_rows)).append_column("reason", table[name])
        place = compute.index_in(table[name], codes)
        for column, texts in sentences.items():
            each = each.append_column(column, compute.take(texts, place))
        if lost in known:
            each = each.append_column("lost", table[lost])
        found.append(each.filter(compute.is_valid(table[name])))
    rows = pa.concat_tables(found, promote_options="default")
    rows = rows.take(compute.sort_indices(rows, [("", "ascending"), ("score", "ascending"), ("rank", "ascending")]))
    titles = {name: Described(title=_WORDS[name]) for name in ("score", "rank", "reason")}
    titles |= {
        column: Described(title={lang: _WORDS["text"].get(lang, lang)})
        for lang, column in zip(langs, sentences, strict=True)
    }
    titles["lost"] = Described(title=_WORDS["lost"], unit="points")
    return Part(name="reasons", table=rows.drop_columns([""]), columns={**known, **titles})


def _about(said: About) -> Part:
    import pyarrow as pa

    plugins = ", ".join(f"{name} {version}" for name, version in said.plugins.items())
    rows = [
        ("ruleset", said.ruleset),
        *(("title", text) for text in said.title.values()),
        ("about", said.about),
        *(("notice", text) for text in said.notice.values()),
        ("pack", said.pack),
        ("version", said.version),
        ("as_of", said.as_of),
        ("known_as_of", said.known_as_of if said.known_as_of != said.as_of else None),
        ("since", said.since),
        ("until", said.until),
        ("shadow", "✓" if said.shadow else None),
        ("plugins", plugins),
        ("meaning", said.meaning),
        ("source", said.source),
    ]
    there = [("  ".join(_WORDS[item].values()), value) for item, value in rows if value]
    table = pa.table({"item": [item for item, _ in there], "value": [value for _, value in there]})
    return Part(name="about", table=table, columns={name: Described(title=_WORDS[name]) for name in ("item", "value")})
