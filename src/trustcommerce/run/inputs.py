"""What a record of a rule set may hold, as a list for people and programs."""

from typing import Any

from trustcommerce.language.types import Type
from trustcommerce.plan import RuleSetPlan, Version
from trustcommerce.run.atoms import Atoms
from trustcommerce.run.values import describe

__all__ = ["inputs_of"]


def inputs_of(plan: RuleSetPlan, version: Version) -> list[dict[str, Any]]:
    """Columns of the subject, columns of matched rows, numbers, and the rows that may stand for numbers."""

    def entry(name: str, type_: Type, source: str, kind: str, key: bool = False) -> dict[str, Any]:
        return {
            "name": name,
            "type": describe(type_),
            "nullable": type_.nullable,
            "unit": type_.unit,
            "from": source,
            "kind": kind,
            "key": key,
        }

    found = [entry(f.name, f.type, plan.table or "", "column", f.name in plan.key) for f in version.inputs]
    for match in version.matches:
        if match.table is None:
            found += [entry(f"{match.name}.{f.name}", f.type, match.input, "reference") for f in match.fields]
    seen: set[str] = set()
    for group in reversed(version.groups):
        kind, _, peers = group.partition(" ")
        if kind == "reference" and peers:
            continue
        for _, field in version.measured(group):
            if field.name not in seen:
                seen.add(field.name)
                found.append(entry(field.name, field.type, "peers" if peers else group, "peers" if peers else "number"))
    rows = Atoms(plan, version).rows
    return found + [
        {
            "name": name,
            "type": f"rows of `{table}`",
            "nullable": False,
            "unit": None,
            "from": table,
            "kind": what,
            "key": False,
        }
        for name, (what, table) in rows.items()
    ]
