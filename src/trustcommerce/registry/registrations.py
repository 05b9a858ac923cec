"""What can be registered: small frozen records, each with a doc and an example that is run."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from trustcommerce.language.functions import Function
from trustcommerce.language.macros import Macro

if TYPE_CHECKING:
    import pyarrow as pa

    from trustcommerce.model.pack import TableSpec

__all__ = [
    "ASIDE",
    "CampaignPolicy",
    "ChoiceForm",
    "Function",
    "Kind",
    "Macro",
    "Metric",
    "MetricKind",
    "Output",
    "ReasonText",
    "RuleKind",
    "Scan",
    "Source",
    "Use",
]


@frozen(kw_only=True)
class ChoiceForm:
    """One form of the choice: a key of an item, its schema, and how it becomes expressions.

    Args:
        key: The YAML key that says the form.
        schema: JSON Schema of its value.
        lower: `(body, lowering) -> Expr`; pure. `lowering` is a `plan.lowering.Lowering`: the input,
            the results' type, binding, hit policy, what holds when something is missing.
        takes_input: Whether the form reads `of`.
        several: Whether it has entries that `hit` combines.
        doc: One sentence.
        example: A YAML item in this form.
    """

    key: str
    schema: Mapping[str, object]
    lower: Callable[..., Any]
    takes_input: bool = False
    several: bool = False
    doc: str
    example: str


@frozen(kw_only=True)
class MetricKind:
    """A kind of measured number: a key of a metric, its schema, its lowering."""

    key: str
    schema: Mapping[str, object]
    lower: Callable[..., Any]
    doc: str
    example: str


ASIDE = (
    *("title", "about", "effective", "unit", "better", "range", "round", "missing", "applies", "exceptions"),
    "labels",
)
"""What an author says of any item, beside its kind; it goes before what the kind says."""


@frozen(kw_only=True)
class Use:
    """One place where an author says `kind:`.

    Args:
        name: The item's name.
        block: The block it stands in.
        given: What stands beside `kind`, as plain data; a text that is put into the result as it is keeps its place,
            so that errors in it point there.
    """

    name: str
    block: str
    given: Mapping[str, Any]


@frozen(kw_only=True)
class Kind:
    """What an item with `kind: NAME` stands for.

    Args:
        schema: JSON Schema of what stands beside `kind`: an object.
        expand: `(use) -> {block: {name: item}}` in the language of rule sets; pure, and called once for each use.
        doc: One sentence.
        example: The item in YAML; it is expanded when the plugin is examined.
    """

    name: str
    schema: Mapping[str, object]
    expand: Callable[[Use], Mapping[str, Mapping[str, Any]]]
    doc: str
    example: str


@frozen(kw_only=True)
class Metric(Kind):
    """A kind of metric, of the block `metrics`."""


@frozen(kw_only=True)
class RuleKind(Kind):
    """A kind of decision, of the blocks `values`, `levels` and `resources`."""


@frozen(kw_only=True)
class CampaignPolicy(Kind):
    """A bundle of items, of the block `policies`."""


@frozen(kw_only=True)
class Scan:
    """A table that DuckDB reads itself.

    Args:
        source: What stands after FROM.
        setup: Statements to run before, such as ATTACH; safe to repeat.
    """

    source: str
    setup: tuple[str, ...] = ()


@frozen(kw_only=True)
class Source:
    """Reads files of one suffix; most need no more than a `read`.

    Args:
        suffix: With its dot.
        read: `(path) -> Arrow table`.
        typed: Whether columns have types of their own; text is parsed by the declared types.
        doc: One sentence.
        example: `(path) -> columns`: writes a file with one table and gives what is read from it, by column: texts
            where `typed` is false. It is run when the plugin is examined.
        scan: `(files, spec, keys) -> Scan or Arrow table`, in the place of `read`. It gets one file, or, when
            typed, all files of a folder. `spec` is the declared table, None for every column; `keys` names the
            Hive keys in the paths, which are columns of text then.
        tables: `(path) -> names` of the tables in a file that holds several; `scan` reads the one of `spec.source`.
        line: `(path, row) -> line` of a row counted from 0; without it messages count rows from 1.
    """

    suffix: str
    read: "Callable[[Path], pa.Table] | None" = None
    typed: bool = True
    doc: str
    example: "Callable[[Path], Mapping[str, Sequence[object]]]" = field(eq=False)
    scan: "Callable[[Sequence[Path], TableSpec | None, Sequence[str]], Scan | pa.Table] | None" = None
    tables: "Callable[[Path], Sequence[str]] | None" = None
    line: "Callable[[Path, int], int] | None" = None


@frozen(kw_only=True)
class Output:
    """Writes an Arrow table as one file of the given suffix.

    The example of all formats is one table of every type, which is written when the plugin is examined.
    """

    name: str
    suffix: str
    write: "Callable[[pa.Table, Path], None]"
    doc: str


@frozen(kw_only=True)
class ReasonText:
    """The sentence for a reason code, by language: `{"zh": ..., "en": ...}`."""

    code: str
    texts: Mapping[str, str]
