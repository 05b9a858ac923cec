"""Reading YAML: positions of every character, plain scalars, bounds."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from trustcommerce.diagnostics import Problems, SourceFile, display_width, render
from trustcommerce.read import Mapping, Scalar, fold_dates, parse_date, parse_yaml
from trustcommerce.read.scalars import resolve

TEXT = st.text(st.sampled_from("ab 中文 '\"\\>|:#,{}[]\n\t0"), min_size=1, max_size=40)


def _parse(text: str) -> tuple[Mapping, Problems]:
    problems = Problems()
    tree = parse_yaml(SourceFile(path="x.yaml", text=text), problems)
    assert isinstance(tree, Mapping), list(problems)
    return tree, problems


@given(TEXT, st.sampled_from(["'", '"', "|", ">", None]))
def test_every_character_is_found_where_it_stands(value: str, style: str | None) -> None:
    """Each character of a decoded scalar that is not white space points at itself in the file."""
    text = yaml.safe_dump({"key": value}, default_style=style, allow_unicode=True, width=20)
    tree, _ = _parse(text)
    scalar = tree.get("key")
    if not isinstance(scalar, Scalar) or scalar.style == "double" or scalar.text != value:
        return
    for i, char in enumerate(scalar.text):
        if not char.isspace():
            assert text[scalar.locate(i, i + 1).start] == char


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("NO", "NO"),
        ("yes", "yes"),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("1e3", "1e3"),
        (".5", ".5"),
        ("2023-05-09", "2023-05-09"),
        ("True", "True"),
    ],
)
def test_only_what_is_written_is_read(text: str, value: object) -> None:
    """Booleans are true and false, numbers are decimal; everything else is text."""
    assert resolve(text) == value


def test_decimals_keep_their_digits() -> None:
    """1.10 is not 1.1."""
    assert str(resolve("1.10")) == "1.10"


@pytest.mark.parametrize(("before", "escape"), [("# 中文中文\n", "\x01"), ("", "\x07"), ("标题: 中\n", "\x0b")])
def test_characters_that_yaml_does_not_take(before: str, escape: str) -> None:
    """They are found where they stand, whatever stands before."""
    text = f"{before}a: 1\ntitle: x{escape}y\n"
    problems = Problems()
    parse_yaml(SourceFile(path="x.yaml", text=text), problems)
    (problem,) = problems
    assert problem.span.start == text.index(escape)


def test_no_text_holds_nul() -> None:
    """Escapes may write it, and databases do not take it."""
    _, problems = _parse('a: "x\\0y"\n')
    assert [each.message for each in problems] == ["no text holds the character NUL"]


def test_carets_count_display_width() -> None:
    """The caret stands under a name that follows Chinese text."""
    tree, problems = _parse("值: 价格力 + 品质\n")
    scalar = tree.get("值")
    assert isinstance(scalar, Scalar)
    from trustcommerce import codes

    problems.add(codes.UNKNOWN_NAME, "no name", scalar.locate(6, 8))
    _, line, caret = render(next(iter(problems))).splitlines()
    assert display_width(line[: line.index("品质")]) == display_width(caret[: caret.index("^")])
    assert caret.count("^") == 4


def test_aliases_share_what_they_name() -> None:
    """An anchor's value stands wherever its alias does."""
    tree, problems = _parse("a: &x {b: 1}\nc: *x\n")
    assert list(problems) == []
    assert tree.get("a") is tree.get("c")


def test_an_alias_bomb_is_refused() -> None:
    """Nine levels of nine aliases unfold to a billion nodes; they are counted, not built."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join(f'*a{i - 1}' for _ in range(9))}]" for i in range(1, 10)]
    problems = Problems()
    assert parse_yaml(SourceFile(path="x.yaml", text="\n".join(lines)), problems) is None
    assert [each.code.slug for each in problems] == ["alias-bomb"]


def test_the_last_date_not_after_the_day_holds() -> None:
    """A dated value is the entry in force; before the first date it is an error."""
    tree, _ = _parse("points: {2026-05-07: 3, 2026-09-08: {2026-09-08: 2}}\n")
    for day, value in [("2026-05-07", 3), ("2026-09-07", 3), ("2026-09-08", 2), ("2027-01-01", 2)]:
        problems = Problems()
        date = parse_date(day)
        assert date is not None
        folded = fold_dates(tree, date, problems)
        assert isinstance(folded, Mapping)
        found = folded.get("points")
        assert isinstance(found, Scalar)
        assert found.value == value
        assert list(problems) == []
    problems = Problems()
    early = parse_date("2026-05-06")
    assert early is not None
    fold_dates(tree, early, problems)
    assert [each.code.slug for each in problems] == ["undated-start"]
