"""Functions in Python over Arrow arrays: what the language can't say, where Python runs.

Records, tables and Spark have them; statements for warehouses refuse them by name.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from trustcommerce.errors import PluginError
from trustcommerce.language.functions import Function
from trustcommerce.language.types import LIMIT, Kind, Type, parse_type

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ARROW", "Vectorised", "arrow_function", "found_in", "in_a_line", "owned"]

ARROW = "arrow_"
"""What the names of such functions begin with in statements."""
_ARROW_TYPES: Mapping[Kind, str] = {
    Kind.BOOLEAN: "bool",
    Kind.EXACT: "int64",
    Kind.NUMBER: "float64",
    Kind.TEXT: "string",
    Kind.DATE: "date32",
}
_PARAMETERS: Mapping[str, Kind] = {
    "boolean": Kind.BOOLEAN,
    "integer": Kind.EXACT,
    "number": Kind.NUMBER,
    "text": Kind.TEXT,
    "date": Kind.DATE,
    "timestamp": Kind.TIMESTAMP,
}


@frozen(kw_only=True)
class Vectorised:
    """The function as engines call it: nothing missing goes in, and what comes out is what was declared.

    Args:
        compute: `(*arrays) -> array` of the same length.
        by: The plugin and its version.
        place: Where a rule set calls it.
    """

    name: str
    parameters: tuple[str, ...]
    result: Type
    compute: Callable[..., Any] = field(eq=False)
    by: str = ""
    place: str = field(default="", eq=False)

    def __call__(self, *values: object) -> object:
        """Of one row."""
        import pyarrow as pa

        types = map(self.arrow_type, self.kinds)
        return self.over(*(pa.array([each], type_) for each, type_ in zip(values, types, strict=True)))[0].as_py()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(_PARAMETERS[each] for each in self.parameters)

    @staticmethod
    def arrow_type(kind: Kind) -> "pa.DataType":
        import pyarrow as pa

        return pa.timestamp("us") if kind is Kind.TIMESTAMP else pa.type_for_alias(_ARROW_TYPES[kind])

    def over(self, *arrays: Any) -> "pa.Array":
        """Of arrays; missing in each row in which an argument is.

        Raises:
            PluginError: It raises, or gives something else than it says.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        types = [self.arrow_type(each) for each in self.kinds]
        given = [_one(each).cast(type_) for each, type_ in zip(arrays, types, strict=True)]
        there = given[0].is_valid()
        for each in given[1:]:
            there = pc.and_(there, each.is_valid())
        places = pc.indices_nonzero(there)
        whole = len(places) == len(there)
        if not len(places):
            return pa.nulls(len(there), self.arrow_type(self.result.kind))
        try:
            found = self.compute(*(given if whole else [each.take(places) for each in given]))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever a plugin does, an exit included
            raise self._wrong(f"fails: {in_a_line(error)}") from error
        found = self._checked(found, len(places))
        if whole:
            return found
        nothing = pa.nulls(len(there), found.type)
        return pc.replace_with_mask(nothing, there, found)

    def _checked(self, found: Any, length: int) -> "pa.Array":
        """What it gave, if it is what it says."""
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = self.arrow_type(self.result.kind)
        if not isinstance(found, pa.Array | pa.ChunkedArray):
            raise self._wrong(f"gives {type(found).__name__}, and an Arrow array is expected")
        found = _one(found)
        if len(found) != length:
            raise self._wrong(f"gives {len(found)} values for {length} rows")
        if pa.types.is_null(found.type) and self.result.nullable:
            return found.cast(wanted)
        if found.type != wanted:
            declared = self.result.kind.value if self.result.kind is not Kind.EXACT else "integer"
            raise self._wrong(f"gives an array of {found.type}, and `{declared}` is declared: {wanted}")
        if found.null_count and not self.result.nullable:
            raise self._wrong("gives a missing value", f"declare the result as `{self.result.kind.value}?`")
        if self.result.kind is Kind.NUMBER and not pc.all(pc.is_finite(found), min_count=0).as_py():
            raise self._wrong("gives a number that is infinite or NaN")
        if self.result.kind in (Kind.EXACT, Kind.NUMBER):
            ends = pc.min_max(found).as_py()
            if any(each is not None and abs(each) > LIMIT for each in ends.values()):
                raise self._wrong(f"gives a number beyond {LIMIT:,}")
        try:
            found.validate(full=True)
            if self.result.kind in (Kind.DATE, Kind.TIMESTAMP):
                pc.min_max(found).as_py()
        except (pa.ArrowInvalid, OverflowError, ValueError):
            raise self._wrong("gives what is no text of UTF-8, or no day of the years 1 to 9999") from None
        return found

    def _wrong(self, what: str, hint: str | None = None) -> PluginError:
        said = f"{found_in(self.place, self.by)}the function `{self.name}` {what}"
        return PluginError(said + (f"\nhint: {hint}" if hint else ""))


def found_in(place: str, by: str) -> str:
    """What an error of a plugin begins with, as far as that is known."""
    return (f"{place}: " if place else "") + (f"plugin {by}: " if by else "")


def in_a_line(error: BaseException) -> str:
    """An exception in a line."""
    try:
        text = str(error).partition("\n")[0]
    except Exception:  # of a plugin's own class
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _one(array: Any) -> Any:
    """An array in one piece."""
    return array.combine_chunks() if hasattr(array, "combine_chunks") else array


def arrow_function(
    *,
    name: str,
    parameters: tuple[str, ...],
    result: str,
    compute: Callable[..., Any],
    doc: str,
    example: tuple[str, object],
) -> Function:
    """A function of the expression language that Python computes for many rows at once.

    It costs portability: `sql` refuses it, and on Spark each executor needs the plugin. Prefer a kind of the
    language where that can say it.

    Args:
        name: How rules call it.
        parameters: Kinds it takes: boolean, integer, number, text, date, timestamp; `number` takes exact numbers too.
        result: Type of the result, as a column's: `number`, `integer?`, `text`, `boolean?`, `date`.
        compute: `(*arrays) -> Arrow array`, as long as they are and of the result's type; pure. Rows in which an
            argument is missing are left out beforehand. Texts are `string`, whole numbers `int64`, numbers `float64`,
            moments `timestamp[us]`.
        doc: One sentence.
        example: An expression and its value, which tests run.

    Raises:
        ValueError: A parameter or the result is none of these.
    """
    type_ = parse_type(result)
    if type_ is None or (type_.kind not in _ARROW_TYPES and type_.kind is not Kind.TIMESTAMP) or type_.scale:
        raise ValueError(f"the function `{name}` has the result `{result}`: one of {', '.join(_PARAMETERS)}")
    wrong = [each for each in parameters if each not in _PARAMETERS]
    if wrong or not parameters:
        raise ValueError(f"the function `{name}` takes {wrong or 'nothing'}: any of {', '.join(_PARAMETERS)}")
    vectorised = Vectorised(name=name, parameters=tuple(parameters), result=type_, compute=compute)
    places = ", ".join(f"{{{i}}}" for i, _ in enumerate(parameters))
    # a moment may stand where a date is taken
    typed = ", ".join(f"CAST({{{i}}} AS DATE)" if each == "date" else f"{{{i}}}" for i, each in enumerate(parameters))
    return Function(
        name=name,
        parameters=tuple(parameters),
        result=lambda *_: type_,
        evaluate=vectorised,
        python=f"_{ARROW}{name}({places})",
        sql=f"{ARROW}{name}({typed})",
        names={f"_{ARROW}{name}": vectorised},
        doc=doc,
        example=example,
        vectorised=vectorised,
    )


def owned(function: Function, by: str) -> Function:
    """The function, whose errors name a plugin."""
    if not isinstance(function.vectorised, Vectorised):
        return function
    known = evolve(function.vectorised, by=by)
    return evolve(function, evaluate=known, names=dict.fromkeys(function.names, known), vectorised=known)
