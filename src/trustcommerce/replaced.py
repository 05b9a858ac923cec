"""A folder that takes the place of another when all of it is written, and not before."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from trustcommerce.errors import RunError

__all__ = ["SPILL", "replaced"]

_MARK = ".trustcommerce-"
SPILL = ".spill"
"""A folder within it for what does not stay: it goes before the rest is in place."""


@contextlib.contextmanager
def replaced(out: Path, what: str, refusal: Callable[[Path], str | None]) -> Iterator[Path]:
    """An empty folder beside `out` that takes its place when all went well.

    What a killed process left goes first; an earlier `out` that it moved aside comes back.

    Args:
        what: What the folder is for, in messages.
        refusal: Why a folder that is there may not be replaced, if it may not.

    Raises:
        RunError: `out` may not be replaced, can't be written, or another process is writing it.
    """
    shown, out = out.as_posix(), out.resolve()  # where a link leads to is replaced, and the link stays
    if not out.name:
        raise RunError(f"{shown} is the root of all folders: {what} one of their own")
    target, old = out.with_name(f"{_MARK}{out.name}"), out.with_name(f"{_MARK}{out.name}.old")
    try:
        if out.exists() and not out.is_dir():
            raise RunError(f"{shown} is a file; {what} a folder")
        why = refusal(out) if out.is_dir() else None
        if why is not None:
            raise RunError(f"{shown} {why}")
        target.mkdir(parents=True, exist_ok=True)
        with _locked(target, shown):
            try:
                if old.exists() and not out.exists():
                    old.rename(out)
                shutil.rmtree(old, ignore_errors=True)
                _clear(target)
                yield target
                shutil.rmtree(target / SPILL, ignore_errors=True)
                if out.exists():
                    out.rename(old)
                target.rename(out)
            finally:
                shutil.rmtree(target, ignore_errors=True)
                if out.exists():
                    shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise RunError(f"{shown}: {error.strerror or error}") from None


def _clear(folder: Path) -> None:
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()


@contextlib.contextmanager
def _locked(folder: Path, shown: str) -> Iterator[None]:
    """Keep the folder for this process; the lock ends with the process, however that ends.

    Where the system or the disk has no such locks nothing is kept.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RunError(f"{shown}: another process is writing it; wait until it is done") from None
        if not folder.is_dir() or not os.path.samestat(os.fstat(handle), folder.stat()):  # it was done just now
            raise RunError(f"{shown}: another process has just written it; begin again")
        yield
    finally:
        os.close(handle)
