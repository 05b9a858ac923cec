"""Sample events of an invented marketplace, at any size, the same bytes on every run."""

from trustcommerce.samples.write import write_samples

__all__ = ["write_samples"]
