"""Bytes of a file -> its text, or a diagnostic."""

from pathlib import Path

from trustcommerce import codes
from trustcommerce.diagnostics import Problems, SourceFile, Span

__all__ = ["read_text"]

MAX_BYTES = 64 * 1024 * 1024


def read_text(path: Path, shown: str, problems: Problems) -> SourceFile | None:
    """The UTF-8 text of `path` (a byte-order mark is dropped), shown as `shown` in messages."""
    try:
        if path.stat().st_size > MAX_BYTES:
            problems.add(codes.UNREADABLE, f"{shown}: larger than {MAX_BYTES >> 20} MiB")
            return None
        data = path.read_bytes()
    except OSError as error:
        problems.add(codes.UNREADABLE, f"{shown}: {error.strerror or error}")
        return None
    try:
        return SourceFile(path=shown, text=data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig")
        file = SourceFile(path=shown, text=good + "�")
        problems.add(
            codes.BAD_ENCODING,
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            Span(file, len(good), len(good) + 1),
            "save the file as UTF-8",
        )
        return None
