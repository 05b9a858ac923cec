"""Threads and memory as callers give them: what can't be kept is said before anything starts."""

import re

from trustcommerce.errors import DataError

__all__ = ["check_limits"]

_MOST = 1024
"""Threads; each takes memory, and a machine that can't give it ends the process."""
_AMOUNT = re.compile(r"([0-9]{1,12}(?:\.[0-9]+)?) ?([KMGT])(i?)B")


def check_limits(threads: int | None, memory: str | None, least: int) -> int | None:
    """The memory in bytes, None without a limit; limits that make no sense are refused.

    Args:
        memory: A text such as `4GB` or `500 MiB`.
        least: The memory, in MB of 10^6 bytes, without which nothing runs.

    Raises:
        DataError: They are none, or too small for any work.
    """
    if threads is not None and (type(threads) is not int or not 1 <= threads <= _MOST):
        raise DataError(
            f"{threads!r} is no number of threads", hint=f"give a whole number from 1 to {_MOST}, or None for all cores"
        )
    if memory is None:
        return None
    found = _AMOUNT.fullmatch(memory) if isinstance(memory, str) else None
    if found is None:
        raise DataError(f"`{memory}` is no amount of memory", hint="write it as 4GB or 500MB")
    number, unit, binary = found.groups()
    amount: int = round(float(number) * (1024.0 if binary else 1000.0) ** (1 + "KMGT".index(unit)))
    if amount < least * 10**6:
        raise DataError(f"the memory limit of {memory} is too small: nothing runs with less than {least}MB")
    return amount
