"""Write the generated parts of the reference pages.

    python docs/generate.py            rewrite them
    python docs/generate.py --check    exit 1 if one differs

A generated part stands between `<!-- generated: name -->` and `<!-- end of name -->`; the rest of a page is
written by hand.
"""

import datetime as dt
import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

__all__ = ["PARTS", "main", "pages", "written"]

ROOT = Path(__file__).parents[1]
_PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)

_SIGNS = {
    "add": "a + b",
    "sub": "a - b",
    "mul": "a * b",
    "neg": "-a",
    "div": "a / b",
    "eq": "a = b",
    "ne": "a <> b",
    "lt": "a < b",
    "le": "a <= b",
    "gt": "a > b",
    "ge": "a >= b",
    "and": "a and b",
    "or": "a or b",
    "not": "not a",
    "is_null": "a is null",
    "is_true": "a is true",
    "is_false": "a is false",
    "coalesce": "coalesce(a, b, ...)",
    "least": "least(a, b, ...)",
    "greatest": "greatest(a, b, ...)",
    "round_number": "round(a, places)",
}


def operations() -> Iterator[str]:
    """The table of operations, from `language/semantics.py`."""
    from trustcommerce.language.semantics import OPERATIONS

    yield "| operation | written | meaning | missing |"
    yield "|---|---|---|---|"
    for name, each in OPERATIONS.items():
        sign = f"`{_SIGNS[name]}`" if name in _SIGNS else ""
        rule = "as soon as one argument is" if each.strict else "see its meaning"
        yield f"| `{name}` | {sign} | {each.meaning} | {rule} |"


def functions() -> Iterator[str]:
    """The table of functions and macros, from the registry."""
    from trustcommerce.builtin import core_registry

    registry = core_registry()
    yield "| function | takes | gives | example |"
    yield "|---|---|---|---|"
    for each in (*registry.functions.values(), *registry.macros.values()):
        text, value = each.example
        yield f"| `{each.name}` | {', '.join(each.parameters)} | {each.doc} | `{text}` is {_value(text, value)} |"


def _value(text: str, value: object) -> str:
    rounded = re.match(r"round\(.*, (\d+)\)\Z", text)
    if rounded and isinstance(value, int):
        return f"`{value / 10 ** int(rounded.group(1))}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dt.datetime):
        return f"`{value.isoformat(' ')}`"
    return f"`{value}`"


def forms() -> Iterator[str]:
    """The forms of the choice and the kinds of metric, from the registry."""
    from trustcommerce.builtin import core_registry

    registry = core_registry()
    yield "| form | reading | example |"
    yield "|---|---|---|"
    for form in (*registry.choice_forms.values(), *registry.metric_kinds.values()):
        yield f"| `{form.key}` | {form.doc} | `{form.example}` |"


def files() -> Iterator[str]:
    """File formats, from the registry."""
    from trustcommerce.builtin import core_registry

    registry = core_registry()
    yield "| suffix | read as |"
    yield "|---|---|"
    for source in registry.sources.values():
        yield f"| `{source.suffix}` | {source.doc} |"
    yield ""
    yield "| `--output` | written as |"
    yield "|---|---|"
    for output in registry.outputs.values():
        yield f"| `{output.name}` | {output.doc} |"


def codes() -> Iterator[str]:
    """Every diagnostic code with its meaning and, from a case of the test suite, a message."""
    from trustcommerce.codes import CATALOGUE

    families = {
        "TC1": "Reading files",
        "TC2": "Names and keys",
        "TC3": "Types and units",
        "TC4": "Decisions and scores",
        "TC5": "Tables and references",
        "TC6": "Packs and versions",
        "TC9": "Data at run time",
    }
    messages = _messages()
    for code in sorted(CATALOGUE.values(), key=lambda each: each.number):
        family = families.pop(code.number[:3], None)
        if family:
            yield from (f"## {family}", "")
        yield from (f"### {code.number} {code.slug}", "", code.meaning, "")
        if code.number in messages:
            path, message = messages[code.number]
            yield from (f"<!-- from: {path} -->", "```text", message, "```", "")


def _messages() -> dict[str, tuple[str, str]]:
    """For each code the message that is easiest to read: a short one out of the cases of wrong packs."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted((ROOT / "tests/cases/invalid").glob("*/expected.txt")):
        for message in path.read_text("utf-8").strip("\n").split("\n\n"):
            number = re.search(r"(?:error|warning) (TC\d+) ", message.split("\n")[0])
            if number is None:
                continue
            best = found.get(number.group(1))
            if best is None or _weight(message) < _weight(best[1]):
                found[number.group(1)] = (path.relative_to(ROOT).as_posix(), message)
    return found


def _weight(message: str) -> tuple[bool, bool, int]:
    """Messages with a hint and lines of at most 80 columns first, short ones before long ones."""
    return "\nhint: " not in message, max(map(len, message.split("\n")[1:] or [""])) > 80, len(message)


def commands() -> Iterator[str]:
    """The help of every command, as it is printed."""
    from click.testing import CliRunner

    group = import_module("trustcommerce.cli.main").group

    def shown(*command: str) -> Iterator[str]:
        result = CliRunner().invoke(group, [*command, "--help"], prog_name="trustcommerce", terminal_width=78)
        yield from (
            "```console",
            f"$ {' '.join(['trustcommerce', *command, '--help'])}",
            result.output.rstrip(),
            "```",
            "",
        )

    yield from shown()
    for name in group.commands:
        yield from (f"### {name}", "", *shown(name))


def hooks() -> Iterator[str]:
    """The hooks of plugins, from their specifications."""
    from trustcommerce.plugins import specs

    yield "| hook | gives | |"
    yield "|---|---|---|"
    for name, records in specs.HOOKS.items():
        said = " ".join((getattr(specs, name).__doc__ or "").split())
        yield f"| `{name}` | {' or '.join(f'`{each.__name__}`' for each in records)} | {said} |"


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "operations": operations,
    "functions": functions,
    "forms": forms,
    "files": files,
    "codes": codes,
    "hooks": hooks,
    "commands": commands,
}


def written(text: str) -> str:
    """The page with its generated parts made anew."""
    return _PART.sub(lambda found: found[1] + "\n".join(PARTS[found[2]]()).rstrip() + "\n" + found[3], text)


def pages() -> list[Path]:
    """Pages that hold a generated part."""
    return [page for page in sorted((ROOT / "docs").rglob("*.md")) if _PART.search(page.read_text("utf-8"))]


def main(arguments: list[str]) -> int:
    """Rewrite, or with `--check` compare, every page with a generated part."""
    differing = 0
    for page in pages():
        text = page.read_text("utf-8")
        new = written(text)
        if new == text:
            continue
        differing += 1
        if "--check" in arguments:
            print(f"{page.relative_to(ROOT).as_posix()} differs: run `python docs/generate.py`", file=sys.stderr)
        else:
            page.write_text(new, "utf-8", newline="\n")
            print(f"{page.relative_to(ROOT).as_posix()} rewritten")
    return 1 if differing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
