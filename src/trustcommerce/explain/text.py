"""An explanation as text: 80 columns, Chinese aligned by display width."""

from collections.abc import Iterator

from trustcommerce.diagnostics import display_width
from trustcommerce.explain.tree import Explanation, ExplanationLine, ExplanationNode
from trustcommerce.model import Title

__all__ = ["pad", "points", "render_text", "shown", "wrap"]

_WIDTH = 80
_NUMBERS = (9, 9, 8, 10)
_UNITS = {"hours": "小时", "minutes": "分钟", "seconds": "秒", "days": "天", "stars": "星", "percent": "%"}
_STATES = {"insufficient": "no data", "not_applicable": "left out", "exempt": "exempt"}
_NAME = _WIDTH - sum(_NUMBERS) - 1

_WORDS = {
    "zh": {
        "points": "得分",
        "possible": "满分",
        "weight": "权重",
        "adds": "计入",
        "reasons": "主要原因",
        "choice": "取分",
        "default": "缺失默认分",
        "exception": "例外",
        "bonus": "加分",
        "deduction": "扣分",
        "limit": "限分",
        "range": "分数范围",
        "rounding": "舍入",
        "lost": "失分",
        "score": "总分",
        "scored": "已评分",
        "insufficient": "数据不足",
        "exempt": "免考",
        "masked": "已屏蔽",
        "frozen": "冻结",
        "not_applicable": "不计",
        "no data": "无数据",
        "left out": "不计",
        "rows": "行",
        "row": "行",
    },
    "en": {
        "points": "points",
        "possible": "possible",
        "weight": "weight",
        "adds": "adds",
        "reasons": "Main reasons",
        "choice": "points for",
        "default": "default when missing",
        "exception": "exception",
        "bonus": "bonus",
        "deduction": "deduction",
        "limit": "limit",
        "range": "range",
        "rounding": "rounding",
        "lost": "lost",
        "score": "score",
        "scored": "scored",
        "insufficient": "insufficient",
        "exempt": "exempt",
        "masked": "masked",
        "frozen": "frozen",
        "not_applicable": "left out",
        "no data": "no data",
        "left out": "left out",
        "rows": "rows",
        "row": "row",
    },
}


def points(value: int | None) -> str:
    """Ten-thousandths as points, without needless zeros."""
    if value is None:
        return "-"
    text = f"{value / 10_000:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def pad(text: str, width: int, right: bool = False) -> str:
    """`text` cut or filled to `width` columns of the terminal."""
    while display_width(text) > width:
        text = text[:-2] + "…" if len(text) > 1 else ""
    space = " " * (width - display_width(text))
    return space + text if right else text + space


def wrap(text: str, hang: int = 0) -> Iterator[str]:
    """Lines of at most 80 columns, broken at spaces or between Chinese characters; `hang` indents the rest."""
    while display_width(text) > _WIDTH:
        cut = next(i for i in range(len(text), 0, -1) if display_width(text[:i]) <= _WIDTH)
        space = text.rfind(" ", hang + 1, cut + 1)
        at = space if space > cut // 2 else cut
        yield text[:at].rstrip()
        text = " " * hang + text[at:].lstrip()
    yield text


def render_text(explanation: Explanation, lang: str, texts: dict[str, str]) -> str:
    """The tree with points, possible points, weights, contributions and lines of YAML.

    Args:
        explanation: What to render.
        lang: `zh` or `en`.
        texts: Sentences of reason codes in that language.
    """
    words = _WORDS["zh" if lang.startswith("zh") else "en"]
    root = explanation.root
    status = words.get(explanation.status, explanation.status)
    head = [pad("", _NAME)] + [
        pad(words[key], width, True)
        for key, width in zip(("points", "possible", "weight", "adds"), _NUMBERS, strict=True)
    ]
    title, place = f"{root.title.get(lang, root.name)}: {points(root.points)} ({status})", f"{root.file}:{root.line}"
    first = [f"{title}  {place}"] if display_width(f"{title}  {place}") <= _WIDTH else [*wrap(title), f"  {place}"]
    lines = [*first, "".join(head), *_node(root, lang, words, 0)]
    if explanation.reasons:
        lines += ["", words["reasons"]]
        for code, lost in explanation.reasons:
            text = texts.get(code, "")
            lines += wrap(
                f"  {pad('-' + points(lost) if lost else '', 9, True)}  {code}{'  ' + text if text else ''}", 13
            )
    return "\n".join(lines)


def _row(indent: int, name: str, numbers: tuple[str, str, str, str]) -> str:
    cells = [pad(text, width, True) for text, width in zip(numbers, _NUMBERS, strict=True)]
    return (pad("  " * indent + name, _NAME) + " " + "".join(cells)).rstrip()


def _node(node: ExplanationNode, lang: str, words: dict[str, str], depth: int) -> Iterator[str]:
    weight = "" if node.weight is None else f"{node.weight}/{node.total}" if node.total else str(node.weight)
    state = words[_STATES[node.status]] if depth and node.status in _STATES else "-"
    yield _row(
        depth,
        f"{node.title.get(lang, node.name)} :{node.line}",
        (
            points(node.points) if node.points is not None else state,
            points(node.possible),
            weight,
            points(node.contribution) if depth else "",
        ),
    )
    if node.source is not None:
        yield from _source(node, lang, depth + 1)
    for child in node.children:
        yield from _node(child, lang, words, depth + 1)
    for line in node.lines:
        if line.kind == "choice" and len(node.lines) == 1:
            continue
        yield _line(line, lang, words, depth + 1)


def _source(node: ExplanationNode, lang: str, depth: int) -> Iterator[str]:
    source = node.source or {}
    value = source.get("value")
    shown = "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    words = _WORDS["zh" if lang.startswith("zh") else "en"]
    atoms = f" = {source['of']} / {source['to']}" if "of" in source else ""
    if "rows" in source:
        atoms = f" ({source['rows']} {words['row' if source['rows'] == 1 else 'rows']})"
    unit = str(source.get("unit") or "")
    unit = "" if unit in ("", "ratio", "points") else f" {_UNITS.get(unit, unit) if lang.startswith('zh') else unit}"
    name = Title(dict(source.get("title") or {})).get(lang, str(source.get("name")))
    said = f"{shown}{unit}{atoms}" if "rows" in source else f"{shown}{atoms}{unit}"
    yield pad("  " * depth + f"· {name} {said}", _WIDTH).rstrip()


def _line(line: ExplanationLine, lang: str, words: dict[str, str], depth: int) -> str:
    title = line.title.get(lang, line.name if line.kind not in ("range", "rounding", "default") else "")
    name = f"{words[line.kind]} {title}".rstrip() + (f" :{line.line}" if line.line else "")
    sign = "+" if line.points and line.points > 0 and line.kind not in ("exception", "choice", "default") else ""
    return _row(depth, name, ("", "", "", sign + points(line.points)))


def shown(value: object) -> str:
    """An output as people read it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(value) or "(none)"
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
