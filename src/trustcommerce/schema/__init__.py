"""Stage `schema`: the shape of the YAML, as JSON Schema made from the core and the registry.

In: trees. Out: diagnostics for keys and values that have no place there.
"""

from trustcommerce.schema.check import as_meant, check_shape, fault
from trustcommerce.schema.documents import authored_schema, case_schema, pack_schema, ruleset_schema, with_dates

__all__ = [
    "as_meant",
    "authored_schema",
    "case_schema",
    "check_shape",
    "fault",
    "pack_schema",
    "ruleset_schema",
    "with_dates",
]
