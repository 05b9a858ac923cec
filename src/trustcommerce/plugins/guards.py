"""What plugins do while a run goes on, so that what fails names the plugin."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import evolve

from trustcommerce.errors import PluginError, TrustCommerceError
from trustcommerce.registry import Allocator, Function, Output, Scan, Source, owned

__all__ = ["guarded"]


def guarded(record: Any, by: str) -> Any:
    """A registration whose functions fail with a `PluginError` that names the plugin."""
    if isinstance(record, Function):
        return owned(record, by)
    if isinstance(record, Allocator):
        return evolve(record, by=by)
    if isinstance(record, Source):
        said = f"plugin {by}: the source `{record.suffix}`"
        return evolve(
            record,
            read=_told(record.read, said, _table),
            scan=_told(record.scan, said, _table),
            tables=_told(record.tables, said, _names),
            line=_told(record.line, said, lambda found: None if isinstance(found, int) else "a line is a number"),
        )
    if isinstance(record, Output):
        return evolve(record, write=_told(record.write, f"plugin {by}: the format `{record.name}`"))
    return record


def _told(function: Any, said: str, wrong: Callable[[Any], str | None] = lambda found: None) -> Any:
    """The function, whatever it raises and gives looked at; None if there is none."""
    if function is None:
        return None

    def call(*args: Any) -> Any:
        try:
            found = function(*args)
        except TrustCommerceError:
            raise
        except Exception as error:  # whatever a plugin does
            what = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            raise PluginError(f"{said} fails{_on(args)}: {what}") from error
        problem = wrong(found)
        if problem is not None:
            raise PluginError(f"{said} gives {type(found).__name__}{_on(args)}: {problem}")
        return found

    return call


def _on(args: tuple[Any, ...]) -> str:
    """The file it is about."""
    flat = [each for arg in args for each in (arg if isinstance(arg, list | tuple) else (arg,))]
    path = next((each for each in flat if isinstance(each, Path)), None)
    return f" on {path.name}" if path is not None else ""


def _table(found: Any) -> str | None:
    import pyarrow as pa

    return None if isinstance(found, pa.Table | Scan) else "an Arrow table is expected"


def _names(found: Any) -> str | None:
    fine = isinstance(found, list | tuple) and all(isinstance(each, str) for each in found)
    return None if fine else "a list of names is expected"
