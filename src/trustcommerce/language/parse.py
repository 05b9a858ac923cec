"""Expression text -> sqlglot tree, by a small SQL dialect of our own, cached by text.

`"x"` and `'x'` are both text, backticks quote names, no function is built in: the binder knows
those of the registry. sqlglot is imported on first use.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from trustcommerce import codes
from trustcommerce.language.tokens import Refusal, scan

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["parse"]

MAX_CHAIN = 200


@lru_cache(maxsize=1)
def _dialect() -> Any:
    from sqlglot import parser, tokens
    from sqlglot.dialects.dialect import Dialect

    class Rules(Dialect):  # type: ignore[misc]
        class Tokenizer(tokens.Tokenizer):  # type: ignore[misc]
            QUOTES = ["'", '"']
            IDENTIFIERS = ["`"]
            COMMENTS: list[Any] = []

        class Parser(parser.Parser):  # type: ignore[misc]
            FUNCTIONS: dict[str, Any] = {}
            FUNCTION_PARSERS: dict[str, Any] = {}
            NO_PAREN_FUNCTIONS: dict[Any, Any] = {}
            NO_PAREN_FUNCTION_PARSERS = {
                key: value for key, value in parser.Parser.NO_PAREN_FUNCTION_PARSERS.items() if key == "CASE"
            }

    return Rules()


@lru_cache(maxsize=20_000)
def parse(text: str) -> "exp.Expression | Refusal":
    """The syntax tree of `text`, or the reason why it is not an expression.

    Nodes carry `start` and `end` (inclusive) offsets in their `meta` where sqlglot knows them.
    """
    from sqlglot.errors import SqlglotError

    if not text.strip():
        return Refusal(codes.BAD_EXPRESSION, "the expression is empty", 0, max(1, len(text)))
    refusal = scan(text)
    if refusal:
        return refusal
    try:
        trees = _dialect().parse(text)
    except SqlglotError as error:
        return _refusal(text, error)
    except RecursionError:
        return Refusal(codes.TOO_DEEP, "the expression is nested too deep", 0, len(text))
    if len(trees) != 1 or trees[0] is None:
        return Refusal(codes.BAD_EXPRESSION, "this is not one expression", 0, len(text))
    tree: exp.Expression = trees[0]
    if _depth(tree) > MAX_CHAIN:
        return Refusal(
            codes.TOO_DEEP,
            f"more than {MAX_CHAIN} operations in a row",
            0,
            len(text),
            "give parts of it names under `values`",
        )
    return tree


def _refusal(text: str, error: Exception) -> Refusal:
    details = getattr(error, "errors", None)
    if not details:
        return Refusal(codes.BAD_EXPRESSION, "this is not an expression", 0, len(text))
    first = details[0]
    word = first.get("highlight") or ""
    lines = text.split("\n")
    line = min(max(int(first.get("line") or 1), 1), len(lines))
    end = sum(len(part) + 1 for part in lines[: line - 1]) + int(first.get("col") or 0)
    end = min(max(end, 1), len(text))
    start = max(end - max(len(word), 1), 0)
    said = str(first.get("description") or "")
    what = f"`{word}` is not expected here" if word.strip() else "the expression breaks off"
    if said.startswith("Expecting "):
        what = f"`{said.removeprefix('Expecting ')}` is missing after `{word}`"
    elif said.startswith("Expected END"):
        what = f"`end` is missing after `{word}`"
    elif said.startswith("Required") and end == len(text.rstrip()):
        what = f"the expression breaks off after `{word}`"
    return Refusal(codes.BAD_EXPRESSION, what, start, end)


def _depth(tree: "exp.Expression") -> int:
    deepest, stack = 0, [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        stack.extend((child, depth + 1) for child in node.iter_expressions())
    return deepest
