"""Which plugins are asked for, and by whom: the pack, an option, the environment."""

from collections.abc import Iterable, Sequence

from attrs import frozen

from trustcommerce.diagnostics import Span
from trustcommerce.read import Mapping, Scalar
from trustcommerce.read import Sequence as Items

__all__ = ["ENVIRONMENT", "Request", "requests"]

ENVIRONMENT = "TRUSTCOMMERCE_PLUGINS"
"""The variable that names plugins for every pack, split by commas."""


@frozen(kw_only=True)
class Request:
    """A plugin by its name, by `DISTRIBUTION:NAME`, or by the path of a file that ends in .py.

    Args:
        by: `pack`, `option`, or `environment`, whose broken plugins are passed over with a warning.
        span: Where a pack names it.
    """

    name: str
    by: str
    span: Span | None = None

    @property
    def is_file(self) -> bool:
        return self.name.endswith(".py")


def requests(header: Mapping, options: Sequence[str], environment: str) -> list[Request]:
    """Everything that is asked for, each once, sorted by name.

    Args:
        header: pack.yaml.
        options: NAME, FILE.py, or no:NAME, which takes back what a pack or the environment asks for.
        environment: What `ENVIRONMENT` says.
    """
    said = header.get("plugins")
    scalars = [each for each in said if isinstance(each, Scalar)] if isinstance(said, Items) else []
    found = [Request(name=each.text, by="pack", span=each.span) for each in scalars]
    found += [Request(name=each, by="option") for each in options if not each.startswith("no:")]
    found += [Request(name=each.strip(), by="environment") for each in environment.split(",") if each.strip()]
    refused = {each.removeprefix("no:") for each in options if each.startswith("no:")}
    return sorted(_once(each for each in found if each.name not in refused), key=lambda each: each.name)


def _once(found: Iterable[Request]) -> Iterable[Request]:
    """The first of each name: a pack's request says where."""
    first: dict[str, Request] = {}
    for each in found:
        first.setdefault(each.name, each)
    return first.values()
