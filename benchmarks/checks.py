"""How long packs take in a fresh process: checked, loaded with and without plugins, and one of nested aliases."""

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import ROOT, Row, fresh, output, peak_of, row
from trustcommerce.plugins.installed import installed

__all__ = ["rows"]

_BAR = 1.0
_BOMB_MB = 100
_PLUGINS = 0.05
_REPEATS = 9
_PACKS = ("olist", "kuaishou")


def rows() -> list[Row]:
    return [*_packs(), *_plugins(), _bomb()]


def _packs() -> Iterator[Row]:
    for name in _PACKS:
        folder = ROOT / "policies" / name
        if not (folder / "pack.yaml").is_file():
            continue
        code = f"import trustcommerce; found = trustcommerce.check({str(folder)!r})"
        errors = int(output(code + "; print(sum(str(each.severity) == 'error' for each in found))"))
        yield row(
            f"check policies/{name}",
            fresh(code, _REPEATS),
            peak_of(code),
            per="process",
            bar=_BAR,
            note=f"{errors} errors found" if errors else "",
        )


def _plugins() -> Iterator[Row]:
    """A pack as it is, and with the plugins of this repository that are installed, from the start of the process on."""
    own = {each.name for each in (ROOT / "plugins").glob("trustcommerce-*")}
    names = sorted(each.name for each in installed() if each.distribution in own)
    folder = str(ROOT / "policies" / "olist")
    codes = {
        name: f"import trustcommerce; trustcommerce.load({folder!r}, plugins={plugins!r})"
        for name, plugins in {"load policies/olist": [], f"the same with {len(names)} plugins": names}.items()
    }
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(_REPEATS):
        for name, code in codes.items():
            times[name] += fresh(code, 1)
    plain, more = codes
    base = statistics.median(times[plain])
    note = f"{(statistics.median(times[more]) - base) * 1000:.0f} ms more (bar: {_PLUGINS * 1000:.0f} ms)"
    yield row(plain, times[plain], peak_of(codes[plain]), per="process")
    yield row(more, times[more], peak_of(codes[more]), per="process", bar=base + _PLUGINS, note=note)


def _bomb() -> Row:
    """Each line names the line before ten times: ten lines would be ten thousand million values."""
    levels = "".join(f"  l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 11))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pack.yaml").write_text(f"pack: bomb\nversion: 1\ntables:\n  l0: &l0 [x, x]\n{levels}", "utf-8")
        code = f"import trustcommerce; check = trustcommerce.check; found = check({folder!r})"
        start = f"import trustcommerce; check = trustcommerce.check; check({folder + '/none'!r})"
        slugs = output(code + "; print(*(each.code.slug for each in found))")
        assert "alias" in slugs, slugs
        peak, before = peak_of(code), peak_of(start)
        return row(
            "refuse 10 nested aliases",
            fresh(code, _REPEATS),
            peak,
            per="process",
            bar=_BAR,
            note=f"{peak - before:.1f} MB above a folder that does not exist (bar: {_BOMB_MB} MB)",
        )
