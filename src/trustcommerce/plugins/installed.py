"""Plugins that are installed: entry points of the group `trustcommerce`, none of them imported."""

from collections.abc import Iterable
from importlib import metadata

from attrs import frozen

__all__ = ["Installed", "installed", "named"]

_GROUP = "trustcommerce"


@frozen(kw_only=True, order=True)
class Installed:
    """An entry point: the plugin's name, its module, and the distribution that brings it."""

    name: str
    distribution: str
    version: str
    module: str

    @property
    def qualified(self) -> str:
        """The name that no other distribution's plugin has."""
        return f"{self.distribution}:{self.name}"


def installed() -> tuple[Installed, ...]:
    """All of them, sorted by name."""
    found = {
        Installed(name=each.name, distribution=each.dist.name, version=each.dist.version, module=each.value)
        for each in metadata.entry_points(group=_GROUP)
        if each.dist is not None
    }
    return tuple(sorted(found))


def named(name: str, known: Iterable[Installed]) -> list[Installed]:
    """Those that a name means: one, none, or several distributions' that give it alike."""
    return [each for each in known if name in (each.name, each.qualified)]
