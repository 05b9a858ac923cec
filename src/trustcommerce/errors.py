"""The tree of errors. Everything a user can cause is one of these, never a bare traceback."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from trustcommerce.diagnostics import Diagnostic, render

__all__ = [
    "DataError",
    "NotJudged",
    "PluginError",
    "PolicyError",
    "RunError",
    "TrustCommerceError",
    "joined",
    "kept",
    "together",
]


class TrustCommerceError(Exception):
    """Anything that trustcommerce raises on purpose."""


class PolicyError(TrustCommerceError):
    """A pack does not load; holds every diagnostic found, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n\n".join(render(d) for d in self.diagnostics)


class DataError(TrustCommerceError):
    """A record, frame, file or argument breaks what the rule set declares.

    Args:
        message: What is wrong, one sentence.
        ruleset: Name of the rule set being run, if any.
        table: The table, file or result that holds it, in words; None for a record and for the frame of subjects.
        column: Name of the input concerned, if any.
        row: Subject key (or row number) of the first row concerned, if any.
        value: The offending value, shown by `repr`.
        hint: How to mend it.
        also: What else is wrong, found at the same time.
    """

    def __init__(
        self,
        message: str,
        *,
        ruleset: str | None = None,
        table: str | None = None,
        column: str | None = None,
        row: object = None,
        value: object = None,
        hint: str | None = None,
        also: Iterable["DataError"] = (),
    ) -> None:
        self.message, self.ruleset, self.table, self.column = message, ruleset, table, column
        self.row, self.value, self.hint = row, value, hint
        self.also = tuple(also)
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        parts = (self.ruleset, self.table, self.column, self.row, self.value, self.hint, self.also)
        return _rebuild, (self.message, *parts)

    def __str__(self) -> str:
        return "\n\n".join([self.alone(), *map(str, self.also)])

    def alone(self) -> str:
        """This error in words, without what else is wrong."""
        places = [
            f"{name} `{value}`" if name else str(value)
            for name, value in (
                ("rule set", self.ruleset),
                ("", self.table if self.table is None or self.table not in self.message else None),
                ("column", self.column),
                ("row", self.row),
            )
            if value
        ]
        head = f"{', '.join(places)}: {self.message}" if places else self.message
        return f"{head}\nhint: {self.hint}" if self.hint else head


def _rebuild(
    message: str,
    ruleset: str | None,
    table: str | None,
    column: str | None,
    row: object,
    value: object,
    hint: str | None,
    also: tuple[DataError, ...],
) -> DataError:
    return DataError(message, ruleset=ruleset, table=table, column=column, row=row, value=value, hint=hint, also=also)


@contextmanager
def kept(errors: list[DataError]) -> Iterator[None]:
    """Go on after a `DataError`, and keep it for `together`."""
    try:
        yield
    except DataError as error:
        errors.append(error.with_traceback(None))  # its frames hold the list


def together(errors: Iterable[DataError]) -> None:
    """Raise several errors as one, if there are any."""
    found = list(errors)
    if found:
        raise joined(found)


def joined(errors: Iterable[DataError]) -> DataError:
    """The first of one error or more, with the others in its `also`; what is said twice once."""
    found: dict[str, DataError] = {}
    for error in errors:
        for each in _flat(error):
            found.setdefault(each.alone(), each)
    first, *others = found.values()
    for each in others:
        each.also = ()
    first.also = tuple(others)
    return first


def _flat(error: DataError) -> Iterator[DataError]:
    yield error
    for each in error.also:
        yield from _flat(each)


class NotJudged(DataError):
    """The subject is none of the rule set's: its `where` is not true for it."""

    def __init__(self, ruleset: str, row: object = None) -> None:
        said = "this subject is not judged: the rule set's `where` is not true for it"
        super().__init__(said, ruleset=ruleset, row=row)


class PluginError(TrustCommerceError):
    """A plugin that a pack asks for does not load or breaks its contract."""


class RunError(TrustCommerceError):
    """A run could not be finished: no space, no such folder, interrupted."""
