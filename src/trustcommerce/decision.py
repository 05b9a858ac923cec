"""A decision: everything computed for one subject on one day, outward values made on demand."""

import datetime as dt
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from trustcommerce.basis import Basis
from trustcommerce.errors import DataError
from trustcommerce.language.names import did_you_mean
from trustcommerce.plan import ItemShape, adjustments, sources
from trustcommerce.run.evidence import FactEvidence
from trustcommerce.run.values import show

if TYPE_CHECKING:
    from trustcommerce.explain import Explanation, Tree

__all__ = ["Decision", "Reason", "Score", "State"]


@frozen(kw_only=True)
class State:
    """What a subject carries to the next period; it belongs to one pack, rule set and subject.

    No rule set carries anything yet, so `values` is empty; `previous=` checks the rest.
    """

    pack: str
    ruleset: str
    key: tuple[object, ...]
    as_of: dt.date
    values: dict[str, object] = field(factory=dict)

    def check_previous(self, previous: object) -> None:
        """Refuse what is no state of this subject from an earlier day."""
        if not isinstance(previous, State):
            raise DataError(
                f"`previous` is the `state` of a decision, not a {type(previous).__name__}", ruleset=self.ruleset
            )
        for what, theirs, ours in (
            ("pack", previous.pack, self.pack),
            ("rule set", previous.ruleset, self.ruleset),
            ("subject", previous.key, self.key),
        ):
            if theirs != ours:
                raise DataError(
                    f"`previous` is of {what} {theirs}, not {ours}",
                    ruleset=self.ruleset,
                    column="previous",
                    value=theirs,
                )
        if previous.as_of >= self.as_of:
            raise DataError(
                f"`previous` is of {previous.as_of}, not before {self.as_of}",
                ruleset=self.ruleset,
                column="previous",
                value=previous.as_of,
            )


@frozen(kw_only=True)
class Reason:
    """A reason code, the points lost for it (None when no points are given), and its sentence."""

    code: str
    lost: float | None
    text: str


@frozen(kw_only=True)
class Score:
    """One score of a decision: `value` in points, `points` in ten-thousandths, None when not given."""

    name: str
    value: float | None
    points: int | None
    status: str


@define(slots=False, eq=False, repr=False)
class Decision:
    """Everything computed for one subject at one `as_of`; it does not change.

    The class is not frozen: that would take longer than to compute a small score.
    """

    _basis: Basis
    _values: tuple[Any, ...]
    _evidence: tuple[FactEvidence, ...] = ()

    @property
    def evidence(self) -> tuple[FactEvidence, ...]:
        """The rows behind what was measured of facts, when the decision was made from facts."""
        return self._evidence

    def __repr__(self) -> str:
        return f"Decision({self.ruleset} of {', '.join(map(str, self.key))} on {self.as_of})"

    @property
    def pack(self) -> str:
        """Name of the pack."""
        return self._basis.pack

    @property
    def version(self) -> str:
        """Version of the pack."""
        return self._basis.version

    @property
    def meaning(self) -> str:
        """Digest of what the pack means."""
        return self._basis.meaning

    @property
    def source(self) -> str:
        """Digest of the pack's bytes."""
        return self._basis.source

    @property
    def ruleset(self) -> str:
        return self._basis.ruleset

    @property
    def as_of(self) -> dt.date:
        return self._basis.as_of

    @property
    def shadow(self) -> bool:
        """Whether the rule set is computed but not enforced on that day."""
        return self._basis.shadow

    @property
    def key(self) -> tuple[object, ...]:
        return self._values[: self._basis.key]

    @property
    def state(self) -> State:
        """What the subject carries to the next period."""
        return State(pack=self.pack, ruleset=self.ruleset, key=self.key, as_of=self.as_of)

    @cached_property
    def _late(self) -> tuple[Any, ...]:
        return self._basis.program.late(self._values, self.as_of)

    def _get(self, name: str) -> Any:
        """The run-time value of an item, input or constant."""
        program, constants = self._basis.program, self._basis.plan.constants
        if name in program.index:
            return self._values[program.index[name]]
        if name in constants:
            return constants[name].value
        place = program.late_index.get(name)
        return None if place is None else self._late[place]

    def __getitem__(self, name: str) -> Any:
        """The outward value of any output: a metric, value, score, part, level or resource."""
        if name not in self._basis.types:
            raise DataError(
                f"rule set `{self.ruleset}` gives no `{name}`",
                ruleset=self.ruleset,
                column=name,
                hint=did_you_mean(name, self._basis.types) or self._grants(name),
            )
        return show(self._get(name), self._basis.types[name])

    def _grants(self, name: str) -> str | None:
        """Why the decision has no grant."""
        said = "what a pool gives depends on all who share it: run a table, or give what the subject got in the record"
        return said if name in self._basis.absent else None

    def outputs(self, *blocks: str) -> tuple[ItemShape, ...]:
        """Outputs with their titles and types, of the given blocks: metrics, values, levels, resources ..."""
        return tuple(each for each in self._basis.plan.outputs if each.block in blocks)

    def _block(self, *blocks: str) -> dict[str, Any]:
        return {each.name: self[each.name] for each in self._basis.plan.outputs if each.block in blocks}

    @cached_property
    def values(self) -> dict[str, Any]:
        """Every output by name, as a row of `score_table` has it."""
        return {each.name: self[each.name] for each in self._basis.plan.outputs}

    @cached_property
    def metrics(self) -> dict[str, Any]:
        return self._block("metrics")

    @cached_property
    def levels(self) -> dict[str, str]:
        return self._block("levels")

    @cached_property
    def resources(self) -> dict[str, Any]:
        return self._block("resources")

    @cached_property
    def scores(self) -> dict[str, Score]:
        return {
            shape.path: Score(
                name=shape.path,
                value=self[shape.path],
                points=self._get(shape.path),
                status=self[f"{shape.path}.status"],
            )
            for shape in self._basis.plan.scores
        }

    @cached_property
    def statuses(self) -> dict[str, str]:
        return {name: score.status for name, score in self.scores.items()}

    def contributions(self, score: str | None = None) -> "Explanation":
        """The contribution tree of a score, of the only one when none is named."""
        tree = self._basis.trees.get(score) or self._tree(self._named(score))
        return tree.explained(self._get, self._values, self._late if tree.compiled.late else ())

    def _tree(self, name: str) -> "Tree":
        """The compiled tree of a score, kept for all decisions of the day."""
        from trustcommerce.explain import tree_of

        basis, program = self._basis, self._basis.program
        shape = next(each for each in basis.plan.scores if each.path == name)
        found = basis.trees[name] = tree_of(shape, basis.plan, program.index, program.late_index)
        if len(basis.plan.scores) == 1:
            basis.trees[None] = found
        return found

    def _named(self, score: str | None) -> str:
        names = [shape.path for shape in self._basis.plan.scores]
        if score is None and len(names) == 1:
            return names[0]
        if score not in names:
            raise DataError(
                f"rule set `{self.ruleset}` has no score `{score}`" if score else "say which score",
                ruleset=self.ruleset,
                hint=f"it has {', '.join(names) or 'none'}",
            )
        return score

    def reasons(self, score: str | None = None, lang: str = "en") -> tuple[Reason, ...]:
        """The three largest losses of a score, or why it was not given."""
        name = self._named(score)
        found = []
        for i in range(1, 4):
            code, lost = self._get(f"{name}.reason_{i}"), self._get(f"{name}.lost_{i}")
            if code is not None:
                points = None if lost is None else lost / 10_000
                found.append(Reason(code=code, lost=points, text=self._text(code, lang)))
        return tuple(found)

    def _text(self, code: str, lang: str) -> str:
        texts = self._basis.texts.get(code, {})
        return texts.get(lang) or texts.get(lang.split("-")[0]) or texts.get("en") or texts.get("") or ""

    def explain(self, lang: str = "en", format: str = "text", score: str | None = None, *, notice: bool = True) -> str:
        """The report: trees of one score or all, the other outputs, the notice; text of 80 columns or JSON."""
        import json

        from trustcommerce.explain import evidence_data, pool_data, render_text

        if lang.split("-")[0] not in ("en", "zh"):
            raise DataError(f"no language `{lang}`", hint="en or zh")
        names = [self._named(score)] if score else [shape.path for shape in self._basis.plan.scores]
        trees = [self.contributions(name) for name in names]
        if format == "json":
            return json.dumps(
                {
                    **self.header(),
                    "scores": [tree.as_dict() for tree in trees],
                    "pools": pool_data(self._basis.plan.outputs, self.__getitem__),
                    "facts": evidence_data(self.evidence),
                },
                ensure_ascii=False,
                indent=2,
                default=str,
            )
        if format != "text":
            raise DataError(f"no format `{format}`", hint="text or json")
        texts = {code: self._text(code, lang) for code in self._basis.texts}
        reports = [render_text(tree, lang, texts) for tree in trees]
        rows = ["\n".join(self._rows_behind(lang))] if self.evidence else []
        footer = "\n".join([*self._footer(lang), *(self._said(lang) if notice else ())])
        return "\n\n".join([*reports, *([footer] if footer else []), *rows])

    def _rows_behind(self, lang: str) -> list[str]:
        """The rows that the numbers come from, under the titles of their metrics."""
        from trustcommerce.explain import render_evidence
        from trustcommerce.explain.text import shown

        titles = {each.name: each.title for each in self._basis.plan.outputs}
        titles |= {each.item: each.title for shape in self._basis.plan.scores for each in adjustments(shape)}

        def title(measure: str) -> str:
            named = titles.get(measure) or titles.get(measure.rpartition(".")[0])
            return f"{named.get(lang, measure)} ({measure})" if named else measure

        def value(measure: str) -> str | None:
            """A sum, an extreme or a mean; what is merely counted says itself."""
            name = measure.split("[")[0]
            metric, _, part = name.rpartition(".")
            if part in ("of", "to", "count", "rows", "weight") or metric not in self._basis.types:
                return None
            return shown(self[metric])

        return render_evidence(self.evidence, lang, title, value)

    def _footer(self, lang: str) -> Iterator[str]:
        """What stands below the trees: shadow mode and the other outputs."""
        from trustcommerce.explain import pool_lines
        from trustcommerce.explain.text import shown, wrap

        if self.shadow:
            yield "影子模式：已计算，尚未生效" if lang.startswith("zh") else "Shadow: computed, not enforced yet"
        told = {name for shape in self._basis.plan.scores for name in sources(shape)}
        metrics = [each for each in self.outputs("metrics") if each.name not in told]
        for output in (*metrics, *self.outputs("values", "levels", "resources")):
            yield from wrap(f"{output.title.get(lang, output.name)}: {shown(self[output.name])}", 2)
        for line in pool_lines(self._basis.plan.outputs, self.__getitem__, lang):
            yield from wrap(line, 2)

    def _said(self, lang: str) -> Iterator[str]:
        """What the pack wants said beside its results."""
        from trustcommerce.explain.text import wrap

        notice = self._basis.notice.get(lang)
        yield from wrap(notice) if notice else ()

    def header(self) -> dict[str, Any]:
        """What identifies the decision, for outputs."""
        return {
            "pack": self.pack,
            "version": self.version,
            "ruleset": self.ruleset,
            "key": list(self.key),
            "as_of": self.as_of.isoformat(),
            "shadow": self.shadow,
            "meaning": self.meaning,
            "source": self.source,
            "plugins": dict(self._basis.plugins),
            "notice": dict(self._basis.notice.texts),
        }
