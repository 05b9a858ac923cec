"""Near misses: what someone may have meant by a name that does not exist."""

from collections.abc import Iterable, Sequence

__all__ = ["and_others", "did_you_mean", "nearest", "the"]


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the nearest known name, or None when nothing is near."""
    near = nearest(name, known)
    return None if near is None else f"did you mean `{near}`?"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that may well be meant, or None when nothing is near."""
    import difflib

    candidates = sorted(set(known))
    name = str(name)
    folded = {candidate.lower(): candidate for candidate in candidates}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.65)
    if near and near[0][0] != name.lower()[0]:  # who errs at the first letter must be right about the rest
        near = difflib.get_close_matches(name.lower(), near, n=1, cutoff=0.75)
    return folded[near[0]] if near else None


def and_others(names: Sequence[str]) -> str:
    """What follows the first of several missing names: the next three, and how many more."""
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f", nor {', '.join(f'`{name}`' for name in names[:3])}{more}"


def the(what: str) -> str:
    """The name of a table, frame or file within a sentence; files go without an article."""
    return f"the {what}" if what.split(" ")[0] in ("frame", "table", "result") else what
