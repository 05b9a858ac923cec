"""The token scan before parsing: refuses what SQL parsers accept silently or choke on."""

import re

from attrs import frozen

from trustcommerce import codes
from trustcommerce.codes import Code
from trustcommerce.read.scalars import mistaken

__all__ = ["Refusal", "scan"]

MAX_TOKENS = 2_000
MAX_DEPTH = 32

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>--|/\*|\#|//)
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<name>`[^`]+`)
      | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
      | (?P<word>[^\W\d]\w*)
      | (?P<wrong>==|&&|\|\||!(?!=))
      | (?P<op><=|>=|<>|!=|[-+*/<>=(),.])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_STATEMENTS = frozenset(
    [
        "select",
        "insert",
        "update",
        "delete",
        "create",
        "drop",
        "alter",
        "from",
        "with",
        "union",
        "join",
        "exists",
        "over",
        "values",
        "attach",
        "copy",
        "pragma",
        "set",
        "grant",
        "lambda",
    ]
)
_WRONG = {"==": "=", "&&": "and", "||": "or", "!": "not"}
_WIDE = {
    "，": ",",
    "（": "(",
    "）": ")",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "＞": ">",
    "＜": "<",
    "＝": "=",
    "；": ";",
    "：": ":",
    "＋": "+",
    "－": "-",
    "×": "*",
    "÷": "/",
    "≥": ">=",
    "≤": "<=",
}


@frozen
class Refusal:
    """Why an expression is not parsed, and which characters of it are to blame."""

    code: Code
    message: str
    start: int
    end: int
    hint: str | None = None


def scan(text: str) -> Refusal | None:
    """The first thing in `text` that no rule may say, or None."""
    previous, previous_start, previous_end, depth, prefixes = "", -1, -1, 0, 0
    for count, match in enumerate(_TOKEN.finditer(text)):
        kind, token, start, end = match.lastgroup or "", match.group(), match.start(), match.end()
        if kind == "space":
            continue
        refusal = _refuse(kind, token, previous)
        if refusal:
            code, message, hint = refusal
            return Refusal(code, message, start, end, hint)
        if kind in ("word", "number") and previous == "number" and start == previous_end:
            return Refusal(
                codes.FORBIDDEN_SYNTAX,
                f"`{text[previous_start:end]}` is neither a number nor a name",
                previous_start,
                end,
                mistaken(text[previous_start:end]) or "durations are `interval '30 days'`",
            )
        word = token.lower()
        depth += (token == "(" or word == "case") - (token == ")" or word == "end")
        prefixes = prefixes + 1 if word in ("not", "-") else 0
        if depth > MAX_DEPTH or prefixes > MAX_DEPTH:
            return Refusal(
                codes.TOO_DEEP,
                f"nested deeper than {MAX_DEPTH} levels",
                start,
                end,
                "give the inner parts names under `values`",
            )
        if count > MAX_TOKENS:
            return Refusal(
                codes.TOO_DEEP, "the expression is too long", start, end, "give its parts names under `values`"
            )
        previous, previous_start, previous_end = kind, start, end
    return None


def _refuse(kind: str, token: str, previous: str) -> tuple[Code, str, str | None] | None:
    if kind == "comment":
        hint = "`- -x` with a space, if a negative is meant" if token == "--" else "comments belong in YAML: `# ...`"
        return codes.FORBIDDEN_SYNTAX, f"`{token}` begins a comment in SQL", hint
    if kind == "text" and previous == "text":
        return codes.FORBIDDEN_SYNTAX, "two texts side by side", "put a comma between them"
    if kind == "number" and re.match(r"0[0-9]", token):
        return codes.BAD_LITERAL, f"`{token}` begins with a zero", f"write {token.lstrip('0') or '0'}"
    if kind == "number" and "e" in token.lower():
        return codes.BAD_LITERAL, f"`{token}` is in scientific notation", "write numbers in plain decimals"
    if kind == "word" and token.lower() in _STATEMENTS:
        return (
            codes.FORBIDDEN_SYNTAX,
            f"`{token}` belongs to SQL statements, which rules do not have",
            f"look other tables up with `references`; a column of that name stands in backquotes: `` `{token}` ``",
        )
    if kind == "wrong":
        hint = f"write `{_WRONG[token]}`" + ("; texts are not joined in rules" if token == "||" else "")
        return codes.BAD_EXPRESSION, f"`{token}` has no meaning here", hint
    if kind == "other":
        wide = _WIDE.get(token)
        if token in "'\"`":
            return codes.BAD_EXPRESSION, f"the quote {token} is never closed", None
        if token == ";":
            return codes.FORBIDDEN_SYNTAX, "`;` ends a statement, and rules have none", None
        if token == "：":
            return codes.BAD_EXPRESSION, "`：` has no meaning here", "a key ends in an ASCII colon and a space"
        if token == "%":
            if previous == "number":
                return codes.FORBIDDEN_SYNTAX, "`%` after a number", "write a percentage as a ratio: 0.05 for 5 %"
            return codes.FORBIDDEN_SYNTAX, "`%` differs between engines", "use floor(a / b)"
        return codes.BAD_EXPRESSION, f"`{token}` has no meaning here", f"write `{wide}`" if wide else None
    return None
