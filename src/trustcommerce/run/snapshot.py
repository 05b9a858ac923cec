"""Peers frozen: what single records need to be compared with the subjects of a table run.

In: a run over all subjects. Out: for each aggregate over peers its values by partition, for each rank
the sorted values of every partition; kept as JSON.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any

from attrs import field, frozen

from trustcommerce.errors import DataError

__all__ = ["FrozenPeers", "FrozenRank", "Partition", "Snapshot", "frozen_peers"]

Partition = tuple[Any, ...]


@frozen
class FrozenPeers:
    """One measure of peers by partition."""

    name: str
    values: dict[Partition, Any]

    def look_up(self, partition: Partition) -> Any:
        """The measure of the subject's partition."""
        if partition not in self.values:
            raise DataError(
                f"the snapshot holds no peers of `{self.name}` in {', '.join(map(str, partition)) or 'all'}",
                column=self.name,
                hint="freeze again: the partition is new",
            )
        return self.values[partition]


@frozen
class FrozenRank:
    """The values, with keys, of every partition in ascending order."""

    name: str
    form: str
    descending: bool
    values: dict[Partition, list[tuple[Any, ...]]]

    def place(self, partition: Partition, value: Any, key: tuple[Any, ...]) -> Any:
        """Where `value` stands among the frozen ones; a subject that is among them stands where it stood."""
        ordered = self.values.get(partition, [])
        first, last = bisect_left(ordered, (value,)), bisect_right(ordered, value, key=lambda each: each[0])
        before = len(ordered) - last if self.descending else first
        if self.form == "position":
            return before + bisect_left(ordered, (value, *key)) - first + 1
        return float(2 * before + last - first) / float(2 * len(ordered)) if ordered else None


@frozen(kw_only=True)
class Snapshot:
    """The peers of one rule set on one day.

    Args:
        meaning: Digest of the pack that made it.
        frozen: By the name under which a record would give the number.
    """

    ruleset: str
    as_of: dt.date
    meaning: str
    frozen: dict[str, FrozenPeers | FrozenRank] = field(repr=False)

    def save(self, path: str | Path) -> None:
        """Write it as JSON, beside and then in place."""
        import json

        target = Path(path)
        beside = target.with_name(f".{target.name}.part")
        data = {
            "ruleset": self.ruleset,
            "as_of": self.as_of.isoformat(),
            "meaning": self.meaning,
            "frozen": {name: _data(each) for name, each in self.frozen.items()},
        }
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        beside.replace(target)

    @classmethod
    def load(cls, path: str | Path) -> "Snapshot":
        """Read one that was saved.

        Raises:
            DataError: The file is missing or no snapshot.
        """
        import json

        try:
            data = json.loads(Path(path).read_text("utf-8"))
            return cls(
                ruleset=data["ruleset"],
                as_of=dt.date.fromisoformat(data["as_of"]),
                meaning=data["meaning"],
                frozen={name: _frozen(name, each) for name, each in data["frozen"].items()},
            )
        except OSError as error:
            raise DataError(f"{Path(path).as_posix()}: {error.strerror}") from None
        except (KeyError, TypeError, ValueError):
            raise DataError(f"{Path(path).as_posix()} is no snapshot", hint="make one: trustcommerce freeze") from None


def frozen_peers(snapshot: "Snapshot | str | Path", ruleset: str, meaning: str) -> dict[str, FrozenPeers | FrozenRank]:
    """What a snapshot, or the file of one, holds.

    Raises:
        DataError: It is of another rule set, or of a pack with another meaning.
    """
    if not isinstance(snapshot, Snapshot | str | Path):
        raise DataError(f"a {type(snapshot).__name__} is no snapshot", ruleset=ruleset, hint="give one, or its path")
    found = snapshot if isinstance(snapshot, Snapshot) else Snapshot.load(snapshot)
    if found.ruleset != ruleset or found.meaning != meaning:
        what = f"rule set `{found.ruleset}`" if found.ruleset != ruleset else "another meaning of the pack"
        raise DataError(f"the snapshot is of {what}", ruleset=ruleset, hint="freeze again: trustcommerce freeze")
    return dict(found.frozen)


def _plain(value: Any) -> Any:
    """A run-time value as JSON; moments are marked by their kind."""
    if isinstance(value, dt.datetime):
        return {"timestamp": value.isoformat()}
    return {"date": value.isoformat()} if isinstance(value, dt.date) else value


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        kind, text = next(iter(value.items()))
        return dt.datetime.fromisoformat(text) if kind == "timestamp" else dt.date.fromisoformat(text)
    return value


def _data(each: FrozenPeers | FrozenRank) -> dict[str, Any]:
    if isinstance(each, FrozenPeers):
        return {"rows": [[[*map(_plain, key)], _plain(value)] for key, value in each.values.items()]}
    rows = [[[*map(_plain, key)], [[*map(_plain, row)] for row in value]] for key, value in each.values.items()]
    return {"form": each.form, "descending": each.descending, "rows": rows}


def _frozen(name: str, data: dict[str, Any]) -> FrozenPeers | FrozenRank:
    if "form" not in data:
        return FrozenPeers(name, {tuple(map(_value, key)): _value(value) for key, value in data["rows"]})
    rows = {tuple(map(_value, key)): [tuple(map(_value, row)) for row in value] for key, value in data["rows"]}
    return FrozenRank(name, data["form"], data["descending"], rows)
