"""The catalogue of diagnostic codes; `docs/reference/diagnostics.md` is made from it.

TC1xx reading files, TC2xx names and keys, TC3xx types and units, TC4xx decisions and
scores, TC5xx tables and references, TC6xx packs and versions, TC9xx data at run time.
"""

from typing import NamedTuple

__all__ = ["CATALOGUE", "Code"]


class Code(NamedTuple):
    """A stable number, a slug, and what the code means."""

    number: str
    slug: str
    meaning: str


CATALOGUE: dict[str, Code] = {}


def _code(number: str, slug: str, meaning: str) -> Code:
    code = Code(number, slug, meaning)
    CATALOGUE[slug] = code
    return code


UNREADABLE = _code("TC101", "unreadable-file", "A file is missing or can't be opened.")
BAD_ENCODING = _code("TC102", "bad-encoding", "A file is not UTF-8.")
BAD_YAML = _code("TC103", "bad-yaml", "The text is not YAML.")
SEVERAL_DOCUMENTS = _code("TC104", "several-documents", "A file holds more than one YAML document.")
DUPLICATE_KEY = _code("TC105", "duplicate-key", "A mapping says the same key twice.")
ALIAS_BOMB = _code("TC106", "alias-bomb", "Aliases unfold to more nodes than a rule set may have.")
CUT_EXPRESSION = _code("TC107", "cut-expression", "A comma inside `{ }` or `[ ]` cut an unquoted expression in two.")
BAD_KEY = _code("TC108", "bad-key", "A key is not plain text, or a merge key or tag is used.")
EMPTY_FILE = _code("TC109", "empty-file", "A file that must hold a mapping is empty.")
TOO_DEEP = _code("TC110", "too-deep", "YAML or an expression is nested beyond 32 levels.")
BAD_EXPRESSION = _code("TC111", "bad-expression", "The text is not an expression.")
FORBIDDEN_SYNTAX = _code(
    "TC112", "forbidden-syntax", "SQL that a rule may not use: statements, subqueries, comments, ..."
)
UNKNOWN_KEY = _code("TC201", "unknown-key", "A key that has no meaning at its place.")
MISSING_KEY = _code("TC202", "missing-key", "A key that must be said is not.")
UNKNOWN_NAME = _code("TC203", "unknown-name", "An expression uses a name that nothing defines.")
UNKNOWN_FUNCTION = _code("TC204", "unknown-function", "A function that no registration provides.")
UNKNOWN_LABEL = _code("TC205", "unknown-label", "A label that the level does not have.")
UNKNOWN_TABLE = _code("TC206", "unknown-table", "A table, file or rule set that nothing declares.")
DUPLICATE_NAME = _code("TC207", "duplicate-name", "Two things of one rule set have the same name.")
CYCLE = _code("TC208", "cycle", "Names reach themselves.")
WRONG_SHAPE = _code("TC209", "wrong-shape", "A value of another kind than its place takes.")
AMBIGUOUS_FORM = _code("TC210", "ambiguous-form", "An item says none or several of the forms it may have.")
AMBIGUOUS_LABEL = _code("TC211", "ambiguous-label", "A label has the name of something in scope.")
TYPE_MISMATCH = _code("TC301", "type-mismatch", "Types that do not go together.")
UNIT_MISMATCH = _code("TC302", "unit-mismatch", "Units that do not go together.")
MAYBE_MISSING = _code("TC303", "maybe-missing", "Something may be missing and nothing says what then.")
OVERFLOW = _code("TC304", "overflow", "The ranges of the inputs do not exclude an overflow.")
BAD_LITERAL = _code("TC305", "bad-literal", "A constant that its place can't hold.")
WRONG_ARGUMENTS = _code("TC306", "wrong-arguments", "A function called with other arguments than it takes.")
INEXACT_MONEY = _code("TC307", "inexact-money", "Money or a decimal meets a double in a product.")
NO_ELSE = _code("TC401", "no-else", "A decision does not say what happens otherwise.")
GAP = _code("TC402", "gap", "A decision leaves values of its input without a result.")
OVERLAP = _code("TC403", "overlap", "Two entries hold for the same input.")
MASKED = _code("TC404", "masked-row", "An entry can never be reached.")
KNOTS = _code("TC405", "knots-out-of-order", "The knots of a curve do not ascend.")
WEIGHTS = _code("TC406", "weights-differ", "The weights of siblings do not always sum alike.")
BOUNDS = _code("TC407", "bound-not-rounded", "A bound is no multiple of `round`.")
LABEL_NEVER = _code("TC408", "label-never-given", "No entry gives this label.")
NO_HIT = _code("TC409", "no-hit-policy", "A resource with several entries does not say `hit`.")
OUT_OF_RANGE = _code("TC410", "out-of-range", "A constant lies outside the range of its place.")
BAD_RANGE = _code("TC411", "bad-range", "A range whose ends are the wrong way round.")
BAD_WEIGHT = _code("TC412", "bad-weight", "A weight is not a positive integer.")
BAD_CELL = _code("TC413", "bad-cell", "A step or table cell that can't be read.")
NEEDS_PERIODS = _code("TC414", "needs-periods", "Something that needs periods, which do not exist yet.")
OUTSIDE_PACK = _code("TC501", "outside-pack", "A reference file lies outside the pack.")
DUPLICATE_MATCH = _code("TC502", "duplicate-match", "Two rows of a reference match the same key.")
MISSING_CELL = _code("TC503", "missing-cell", "A cell that may not be missing is empty.")
BAD_CELL_VALUE = _code("TC504", "bad-value", "A cell of a pack file is not of its column's type.")
VALIDITY = _code("TC505", "validity", "Periods of validity overlap or leave a gap.")
COLUMNS_DIFFER = _code("TC506", "columns-differ", "A file has other columns than declared.")
UNKNOWN_COLUMN = _code("TC507", "unknown-column", "A column that the table does not have.")
UNORDERED = _code("TC508", "unordered", "An order of rows in which two of them may be equal.")
BAD_WINDOW = _code("TC509", "bad-window", "A window that can't be read, or that is not said.")
UNDATED = _code("TC601", "undated-start", "A dated value has no entry for the rule set's first days.")
BAD_DATE = _code("TC602", "bad-date", "Not a date of the form 2023-05-09.")
BAD_TYPE = _code("TC603", "bad-type", "A column type that does not exist.")
BAD_CASE = _code("TC604", "bad-case", "A test case that can't be run.")
BAD_PLUGIN = _code("TC605", "bad-plugin", "A plugin that is asked for is not there, or can't be used.")
DATA = _code("TC901", "bad-data", "A record, frame or file at run time breaks what is declared.")
