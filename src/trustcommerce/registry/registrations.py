"""What can be registered: small frozen records, each with a doc and an example that is run."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from trustcommerce.language.functions import Function
from trustcommerce.language.macros import Macro

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ChoiceForm", "Function", "Macro", "MetricKind", "Output", "ReasonText", "Source"]


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


@frozen(kw_only=True)
class Source:
    """Reads files of one suffix into Arrow tables of text or typed columns."""

    suffix: str
    read: "Callable[[Path], pa.Table]"
    typed: bool
    doc: str


@frozen(kw_only=True)
class Output:
    """Writes an Arrow table as one file of the given suffix."""

    name: str
    suffix: str
    write: "Callable[[pa.Table, Path], None]"
    doc: str


@frozen(kw_only=True)
class ReasonText:
    """The sentence for a reason code, by language: `{"zh": ..., "en": ...}`."""

    code: str
    texts: Mapping[str, str]
