"""Requests -> a registry: plugins imported, their hooks called, what they give put beside the core's.

One plugin manager for each engine. A plugin that fails is taken out again and leaves nothing behind.
"""

import hashlib
import importlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from attrs import evolve

from trustcommerce import codes
from trustcommerce.diagnostics import Problems
from trustcommerce.language.names import did_you_mean
from trustcommerce.plugins import specs
from trustcommerce.plugins.guards import guarded
from trustcommerce.plugins.installed import Installed, installed, named
from trustcommerce.plugins.loaded import Plugin
from trustcommerce.plugins.requests import Request
from trustcommerce.registry import ASIDE, CLAIM_COLUMNS, Allocator, Function, Kind, ReasonText, Registry, Source, called

__all__ = ["load_plugins"]


class _Broken(Exception):
    """Why a plugin can't be used, and how that is mended."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def load_plugins(asked: Sequence[Request], core: Registry, problems: Problems) -> tuple[Registry, tuple[Plugin, ...]]:
    """The core's registry with what the plugins give, and the plugins.

    What is wrong with one is reported at the place that asks for it; of one that only the environment
    asks for it is a warning.
    """
    manager = pluggy.PluginManager(specs.PROJECT)
    manager.add_hookspecs(specs)
    known = installed()
    loaded: list[Plugin] = []
    registry = core
    names: dict[str, str] = {}
    for request in asked:
        try:
            plugin = _loaded(request, known, manager)
            other = names.setdefault(plugin.name, request.name)
            if other != request.name and ".py" in (Path(other).suffix, Path(request.name).suffix):
                said = f"two plugins are called `{plugin.name}`: {other} and {request.name}"
                raise _Broken(said, "rename the file: results tell plugins by their names")
            registry = _joined(registry, loaded, plugin)
        except _Broken as error:
            severity = "warning" if request.by == "environment" else "error"
            problems.add(codes.BAD_PLUGIN, error.message, request.span, error.hint, severity=severity)
        else:
            loaded.append(plugin)
    return registry, tuple(loaded)


def _joined(registry: Registry, loaded: Iterable[Plugin], plugin: Plugin) -> Registry:
    """The registry with what a plugin gives."""
    given: list[Any] = []
    for each in plugin.gives:
        held = registry.holds(each)
        if held is not None:
            owner = next((other for other in loaded if held in other.gives), None)
            by = f"plugin {owner.said}" if owner else "the core"
            kind, name = called(each)
            raise _Broken(f"plugin {plugin.said} gives the {kind} `{name}`, which {by} gives already")
        more = registry.with_more(given)
        if more.holds(each) is not None:
            kind, name = called(each)
            raise _Broken(f"plugin {plugin.said} gives the {kind} `{name}` twice")
        given.append(each)
    return registry.with_more(given)


# -- one plugin


def _loaded(request: Request, known: Sequence[Installed], manager: pluggy.PluginManager) -> Plugin:
    if request.is_file:
        if request.by == "pack":
            hint = "an option gives a file: `-p FILE.py`"
            raise _Broken(f"a pack names plugins that are installed, and `{request.name}` is a file", hint)
        path = Path(request.name)
        if not path.is_file():
            raise _Broken(f"no file {request.name}")
        module = _imported(request.name, lambda: _from_file(path))
        found = Plugin(name=path.stem, version=_version(module), distribution=None, content=_content(module))
    else:
        entry = _entry(request.name, known)
        module = _imported(f"{entry.name} {entry.version}", lambda: importlib.import_module(entry.module))
        found = Plugin(
            name=entry.name, version=entry.version, distribution=entry.distribution, content=_content(module)
        )
    _check_hooks(found, module)
    if manager.is_registered(module):
        raise _Broken(f"plugin {found.said} is asked for twice, as `{request.name}` too")
    try:
        manager.register(module, request.name)
        manager.check_pending()
        return evolve(found, gives=tuple(_given(found, module, manager)))
    except pluggy.PluginValidationError as error:
        manager.unregister(name=request.name)
        raise _Broken(f"plugin {found.said}: {_first_line(error)}") from error
    except _Broken:
        manager.unregister(name=request.name)
        raise


def _entry(name: str, known: Sequence[Installed]) -> Installed:
    found = named(name, known)
    if not found:
        hint = did_you_mean(name, [each.name for each in known])
        origin = name.partition(":")[0] if ":" in name else f"trustcommerce-{name}"
        if Path(f"{name}.py").is_file():
            hint = f"a file is given by its path: `{name}.py`"
        hint = hint or f"it may come with {origin}; `trustcommerce plugins list` shows what is installed"
        raise _Broken(f"no plugin `{name}` is installed", hint)
    if len(found) > 1:
        both = " and ".join(f"{each.distribution} {each.version}" for each in found)
        spellings = " or ".join(f"`{each.qualified}`" for each in found)
        raise _Broken(f"{both} both give a plugin `{name}`", f"write {spellings}")
    return found[0]


def _imported(said: str, load: Callable[[], ModuleType]) -> ModuleType:
    try:
        return load()
    except Exception as error:  # whatever a plugin does when it is imported
        cause = _first_cause(error)
        raise _Broken(f"plugin {said} can't be imported: {type(cause).__name__}: {_first_line(cause)}") from error


class _Uncached(SourceFileLoader):
    """A file as it is now: kept bytecode is told apart by length and whole seconds, and an author saves more often."""

    def path_stats(self, path: str) -> Any:
        raise OSError


def _from_file(path: Path) -> ModuleType:
    name = f"trustcommerce_plugin_{path.stem}_{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Uncached(name, str(path)))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _version(module: ModuleType) -> str:
    return str(getattr(module, "__version__", "0"))


def _content(module: ModuleType) -> str:
    """The digest of a module's file, or of all Python files of a package."""
    if module.__file__ is None:
        return ""
    file = Path(module.__file__)
    files = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
    digest = hashlib.sha256()
    for each in files:
        digest.update(each.relative_to(file.parent).as_posix().encode() + b"\0" + each.read_bytes())
    return digest.hexdigest()


# -- its hooks


def _check_hooks(plugin: Plugin, module: ModuleType) -> None:
    """Every function with our prefix is a hook of this version, and says that it is one."""
    marked = [name for name, each in vars(module).items() if getattr(each, f"{specs.PROJECT}_impl", None) is not None]
    prefixed = [
        name
        for name, each in vars(module).items()
        if name.startswith(f"{specs.PROJECT}_") and callable(each) and each.__module__ == module.__name__
    ]
    for name in {*marked, *prefixed}:
        if name not in specs.HOOKS:
            raise _Broken(f"plugin {plugin.said}: there is no hook `{name}`", _hook_hint(name))
        if name not in marked:
            raise _Broken(f"plugin {plugin.said}: `{name}` is not marked as a hook", "put `@hookimpl` above it")
    if not marked:
        raise _Broken(f"plugin {plugin.said} has no hook", f"the hooks are {', '.join(specs.HOOKS)}")


def _hook_hint(name: str) -> str:
    """A hook that may be meant; otherwise which version this is, for the plugin may be made for a newer one."""
    from trustcommerce import __version__

    prefix = f"{specs.PROJECT}_"
    known = {each.removeprefix(prefix): each for each in specs.HOOKS}
    near = did_you_mean(name.removeprefix(prefix), known)
    if near is not None:
        return near.replace("`", f"`{prefix}", 1)
    return f"this is trustcommerce {__version__}, whose hooks are {', '.join(specs.HOOKS)}"


def _given(plugin: Plugin, module: ModuleType, manager: pluggy.PluginManager) -> Iterable[Any]:
    """What each of its hooks gives, in the order of their names."""
    for caller in sorted(manager.get_hookcallers(module) or (), key=lambda each: each.name):
        wanted = specs.HOOKS[caller.name]
        names = " or ".join(each.__name__ for each in wanted)
        for implementation in caller.get_hookimpls():
            if implementation.plugin is not module:
                continue
            try:
                result: Any = implementation.function()
                found = list(result) if isinstance(result, Iterable) else [result]
            except Exception as error:  # whatever a plugin does in a hook, a generator's last step included
                cause = _first_cause(error)
                what = f"{type(cause).__name__}: {_first_line(cause)}"
                raise _Broken(f"plugin {plugin.said}: `{caller.name}` fails: {what}") from error
            for each in found:
                if not isinstance(each, wanted):
                    raise _Broken(
                        f"plugin {plugin.said}: `{caller.name}` gives {type(each).__name__}, and {names} is expected"
                    )
                _check(plugin, each)
            yield from (guarded(each, plugin.said) for each in found)


def _check(plugin: Plugin, record: Any) -> None:
    """What a record of a hook must be beyond its class."""
    kind, name = called(record)
    if not isinstance(name, str) or not name:
        raise _Broken(f"plugin {plugin.said}: the {kind} {name!r} has no name")
    said = f"plugin {plugin.said}: the {kind} `{name}`"
    if isinstance(record, ReasonText):
        texts = record.texts
        if not isinstance(texts, Mapping) or not texts or not all(isinstance(each, str) for each in texts.values()):
            raise _Broken(f"{said} has no texts by language")
    if isinstance(record, Function):
        _check_function(said, record)
    if isinstance(record, Source):
        _check_source(said, record)
    if isinstance(record, Allocator):
        _check_allocator(said, record)
    if isinstance(record, Kind):
        _check_schema(said, record.schema)
        if not isinstance(record.example, str) or not callable(record.expand):
            raise _Broken(f"{said} has no example, or nothing that expands it")


_TAKEN = frozenset(
    [
        *("all", "and", "any", "between", "case", "cast", "coalesce", "distinct", "else", "end", "exists", "false"),
        *("greatest", "if", "in", "interval", "is", "lambda", "least", "like", "not", "null", "or", "round", "select"),
        *("then", "true", "try_cast", "values", "when"),
    ]
)
"""What a rule reads as something else than a call."""


def _check_function(said: str, function: Function) -> None:
    """A function over arrays: what the language computes itself is the core's."""
    if function.vectorised is None:
        raise _Broken(f"{said} is no function over Arrow arrays", "make it by `arrow_function`")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", function.name):
        raise _Broken(f"{said} has a name that rules can't call", "small letters, digits and `_`, a letter first")
    if function.name in _TAKEN:
        raise _Broken(f"{said} has the name of a word of the rule language")
    if not (isinstance(function.example, tuple) and len(function.example) == 2):
        raise _Broken(f"{said} has an example that is no pair of an expression and its value")


def _check_source(said: str, source: Source) -> None:
    """A suffix, and one way to read its files."""
    if not re.fullmatch(r"\.\w+", source.suffix):
        raise _Broken(f"{said} has no suffix like `.txt`")
    if (source.read is None) == (source.scan is None):
        raise _Broken(f"{said} says both or neither of `read` and `scan`", "one of them reads its files")


def _check_allocator(said: str, allocator: Allocator) -> None:
    """A function, and columns under names that no pool has."""
    if not callable(allocator.allocate):
        raise _Broken(f"{said} has nothing that allocates")
    wrong = allocator.misnamed()
    if wrong is not None:
        raise _Broken(f"{said} has a column `{wrong}`, which is something of every pool, or no name")
    for name, kind in allocator.columns.items():
        if kind not in CLAIM_COLUMNS:
            raise _Broken(f"{said} has a column `{name}` of kind {kind!r}", f"one of {', '.join(CLAIM_COLUMNS)}")
    if not (isinstance(allocator.example, tuple) and len(allocator.example) == 3):
        raise _Broken(f"{said} has an example that is no amount with claims and grants")


def _check_schema(said: str, schema: Any) -> None:
    """The schema of a kind: of an object, complete in itself, of what authors do not say of every item.

    Whether it is a schema at all takes long to tell, and is asked when the kind is first used.
    """
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        raise _Broken(f"{said} has a schema that is of no object", 'say `"type": "object"`')
    try:
        text = json.dumps(schema)
    except (TypeError, ValueError) as error:
        raise _Broken(f"{said} has a schema that is none: {_first_line(error)}") from error
    if '"$ref"' in text or '"$dynamicRef"' in text:
        raise _Broken(f"{said} has a schema that refers to others: nothing is fetched", "write it out")
    required = schema.get("required", ())
    own = [each for each in required if each in ASIDE] if isinstance(required, list | tuple) else []
    if own:
        raise _Broken(f"{said} demands `{own[0]}`, which is said of any item and not handed on")


def _first_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "")
