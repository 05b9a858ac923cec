"""Times and memory: cases side by side in rounds, peak memory of each in a process of its own."""

import gc
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

__all__ = [
    "RESULTS",
    "ROOT",
    "Row",
    "clock",
    "compare",
    "fresh",
    "machine",
    "made_once",
    "output",
    "peak_of",
    "row",
    "worker",
]

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
LIBRARIES = (
    "trustcommerce",
    "attrs",
    "duckdb",
    "pyarrow",
    "numpy",
    "sqlglot",
    "polars",
    "pyspark",
    "zen-engine",
    "common-expression-language",
    "rule-engine",
    "business-rules",
)
_ROUND_SECONDS = 0.03
_PEAK = "\nfrom benchmarks.peak import peak_mb; print(peak_mb())"


@frozen(kw_only=True)
class Row:
    """One measured case.

    Args:
        median: Seconds per `per`, median of the repeats; `best` the fastest of them.
        peak_mb: Largest resident memory of a process that does this alone, in MB of 2^20 bytes.
        bar: Seconds that the median should stay below.
    """

    case: str
    per: str
    median: float
    best: float
    repeats: int
    peak_mb: float
    bar: float | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def clock(run: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def compare(cases: Mapping[str, Callable[[], object]], repeats: int = 15) -> dict[str, list[float]]:
    """Seconds a call of each case; every round runs all of them, so a noisy moment meets them all."""
    loops = {name: max(1, round(_ROUND_SECONDS / clock(run))) for name, run in cases.items()}
    found: dict[str, list[float]] = {name: [] for name in cases}
    gc.collect()
    gc.disable()
    try:
        for _ in range(repeats):
            for name, run in cases.items():
                started = time.perf_counter()
                for _ in range(loops[name]):
                    run()
                found[name].append((time.perf_counter() - started) / loops[name])
            gc.collect()
    finally:
        gc.enable()
    return found


def row(
    case: str, times: list[float], peak: float, *, per: str, count: int = 1, bar: float | None = None, note: str = ""
) -> Row:
    """A row from the seconds of `count` pieces of work."""
    return Row(
        case=case,
        per=per,
        median=statistics.median(times) / count,
        best=min(times) / count,
        repeats=len(times),
        peak_mb=peak,
        bar=bar,
        note=note,
    )


def fresh(code: str, repeats: int) -> list[float]:
    """Seconds of a fresh interpreter that runs `code`, start and end included; bytecode is there, as after pip."""
    _python("-c", code)
    return [clock(lambda: _python("-c", code)) for _ in range(repeats)]


def output(code: str) -> str:
    """The last line that a fresh interpreter prints for `code`."""
    return _python("-c", code).splitlines()[-1]


def peak_of(code: str) -> float:
    """Peak memory of a fresh interpreter that runs `code`."""
    return float(output(code + _PEAK))


def made_once(name: str, statements: str) -> Path:
    """A folder with what DuckDB makes in it by statements that say `{folder}`; kept among the temporary files."""
    import duckdb

    place = Path(tempfile.gettempdir()) / name
    if not place.is_dir():
        beside = Path(tempfile.mkdtemp(dir=place.parent))
        duckdb.connect().execute(statements.replace("{folder}", str(beside)))
        beside.rename(place)
    return place


def worker(action: str, *names: str) -> Any:
    """The last line of `python -m benchmarks.worker ACTION NAME...`, which is JSON."""
    return json.loads(_python("-m", "benchmarks.worker", action, *names).splitlines()[-1])


_BYTECODE = tempfile.TemporaryDirectory(prefix="benchmarks-")


def _python(*args: str) -> str:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": _BYTECODE.name}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, *args], cwd=ROOT, env=environment, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"python {' '.join(args)[:200]} failed:\n{done.stderr}")
    return done.stdout


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
