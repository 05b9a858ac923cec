"""Random facts, references, windows, peers: one seed gives a pack that reads events, and the events."""

import datetime as dt
import random
from pathlib import Path
from typing import Any

from tests.parity.pools import make_pool

__all__ = ["make_fact_pack"]

Rows = list[dict[str, Any]]

PACK = """pack: facts
currency: CNY
time_zone: Asia/Shanghai
calendars:
  office: {hours: {mon-fri: "09:00-18:00", sat: "10:00-12:30"}, holidays: references/holidays.csv}
tables:
  shops:
    key: k
    columns: {k: text, kind: text, opened: date, size: {type: integer, range: [0, 1000]}, closed: date?}
  events:
    key: e
    columns:
      e: {type: integer, range: [0, 1000000]}
      k: text
      s: text
      t: timestamp
      u: timestamp?
      day: date
      n: {type: integer, range: [-20, 20]}
      q: {type: 'integer?', range: [0, 50]}
      m: {type: CNY, range: [0, 10000]}
      x: {type: number, range: [-5, 5]}
      y: {type: 'number?', range: [0, 1]}
      p: {type: 'points?', range: [0, 100]}
      b: boolean
      c: boolean?
  bans:
    key: i
    columns: {i: {type: integer, range: [0, 1000]}, s: text, since: timestamp, until: timestamp?, known: timestamp?, metric: text}
  marks:
    key: i
    time: at
    columns: {i: {type: integer, range: [0, 1000]}, s: text, k: text, at: timestamp, v: {type: integer, range: [0, 9]}, w: {type: 'CNY?', range: [0, 100]}}
  spans:
    key: [s, since]
    columns: {s: text, since: date, until: date?, rate: {type: decimal(3), range: [0, 2]}}
  edges: {key: [a, z], columns: {a: text, z: text}}
files:
  references/holidays.csv: {key: day, columns: {day: date}}
"""
TEXTS = ["a", "b", "中", "zz"]
DAY = dt.date(2023, 5, 18)


class _Maker:
    """Writes one rule set over the tables above."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.numbers: list[str] = []
        self.counts: list[str] = []

    # -- expressions over rows

    def certain(self) -> str:
        """A condition on a row that is never missing."""
        r = self.r
        op = r.choice(["<", "<=", ">", ">=", "=", "<>"])
        return r.choice(
            [
                f"n {op} {r.randint(-15, 15)}",
                f"coalesce(q {op} {r.randint(0, 45)}, {r.choice(['true', 'false'])})",
                f"s {op} '{r.choice(TEXTS)}'",
                "b",
                "c is true",
                "coalesce(u, as_of) > t",
                "u is not null",
                f"(q is null or q {op} {r.randint(0, 45)})",
                f"(u is not null and not c is true and u {op} t + interval '3 days')",
                f"m {op} 55.50",
                f"x {op} 0.5",
                f"day >= as_of - interval '{r.randint(1, 40)} days'",
                f"s in ('{r.choice(TEXTS)}', '{r.choice(TEXTS)}')",
                "shop.size > n * 20",
                "s = shop.kind",
                "date_trunc('week', t) = date_trunc('week', as_of - interval '3 days')",
                "is_open(t, 'office')",
                "weight_of > 3",
                "coalesce(mark.v, 4) >= 4",
                "coalesce(last_mark.v > 2, false)",
                "coalesce(mark.heavy, false)",
                f"coalesce(span.rate {op} 0.75, false)",
                "not (b and n > 0)",
                "n > 0 or c is false",
            ]
        )

    def exact(self) -> str:
        """An exact number that is never missing."""
        return self.r.choice(
            [
                "n",
                "m",
                "coalesce(q, 3)",
                "weight_of",
                "coalesce(p, 50)",
                "round(x, 2)",
                "coalesce(mark.v, 1)",
                "n * n",
                "abs(n)",
                "waited",
            ]
        )

    def value(self) -> str:
        """A number, possibly missing, that can be averaged."""
        return self.r.choice(
            [
                "n",
                "q",
                "m",
                "p",
                "round(x, 3)",
                "hours_between(t, u)",
                "mark.v",
                "mark.twice",
                "last_mark.v",
                "coalesce(mark.w, 1.50)",
                "case when u is null then 600 else seconds_between(t, u) end",
                "case when q is not null and b then q * 2 when q is null then 1 else q end",
                "case when u is not null and q is not null then q * 2 when u is null or q is null then 1 else q end",
                "open_minutes(t, u, 'office')",
                "span.rate",
                "case when b then n else q end",
            ]
        )

    def ordered(self) -> str:
        return self.r.choice(["n", "q", "m", "x", "y", "t", "u", "p", "weight_of", "mark.v", "day"])

    def window(self) -> str:
        r = self.r
        return r.choice(
            [
                f"{r.choice([1, 7, 30, 90])} days",
                "6 months",
                "1 calendar month",
                "2 calendar weeks",
                "1 calendar quarter",
                "this quarter",
                "this week",
                "all",
                "all",
                "recent",
                f"{{last: {r.choice(['14 days', '1 calendar week'])}, until: \"as_of - interval '7 days'\"}}",
                "{from: \"date '2023-04-01'\", until: \"as_of - interval '3 days'\"}",
                "{rules: [{when: seen < 6, then: 90 days}, {else: 30 days}]}",
            ]
        )

    def by(self) -> str:
        return self.r.choice(["", "", "", ", by: u", ", by: day"])

    def where(self) -> str:
        return "" if self.r.random() < 0.4 else f', where: "{self.certain()}"'

    def exclude(self) -> str:
        return self.r.choice(["", "", "", ", exclude: none", ", exclude: [banned]"])

    def rest(self) -> str:
        return f"{self.where()}, window: {self.window()}{self.by()}{self.exclude()}"

    # -- metrics

    def aggregate(self) -> str:
        """An aggregate that is an exact number, as a half of a ratio."""
        kind = self.r.choice(["count", "count", "sum", "distinct"])
        body = {
            "count": "count: events",
            "sum": f'sum: "{self.r.choice(["n", "weight_of", "n * n", "waited"])}", from: events',
            "distinct": "distinct: s, from: events",
        }
        return "{" + body[kind] + self.rest() + "}"

    def metric(self, i: int) -> list[str]:
        r = self.r
        sample = f"sample: {{at_least: {r.randint(0, 4)}, else: {r.choice(['missing', 'missing', '0.5'])}}}"
        kind = r.choice(
            [
                "count",
                "sum",
                "avg",
                "avg",
                "weighted",
                "min",
                "max",
                "quantile",
                "ratio",
                "ratio",
                "distinct",
                "peers",
                "peers",
                "rank",
            ]
        )
        name = f"m{i}"
        if kind == "ratio":
            self.numbers.append(name)
            to = r.choice([self.aggregate(), '"greatest(seen, 1)"', self.aggregate()])
            return [f"  {name}: {{unit: ratio, ratio: {{of: {self.aggregate()}, to: {to}}}, {sample}}}"]
        if kind in ("avg", "weighted"):
            weight = f', weight: "{r.choice(["weight_of", "coalesce(q, 1)", "m"])}"' if kind == "weighted" else ""
            value = self.value()
            unit = ", unit: points" if value == "p" and r.random() < 0.7 else ""
            self.numbers += (
                [name]
                if not unit
                and "_between" not in value
                and "minutes" not in value
                and value not in ("m", "p")
                and "mark.w" not in value
                else []
            )
            return [f'  {name}: {{avg: "{value}"{weight}, from: events{self.rest()}, {sample}{unit}}}']
        if kind in ("min", "max", "quantile"):
            at = f", at: {r.choice(['1/2', '9/10', '1/10', '1/3', '0', '1', '0.25'])}" if kind == "quantile" else ""
            return [f'  {name}: {{{kind}: "{self.ordered()}", from: events{at}{self.rest()}}}']
        if kind == "peers":
            return self.peers(name, sample)
        if kind == "rank":
            of = r.choice(["size", "seen", *(self.numbers or ["size"]), "opened"])
            self.numbers.append(name)
            form, order = r.choice(["percent", "position"]), r.choice(["ascending", "descending"])
            chosen = r.choice(["seen > 2", "size > 300", "kind <> 'a'"])
            where = f', where: "{chosen}"' if r.random() < 0.3 else ""
            return [f'  {name}: {{rank: "{of}", order: {order}, within: kind, as: {form}{where}}}']
        self.counts.append(name)
        body = {
            "count": "count: events",
            "sum": f'sum: "{r.choice(["n", "coalesce(q, 3)", "abs(n)"])}", from: events',
            "distinct": f'distinct: "{r.choice(["s", "day", "x", "u", "b"])}", from: events',
        }
        return [f"  {name}: {{{body[kind]}{self.rest()}}}"]

    def peers(self, name: str, sample: str) -> list[str]:
        r = self.r
        within = r.choice(["kind", "kind", '[kind, "size > 400"]'])
        of = r.choice([*(self.numbers or ["size"]), "size"])
        kind = r.choice(["quantile", "max", "sum", "avg", "ratio"])
        if kind == "quantile":
            self.numbers.append(name) if of == "size" else None
            return [f'  {name}: {{quantile: "{of}", at: {r.choice(["1/2", "9/10"])}, within: {within}}}']
        if kind == "max":
            return [f'  {name}: {{max: "{of}", within: {within}}}']
        count = r.choice(self.counts or ["seen"])
        if kind == "sum":
            self.numbers.append(name)
            return [f'  {name}: {{sum: "{count}", within: {within}}}']
        if kind == "avg":
            self.numbers.append(name)
            return [f'  {name}: {{avg: "{count}", within: {within}, {sample}}}']
        self.numbers.append(name)
        return [
            f'  {name}: {{unit: ratio, ratio: {{of: {{sum: seen, within: {within}}}, to: {{sum: "size", within: {within}}}}}, {sample}}}'
        ]

    # -- the rule set

    def ruleset(self, pools: bool) -> str:
        r = self.r
        lines = [
            "ruleset: random",
            "subject: {name: shop, table: shops, key: k}",
            "facts:",
            "  events:",
            "    table: events",
            "    key: k",
            "    id: e",
            "    time: t",
        ]
        self_where = self.certain() if r.random() < 0.5 else None
        if self_where:
            lines.append(f'    where: "{self_where}"')
        lines += [
            "    columns:",
            "      waited: case when u is null then 9999 else day(u) * 24 + month(u) end",
            "      weight_of:",
            '        rules: [{when: "n > 5", then: 7}, {when: "c", then: 2}, {else: 4}]',
            "        missing: 3",
        ]
        if r.random() < 0.6:
            lines += ["    exclude:"]
            lines += [f'      banned: {{when: "{r.choice(["c is true", "n > 12", "b and n < 0"])}"}}']
            seen = r.choice(["known_at: known", "where: metric <> 'm9'"])
            lines += ["      listed:", "        table: bans", f"        {seen}"]
            if r.random() < 0.5:
                lines += ["        match: {s: s}"]
            starts = r.choice(["since", "opens"])
            lines += ["        columns: {opens: \"date_trunc('day', since)\"}"]
            lines += [
                f"        when: \"t >= listed.{starts} and coalesce(t < listed.until, true) and listed.metric in (metric, '*')\""
            ]
        else:
            lines += ["    exclude:", '      banned: {when: "n > 12"}']
        if r.random() < 0.4:
            lines += [
                f"    keep: {{{r.choice(['first', 'last'])}: {r.randint(1, 3)}, per: [s], order: {r.choice(['t', '[day, n]'])}}}"
            ]
        lines += [
            "references:",
            "  mark:",
            "    table: marks",
            "    match: {s: s}",
            '    columns: {twice: v * 2 + 1, heavy: "coalesce(w > 45, false)"}',
            f"    keep: {{first: 1, order: [{r.choice(['at', 'twice'])}, i]}}",
            "    else: missing",
            "  last_mark:",
            "    table: marks",
            f"    match: {{s: [{r.choice(['s', 'k'])}, \"'a'\"], k: k}}" if r.random() < 0.5 else "    match: {s: s}",
            "    when: last_mark.at < t and last_mark.at >= t - interval '20 days'",
            "    keep: {last: 1, order: [at, i]}",
            "    else: missing",
            "  span: {table: spans, match: {s: s}, valid: {from: since, until: until, at: day}, else: missing}",
            "  group: {connected: {table: edges, from: a, to: z}, match: {member: k}, else: {component: 'alone'}}",
            "windows:",
            f"  recent: {r.choice(['20 days', '3 weeks', '1 calendar month'])}",
            "metrics:",
            "  seen: {count: events, window: 60 days}",
        ]
        self.counts.append("seen")
        for i in range(r.randint(3, 8)):
            lines += self.metric(i)
        lines += ["values:", "  component: {value: group.component}"]
        if r.random() < 0.5:
            lines += ["  raw: {value: seen.unexcluded - seen}"]
        numbers = self.numbers or ["seen"]
        lines += [
            "scores:",
            "  total:",
            "    range: [0, 100]",
            "    round: 0.01",
            "    missing: insufficient",
            "    parts:",
        ]
        for i, name in enumerate(r.sample(numbers, min(len(numbers), 3))):
            lines += [
                f"      a{i}: {{weight: {r.randint(1, 50)}, of: {name}, curve: [[0, {r.choice([0, 100])}], [0.5, 66.6666], [3, 20], [40, 50]], missing: leave_out}}"
            ]
        lines += ["      size: {weight: 10, curve: [[0, 0], [1000, 100]], missing: leave_out}"]
        lines += [
            "    deductions:",
            "      bad:",
            "        each: events",
            f'        where: "{self.certain()}"',
            f"        window: {r.choice(['30 days', 'all', 'recent'])}",
        ]
        lines += r.choice(
            [
                ["        points: 2"],
                ['        points: "weight_of * 0.5"'],
                ["        points: {2023-01-01: 3, 2023-05-01: 1.5}", "        dated_by: t"],
            ]
        )
        lines += r.choice([[], ["        per: s", "        at_most: 4"], ["        at_most: 7"]])
        if pools:
            lines += ["pools:", *(line for i in range(r.randint(1, 2)) for line in make_pool(r, i))]
        return "\n".join(lines) + "\n"


def make_fact_pack(folder: Path, seed: int, pools: bool = True) -> str:
    """Write a random pack over events into `folder`, with or without pools; returns the text of its rule set."""
    (folder / "rulesets").mkdir(parents=True)
    (folder / "references").mkdir()
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "references/holidays.csv").write_text("day\n2023-05-01\n2023-05-02\n2023-04-05\n", "utf-8")
    text = _Maker(seed).ruleset(pools)
    (folder / "rulesets" / "random.yaml").write_text(text, "utf-8")
    return text
