"""Near misses: what someone may have meant by a name that does not exist."""

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the nearest known name, or None when nothing is near."""
    candidates = sorted(set(known))
    folded = {candidate.lower(): candidate for candidate in candidates}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.65)
    return f"did you mean `{folded[near[0]]}`?" if near else None
