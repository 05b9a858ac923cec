"""A pack folder -> its plan, with the plugins that it and its user ask for."""

import os
from collections.abc import Sequence

from trustcommerce.builtin import core_registry
from trustcommerce.diagnostics import Problems
from trustcommerce.errors import PolicyError
from trustcommerce.plan import PackPlan, plan_pack
from trustcommerce.plugins.requests import ENVIRONMENT, Request, requests
from trustcommerce.read import PackFiles
from trustcommerce.registry import Registry

__all__ = ["asked_for", "plan_files", "registry_with"]


def asked_for(files: PackFiles, options: Sequence[str]) -> tuple[Request, ...]:
    """The plugins that the pack, `options` and the environment ask for."""
    return tuple(requests(files.header, options, os.environ.get(ENVIRONMENT, "")))


def registry_with(plugins: Sequence[str]) -> Registry:
    """The core's registry with what plugins give, by name or file.

    Raises:
        PolicyError: One of them can't be used.
    """
    from trustcommerce.plugins.loading import load_plugins

    problems = Problems()
    registry, _ = load_plugins([Request(name=each, by="option") for each in plugins], core_registry(), problems)
    if problems.errors:
        raise PolicyError(problems)
    return registry


def plan_files(files: PackFiles, asked: Sequence[Request], problems: Problems) -> PackPlan | None:
    """The plan of a pack that is read; None when `problems` holds an error."""
    if not asked:
        return plan_pack(files, core_registry(), problems)
    from trustcommerce.plugins.loading import load_plugins

    before = len(problems.errors)
    registry, plugins = load_plugins(asked, core_registry(), problems)
    if len(problems.errors) > before:  # what it gives is missing everywhere: those errors would hide this one
        return None
    return plan_pack(files, registry, problems, plugins)
