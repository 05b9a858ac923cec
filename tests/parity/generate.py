"""Random packs and rows: one seed gives one rule set that loads, and rows with nulls, ties, extremes."""

import random
from pathlib import Path
from typing import Any

__all__ = ["TEXTS", "make_pack"]

COLUMNS = {
    "i1": "{type: integer, range: [0, 1000]}",
    "i2": "{type: integer, range: [-50, 50]}",
    "i3": "{type: 'integer?', range: [0, 200]}",
    "n1": "{type: number, range: [-10, 1000]}",
    "n2": "{type: 'number?', range: [0, 1]}",
    "m1": "{type: CNY, range: [0, 100000]}",
    "m2": "{type: 'CNY?', range: [-500, 500]}",
    "c1": "{type: decimal(3), range: [-10, 10]}",
    "p1": "{type: 'points?', range: [0, 100]}",
    "b1": "boolean",
    "b2": "boolean?",
    "s1": "text",
    "s2": "text?",
    "d1": "date",
    "d2": "date?",
    "t1": "timestamp",
}
TEXTS = ["a", "b", "中", "zz"]
LABELS = ["low", "mid", "high", "top"]


class _Maker:
    """Writes one rule set; names defined so far may be read by what comes after."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.numbers: list[str] = []  # items that are numbers, possibly missing
        self.levels: list[str] = []

    # -- expressions, each a text of the given kind

    def count(self, depth: int) -> str:
        r = self.r
        if depth == 0 or r.random() < 0.3:
            return r.choice(["i1", "i2", "i3", "coalesce(i3, 7)", str(r.randint(-9, 60)), "length(s1)", "day(d1)"])
        a, b = self.count(depth - 1), self.count(depth - 1)
        return r.choice(
            [
                f"({a} + {b})",
                f"({a} - {b})",
                f"-({a})",
                f"least({a}, {b})",
                f"greatest({a}, {b})",
                f"abs({a})",
                f"coalesce({a}, {b})",
                f"case when {self.truth(depth - 1)} then {a} else {b} end",
                f"floor({self.number(depth - 1)} / 7)",
            ]
        )

    def number(self, depth: int) -> str:
        r = self.r
        if depth == 0 or r.random() < 0.2:
            return r.choice(
                [
                    "n1",
                    "n2",
                    "coalesce(n2, 0.5)",
                    "i1",
                    f"n1 * {r.choice(['0.1', '3', '-0.7'])}",
                    "c1 * n2",
                    "round(n1, 2)",
                    "wilson_lower(i1, 1000, 1.96)",
                    *self.numbers,
                ]
            )
        a, b = self.number(depth - 1), self.number(depth - 1)
        return r.choice(
            [
                f"({a} + {b})",
                f"({a} - {b})",
                f"({a} / greatest({b}, 0.001))",
                f"({a}) * 0.25",
                f"sqrt(abs({a}))",
                f"least({a}, {b})",
                f"greatest({a}, {b})",
                f"coalesce({a}, {b})",
                f"({self.count(depth - 1)}) / ({self.count(depth - 1)})",
                f"case when {self.truth(depth - 1)} then {a} else {b} end",
            ]
        )

    def money(self, depth: int) -> str:
        r = self.r
        if depth == 0:
            return r.choice(["m1", "m2", "least(m1, 12.34)", "coalesce(m2, 0.01)"])
        a, b = self.money(depth - 1), self.money(depth - 1)
        return r.choice(
            [
                f"({a} + {b})",
                f"({a} - {b})",
                f"least({a}, {b})",
                f"coalesce({a}, {b})",
                f"case when {self.truth(depth - 1)} then {a} else {b} end",
            ]
        )

    def truth(self, depth: int) -> str:
        r = self.r
        op = r.choice(["<", "<=", ">", ">=", "=", "<>"])
        if depth <= 0 or r.random() < 0.4:
            return r.choice(
                [
                    "b1",
                    "b2",
                    f"i1 {op} {r.randint(-5, 1005)}",
                    f"n1 {op} {r.randint(0, 9)}.5",
                    "s2 is null",
                    "i3 is not null",
                    f"(i3 is null or i2 is null or i3 * 2 {op} i2)",
                    f"(n2 is not null and d2 is not null and greatest(n2, 0.25) {op} 0.5 and d2 {op} d1)",
                    f"s1 {op} '{r.choice(TEXTS)}'",
                    f"s2 in ('{r.choice(TEXTS)}', 'b')",
                    f"m1 {op} 99.99",
                    f"c1 {op} 1.5",
                    f"d1 {op} as_of - interval '{r.randint(1, 60)} days'",
                    f"d2 {op} as_of",
                    "b2 is true",
                    "b2 is false",
                    f"i2 between {r.randint(-20, 0)} and {r.randint(1, 20)}",
                    f"date_trunc('month', t1) {op} t1",
                    f"as_of - interval '{r.randint(1, 30)} months' {op} d1",
                    "p1 > 50",
                    f"n2 {op} 0.3",
                    f"hours_between(t1, as_of) {op} 30",
                    f"minutes_between(d1, t1) {op} 0.5",
                    f"round(hours_between(t1, as_of), {r.randint(0, 4)}) {op} {r.randint(0, 60)}.5",
                    f"is_open(t1, '{r.choice(['office', 'service'])}')",
                    f"next_open(t1, '{r.choice(['office', 'service'])}') {op} as_of",
                    f"open_hours(d2, t1, '{r.choice(['office', 'service'])}') {op} {r.randint(0, 90)}",
                    *[f"{level} {op} '{r.choice(LABELS)}'" for level in self.levels],
                ]
            )
        a, b = self.truth(depth - 1), self.truth(depth - 1)
        return r.choice(
            [
                f"({a} and {b})",
                f"({a} or {b})",
                f"not ({a})",
                f"({a}) is true",
                f"({self.count(depth - 1)}) {op} ({self.count(depth - 1)})",
                f"({self.number(depth - 1)}) {op} ({self.number(depth - 1)})",
                f"({self.money(depth - 1)}) {op} ({self.money(depth - 1)})",
            ]
        )

    def answered(self, depth: int) -> str:
        """A condition that is never missing."""
        return f"coalesce({self.truth(depth)}, {self.r.choice(['true', 'false'])})"

    # -- choices

    def source(self) -> tuple[str, range]:
        """An input and whole numbers that lie within its range."""
        r = self.r
        return r.choice(
            [
                ("n1", range(-9, 999)),
                ("i1", range(1, 999)),
                ("i3", range(1, 199)),
                ("i2 * 2", range(-99, 99)),
                ("n1 + coalesce(n2, 0) * 50", range(-9, 1040)),
                ("coalesce(c1, 0)", range(-9, 9)),
                ("case when b1 then n1 else i3 end", range(1, 199)),
            ]
        )

    def steps(self, results: Any, within: range) -> str:
        bounds = sorted(self.r.sample(within, self.r.randint(1, 4)), reverse=True)
        cells = [f'"{self.r.choice([">", ">="])} {bound}": {results()}' for bound in bounds]
        return f"{{{', '.join(cells)}, else: {results()}}}"

    def curve(self, scale: int = 1) -> str:
        r = self.r
        xs = sorted(r.sample(range(-30, 1100), r.randint(2, 5)))
        return "[" + ", ".join(f"[{x}, {r.choice([0, 10, 33.3, 60, 77.7777, 100])}]" for x in xs) + "]"

    def choice(self, results: Any, missing: str) -> list[str]:
        """Lines of a choice whose results come from `results()`."""
        r = self.r
        form = r.choice(["steps", "rules", "table"])
        if form == "steps":
            of, within = self.source()
            return [f'of: "{of}"', f"steps: {self.steps(results, within)}", f"missing: {missing}"]
        if form == "rules":
            entries = [f'  - {{when: "{self.truth(2)}", then: {results()}}}' for _ in range(r.randint(1, 4))]
            return ["rules:", *entries, f"  - {{else: {results()}}}", f"missing: {missing}"]
        rows = [
            f'  - ["{r.choice([">=", "<", ">"])} {r.randint(0, 900)}", "{r.choice(["-", ">= 0.5", "< 0.2"])}", '
            f"{results()}]"
            for _ in range(r.randint(1, 3))
        ]
        return ["table:", "  - [i1, n2, then]", *rows, f"  - [else, {results()}]", f"missing: {missing}"]

    # -- blocks

    def ruleset(self) -> str:
        r = self.r
        lines = [
            "ruleset: random",
            "subject: {name: thing, table: things, key: k}",
            "references:",
            f"  f: {{file: references/f.csv, match: {{a: [s1, '*']}}, else: {r.choice(['error', 'missing'])}}}",
            "  g: {file: references/g.csv, match: {a: [s2, '*'], b: i1}, else: {w: 3}}",
            "  h: {file: references/h.csv, match: {a: s1}, valid: {from: since, until: until, at: d1}, else: missing}",
            "metrics:",
        ]
        for i in range(r.randint(1, 3)):
            low, other = r.randint(0, 30), r.choice(["missing", "missing", "0.5"])
            lines += [
                f"  q{i}:",
                "    unit: ratio",
                f'    ratio: {{of: "{self.count(1)}", to: "{self.count(1)}"}}',
                f"    sample: {{at_least: {low}, else: {other}}}",
            ]
            self.numbers.append(f"q{i}")
        lines.append("values:")
        for i in range(r.randint(2, 5)):
            kind = r.random()
            if kind < 0.3:
                lines += [f"  v{i}:", f'    value: "{self.number(3)}"']
                if r.random() < 0.5:
                    lines += ["    range: [-1000, 1000]", f"    round: {r.choice(['0.1', '0.01', '1', '5', '0.5'])}"]
                self.numbers.append(f"v{i}") if r.random() < 0.7 and "round" not in lines[-1] else None
            elif kind < 0.5:
                lines += [f"  v{i}:", "    unit: CNY", "    round: 0.01", f'    value: "{self.money(2)}"']
            elif kind < 0.7:
                lines += [f"  v{i}:", f'    value: "{self.truth(3)}"']
            elif kind < 0.85:
                lines += [f"  v{i}:", f'    of: "{self.number(1)}"', f"    curve: {self.curve()}", "    missing: 1.5"]
            else:
                hit = r.choice(["max", "min", "sum", "first"])
                entries = [
                    f'      - {{when: "{self.truth(2)}", then: {r.randint(-3, 9)}}}' for _ in range(r.randint(1, 3))
                ]
                lines += [f"  v{i}:", f"    hit: {hit}", "    rules:", *entries, "      - {else: 0}", "    missing: -1"]
        lines += ["scores:", "  total:", *self.node(2, root=True)]
        lines.append("levels:")
        for i in range(r.randint(1, 2)):
            labels = iter(LABELS * 3)
            lines += [
                f"  level{i}:",
                f"    labels: [{', '.join(LABELS)}]",
                "    of: total",
                f'    steps: {{">= {r.randint(70, 99)}": top, ">= {r.randint(40, 69)}": high, ">= {r.randint(5, 39)}":'
                " mid, else: low}",
                f"    missing: {next(labels)}",
            ]
            self.levels.append(f"level{i}")
        if len(self.levels) == 2:
            lines += ["  both:", "    labels: level0", f"    value: {r.choice(['least', 'greatest'])}(level0, level1)"]
        lines += [
            "resources:",
            "  weight:",
            f"    hit: {r.choice(['first', 'max', 'sum', 'min'])}",
            *["    " + line for line in self.rules(lambda: r.choice(["0", "1.5", "0.8", "2"]))],
            "    missing: 0",
            "  benefits:",
            "    hit: collect",
            *["    " + line for line in self.rules(lambda: r.choice(["[]", "[x]", "[x, y]", "[z]"]))],
            "    missing: []",
        ]
        return "\n".join(lines) + "\n"

    def rules(self, results: Any) -> list[str]:
        entries = [f'  - {{when: "{self.truth(2)}", then: {results()}}}' for _ in range(self.r.randint(1, 4))]
        return ["rules:", *entries, f"  - {{else: {results()}}}"]

    def node(self, depth: int, root: bool = False) -> list[str]:
        """Lines of a node of the score, indented for its depth."""
        r = self.r
        lines: list[str] = []
        if root:
            lines += ["range: [0, 100]", f"round: {r.choice(['0.01', '1', '0.1', '0.25'])}", "missing: insufficient"]
        elif r.random() < 0.2:
            lines += ["range: [5, 95]"]
        if r.random() < 0.4:
            status = r.choice(
                ["status: insufficient", "status: exempt", "then: 60", "status: default, then: 10", "status: masked"]
            )
            lines += [
                f'exceptions: [{{when: "{self.answered(1)} and i1 > {r.randint(0, 1500)}", {status}, reason: E{depth}}}]'
            ]
        if depth == 0 or (not root and r.random() < 0.4):
            lines += self.leaf()
        else:
            lines.append("parts:")
            for i in range(r.randint(2, 4)):
                lines += [f"  part{i}:", f"    weight: {r.randint(1, 90)}", *self.node(depth - 1)]
            if not root:
                lines.append(f"missing: {r.choice(['leave_out', 'insufficient', '55'])}")
        if r.random() < 0.3:
            lines += ["bonuses:", f'  good: {{when: "{self.answered(1)}", points: {r.randint(1, 9)}}}']
        if r.random() < 0.3:
            lines += ["deductions:", f'  bad: {{points: "abs(coalesce(i2, 0)) * 0.5", at_most: {r.randint(1, 20)}}}']
        if r.random() < 0.3:
            lines += [
                "limits:",
                f'  veto: {{when: "{self.answered(1)}", at_most: {r.choice([5, 50, 60])}, reason: VETO}}',
            ]
        return ["    " + line for line in lines]

    def points(self) -> str:
        return str(self.r.choice([0, 20, 50, 87.5, 100]))

    def leaf(self) -> list[str]:
        r = self.r
        missing = f"missing: {r.choice(['leave_out', 'insufficient', '40', '0'])}"
        form = r.random()
        if form < 0.5:
            return [f'of: "{self.number(1)}"', f"curve: {self.curve()}", missing]
        if form < 0.8:
            of, within = self.source()
            return [f'of: "{of}"', f"steps: {self.steps(self.points, within)}", missing]
        return [f"value: {r.choice(['p1', 'least(greatest(n1, 0), 100)', 'coalesce(p1, 12.3456)'])}", missing]


def make_pack(folder: Path, seed: int) -> str:
    """Write a random pack into `folder`; returns the text of its rule set."""
    (folder / "rulesets").mkdir(parents=True)
    (folder / "references").mkdir()
    columns = "\n".join(f"      {name}: {spec}" for name, spec in COLUMNS.items())
    (folder / "pack.yaml").write_text(
        "pack: random\ncurrency: CNY\ntables:\n  things:\n    key: k\n    columns:\n      k: text\n" + columns + "\n"
        "files:\n"
        "  references/f.csv: {columns: {a: text, w: integer}}\n"
        "  references/g.csv: {columns: {a: text, b: integer, w: integer}}\n"
        "  references/h.csv: {columns: {a: text, since: date, until: 'date?', x: number}}\n"
        "  references/holidays.csv: {columns: {day: date}}\n"
        "calendars:\n"
        "  service: {hours: {every_day: 08:00-23:00}}\n"
        "  office:\n"
        "    hours: {mon-fri: ['09:00-12:00', '13:00-18:00'], sat: 10:00-12:00}\n"
        "    holidays: references/holidays.csv\n",
        "utf-8",
    )
    (folder / "references/f.csv").write_text("a,w\n*,1\na,2\n中,3\n", "utf-8")
    (folder / "references/g.csv").write_text("a,b,w\n*,0,4\na,0,5\nzz,1000,6\n", "utf-8")
    (folder / "references/h.csv").write_text(
        "a,since,until,x\na,2023-01-01,2023-04-01,0.5\na,2023-04-01,,0.75\nb,2022-01-01,2023-05-01,-1.5\n", "utf-8"
    )
    holidays = [f"2023-{day}" for day in ("01-02", "01-23", "01-24", "02-28", "05-01", "05-02", "05-03", "05-19")]
    (folder / "references/holidays.csv").write_text("\n".join(["day", *holidays, ""]), "utf-8")
    maker = _Maker(seed)
    maker.numbers += ["f.w", "g.w", "h.x", "coalesce(h.x, 2)"]
    text = maker.ruleset()
    (folder / "rulesets" / "random.yaml").write_text(text, "utf-8")
    return text
