"""What is connected, as layers of a statement: each member of a graph with the smallest that it can be reached from.

The last layer has the columns `member` and `component`.
"""

from collections.abc import Iterator

__all__ = ["Layer", "by_rounds", "by_steps", "in_arrays"]

Layer = tuple[str, str]
"""Its name, with its columns where its query names none, and its query."""


def by_steps(edges: str, start: str, end: str) -> Iterator[Layer]:
    """By recursion: a member hands on those that are smaller than whom it meets; the smallest of all comes through.

    Args:
        edges: The layer of the graph's edges.
        start: The column of a member, quoted.
        end: The column of another.
    """
    yield (
        f"{edges}_ways",
        f"SELECT {start} AS a, {end} AS b FROM {edges} UNION SELECT {end}, {start} FROM {edges}",
    )
    yield (
        f"{edges}_reached(member, component)",
        f"SELECT a, a FROM {edges}_ways UNION SELECT x.b, m.component FROM {edges}_reached AS m"
        f" JOIN {edges}_ways AS x ON x.a = m.member WHERE m.component < x.b",
    )
    yield (
        f"{edges}_connected",
        f"SELECT member, MIN(component) AS component FROM {edges}_reached GROUP BY member",
    )


def by_rounds(edges: str, start: str, end: str) -> Iterator[Layer]:
    """By recursion that keeps no set of what it has: all take the smallest of whom they meet, while that changes any.

    Args:
        edges: The layer of the graph's edges.
        start: The column of a member, quoted.
        end: The column of another.
    """
    ways = ((start, end), (end, start), (start, start), (end, end))
    yield (
        f"{edges}_ways",
        " UNION DISTINCT ".join(f"SELECT {a} AS a, {b} AS b FROM {edges}" for a, b in ways),
    )
    yield (
        f"{edges}_reached",
        f"SELECT DISTINCT a AS member, a AS component, CAST(1 AS UInt8) AS going FROM {edges}_ways UNION ALL"
        " SELECT member, component, max(changed) OVER () AS going FROM"
        " (SELECT x.b AS member, min(m.component) AS component,"
        " min(m.component) < minIf(m.component, m.member = x.b) AS changed"
        f" FROM {edges}_reached AS m JOIN {edges}_ways AS x ON x.a = m.member WHERE m.going = 1 GROUP BY x.b) AS met",
    )
    yield (
        f"{edges}_connected",
        f"SELECT member, min(component) AS component FROM {edges}_reached GROUP BY member",
    )


_STEP = """aggregate(
  sequence(1, size(ways)),
  named_struct('names', sequence(0, size(ways) - 1), 'done', FALSE),
  (state, i) -> IF(state.done, state, transform(
    array(transform(ways, met -> array_min(transform(met, id -> state.names[id])))),
    lower -> transform(
      array(transform(lower, name -> lower[name])),
      jumped -> named_struct('names', jumped, 'done', jumped = state.names)
    )[0]
  )[0]),
  state -> state.names
)"""
"""Each member takes the smallest name among those it meets, and then the name of that member; until nothing changes."""


def in_arrays(edges: str, start: str, end: str) -> Iterator[Layer]:
    """In one row: members by number, whom each meets as an array of arrays, in time linear in the edges for each step.

    Args:
        edges: The layer of the graph's edges.
        start: The column of a member, quoted.
        end: The column of another.
    """
    yield (
        f"{edges}_members",
        "SELECT member, CAST(row_number() OVER (ORDER BY member) - 1 AS INT) AS id"
        f" FROM (SELECT {start} AS member FROM {edges} UNION SELECT {end} FROM {edges})",
    )
    yield (
        f"{edges}_ways",
        f"SELECT s.id AS a, e.id AS b FROM {edges} AS x JOIN {edges}_members AS s ON s.member = x.{start}"
        f" JOIN {edges}_members AS e ON e.member = x.{end}",
    )
    yield (
        f"{edges}_met",
        "SELECT a, collect_list(b) AS met FROM"
        f" (SELECT a, b FROM {edges}_ways UNION ALL SELECT b, a FROM {edges}_ways"
        f" UNION ALL SELECT id, id FROM {edges}_members) GROUP BY a",
    )
    yield (
        f"{edges}_graph",
        "SELECT transform(sort_array(collect_list(named_struct('a', a, 'met', met))), each -> each.met) AS ways"
        f" FROM {edges}_met",
    )
    yield (
        f"{edges}_names",
        f"SELECT posexplode({_STEP}) AS (id, name) FROM {edges}_graph WHERE size(ways) > 0",
    )
    yield (
        f"{edges}_connected",
        f"SELECT m.member AS member, c.member AS component FROM {edges}_names AS x"
        f" JOIN {edges}_members AS m ON m.id = x.id JOIN {edges}_members AS c ON c.id = x.name",
    )
