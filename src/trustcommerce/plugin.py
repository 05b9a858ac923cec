"""What authors of plugins import: the mark of a hook, and the records that hooks give."""

from trustcommerce.plugins.specs import hookimpl
from trustcommerce.registry import Output

__all__ = ["Output", "hookimpl"]
