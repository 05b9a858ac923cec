"""What authors of plugins and packs test with: a lab that builds packs, and suites to inherit.

`pytest_plugins = ["trustcommerce.testing"]` in a conftest.py gives the fixture `lab`.
"""

from trustcommerce.testing.lab import Lab, lab
from trustcommerce.testing.suites import KindSuite, OutputSuite, SourceSuite

__all__ = ["KindSuite", "Lab", "OutputSuite", "SourceSuite", "lab"]
