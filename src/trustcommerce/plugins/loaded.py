"""A plugin that is loaded: what it is, and what its hooks gave."""

from typing import Any

from attrs import field, frozen

__all__ = ["Plugin"]


@frozen(kw_only=True)
class Plugin:
    """A plugin that is loaded.

    Args:
        distribution: Where it comes from; None for a file.
        content: Digest of its source: another one is another meaning.
        gives: What its hooks gave.
    """

    name: str
    version: str
    distribution: str | None
    content: str
    gives: tuple[Any, ...] = field(default=(), repr=False)

    @property
    def said(self) -> str:
        """Name and version, for messages and results."""
        return f"{self.name} {self.version}"
