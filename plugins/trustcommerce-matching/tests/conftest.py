"""The fixture `lab`."""

from trustcommerce.testing import lab

__all__ = ["lab"]
