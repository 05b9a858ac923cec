"""One plugin by itself: how long its import takes, what it brings with it, what is wrong."""

import json
import subprocess
import sys
from collections.abc import Callable

from attrs import frozen

from trustcommerce.diagnostics import Problems, render
from trustcommerce.plugins.installed import installed, named
from trustcommerce.plugins.loaded import Plugin
from trustcommerce.plugins.loading import load_plugins
from trustcommerce.plugins.requests import Request
from trustcommerce.registry import Allocator, Function, Kind, Output, ReasonText, Registry, Source, called

__all__ = ["Examined", "examined"]

_IMPORT = """
import importlib, json, runpy, sys, time
import trustcommerce.plugin
before, started = set(sys.modules), time.perf_counter()
name = sys.argv[1]
runpy.run_path(name) if name.endswith(".py") else importlib.import_module(name)
seconds = time.perf_counter() - started
tops = {each.split(".")[0] for each in set(sys.modules) - before}
own = name.split(".")[0]
known = sys.stdlib_module_names | {own, "trustcommerce"}
brought = sorted(each for each in tops if not each.startswith("_") and each not in known)
print(json.dumps([seconds, brought]))
"""


@frozen(kw_only=True)
class Examined:
    """What was found out about a plugin.

    Args:
        seconds: What its import takes in a fresh process, beyond that of `trustcommerce.plugin`; None if it fails.
        brings: Packages that it imports, those of Python and trustcommerce left out.
        undocumented: What it gives without a sentence.
        problems: Errors and warnings as they are printed.
    """

    name: str
    plugin: Plugin | None
    seconds: float | None
    brings: tuple[str, ...]
    undocumented: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def fine(self) -> bool:
        return not self.problems and not self.undocumented

    def text(self) -> str:
        """The report of a terminal."""
        head = self.plugin.said if self.plugin is not None else self.name
        lines = [f"{head}: {'fine' if self.fine else 'wrong'}"]
        if self.seconds is not None:
            brings = f", brings {', '.join(self.brings)}" if self.brings else ""
            lines.append(f"  imported in {self.seconds * 1000:.0f} ms{brings}")
        lines += [f"  no documentation: {each}" for each in self.undocumented]
        lines += [f"  {line}" for problem in self.problems for line in problem.splitlines()]
        return "\n".join(lines)


def examined(
    name: str,
    core: Registry,
    tried: Callable[[Kind | Function | Allocator | Source | Output, Plugin, Registry], tuple[str, ...]],
) -> Examined:
    """Load a plugin alone, beside the core only.

    Args:
        tried: Runs the example of a registration, and tells what is wrong with it.
    """
    problems = Problems()
    registry, found = load_plugins([Request(name=name, by="option")], core, problems)
    plugin = found[0] if found else None
    seconds, brings = _import(name) if plugin is not None else (None, ())
    gives = plugin.gives if plugin is not None else ()
    computed = [each for each in gives if isinstance(each, Kind | Function | Allocator | Source | Output)]
    wrong = [said for each in computed if plugin is not None for said in tried(each, plugin, registry)]
    return Examined(
        name=name,
        plugin=plugin,
        seconds=seconds,
        brings=brings,
        undocumented=tuple(" ".join(called(each)) for each in gives if not _said(each)),
        problems=(*(render(each) for each in problems), *wrong),
    )


def _said(registration: object) -> str:
    """The sentence of a registration; that of a reason code is its own."""
    if isinstance(registration, ReasonText):
        return " ".join(registration.texts.values()).strip()
    return str(getattr(registration, "doc", "")).strip()


def _import(name: str) -> tuple[float | None, tuple[str, ...]]:
    """Seconds of an import in a fresh process, and the packages it brings."""
    module = name if name.endswith(".py") else named(name, installed())[0].module
    done = subprocess.run([sys.executable, "-c", _IMPORT, module], capture_output=True, text=True, check=False)
    if done.returncode:
        return None, ()
    seconds, brings = json.loads(done.stdout.splitlines()[-1])
    return seconds, tuple(brings)
