"""Builds the plugin manager and what the plugins bring: the catalogue and the requirements."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pluggy

from harness import PROJECT
from harness.catalogue import hookspecs
from harness.catalogue.catalogue import Catalogue, load_catalogue
from harness.errors import KataError, SourceError, described
from harness.model import Implementation, Pack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint

    from harness.catalogue.requirements import Requirement
    from harness.model import Kata

DEFAULT_PLUGINS = (
    "harness.catalogue.builtin",
    "harness.workspace.workspace",
    "harness.mutation.outputs.names",
    "harness.runner.loading",
)
"""The built-in plugins, by name: they stand on higher floors than this module, and register as a third party's do.

Their hooks are marked `trylast`, of which pluggy asks the one that was registered first before the next. The last of
them takes every value of `--impl` for a path in the end.
"""

_Brought = TypeVar("_Brought")


@dataclass(frozen=True)
class Harness:
    """What one run of the harness works with.

    Attributes:
        manager: the plugin manager, with the built-in plugin and every pack that could be loaded.
        catalogue: the katas of all packs.
        problems: packs that could not be loaded, a line each: what, where, what to do.
    """

    manager: pluggy.PluginManager
    catalogue: Catalogue
    problems: tuple[str, ...]

    @cached_property
    def _brought(self) -> tuple[tuple[Requirement, ...], tuple[str, ...]]:
        from harness.catalogue.requirements import Requirement

        found: dict[str, Requirement] = {}
        problems = []
        for name, brought, problem in _ask_for_each(self.manager, "kata_requirements", Requirement):
            problems += problem
            for requirement in brought:
                if not requirement.name.isidentifier():
                    problems.append(f"a requirement of the pack {name!r} was left out: {requirement.name!r} is no name")
                else:
                    found.setdefault(requirement.name, requirement)
        return tuple(found.values()), tuple(problems)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """All requirements, built-in ones last. Of two with one name the pack's that was loaded last wins."""
        return self._brought[0]

    @property
    def all_problems(self) -> tuple[str, ...]:
        """`problems`, and those with requirements, for which only pytest has to ask."""
        return self.problems + self._brought[1]

    def implementation(self, reference: str, kata: Kata) -> Implementation:
        """What `--impl REFERENCE` means for a kata. A pack that cannot say it in order is passed over with a warning.

        Raises:
            SourceError: it means nothing.
        """
        for hook in reversed(self.manager.hook.kata_implementation.get_hookimpls()):
            trouble = f"the pack {hook.plugin_name!r} was passed over for --impl {reference}: kata_implementation"
            arguments = {"reference": reference, "kata": kata}
            try:
                found = hook.function(*(arguments[name] for name in hook.argnames))
            except KataError:
                raise
            except Exception as error:
                warnings.warn(f"{trouble} raised {described(error)}", stacklevel=2)
                continue
            if isinstance(found, Implementation):
                return found
            if found is not None:
                warnings.warn(f"{trouble} gave {found!r}, which is no harness.model.Implementation", stacklevel=2)
        # The built-in plugin takes every reference for a path in the end, so this is never reached with it in place.
        raise SourceError(f"--impl {reference} means nothing here")


def _ask_for_each(
    manager: pluggy.PluginManager, name: str, kind: type[_Brought]
) -> Iterator[tuple[str, list[_Brought], list[str]]]:
    """Asks one plugin after the other, last in first out, so that one that raises takes no other down.

    Yields:
        The plugin's name, what it brings, and what is wrong with that: in that case it brings nothing.
    """
    for hook in reversed(getattr(manager.hook, name).get_hookimpls()):
        left_out = f"the pack {hook.plugin_name!r} was left out: {name}"
        try:
            brought = list(hook.function())
        except Exception as error:
            yield hook.plugin_name, [], [f"{left_out} raised {described(error)}"]
            continue
        if all(isinstance(item, kind) for item in brought):
            yield hook.plugin_name, brought, []
        else:
            yield hook.plugin_name, [], [f"{left_out} must give {kind.__module__}.{kind.__name__} objects"]


def make_manager() -> tuple[pluggy.PluginManager, tuple[str, ...]]:
    """Gives a new plugin manager, and a line for each pack that could not be loaded."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    for name in DEFAULT_PLUGINS:
        manager.register(importlib.import_module(name), name)
    problems = []
    for entry in sorted(entry_points(group=PROJECT), key=lambda entry: entry.name):
        distribution = entry.dist.name if entry.dist else "an unknown distribution"
        label = f"the pack {entry.name!r} of {distribution}"
        try:
            brings_something = _register(manager, entry)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a third party's code may fail in any way, or try to end the program
            hooks = ". The hooks are listed in harness/catalogue/hookspecs.py" * isinstance(
                error, pluggy.PluginValidationError
            )
            problems.append(
                f"{label} was left out: {described(error)}{hooks}. Mend {entry.value}, or uninstall {distribution}."
            )
            continue
        if not brings_something:
            problems.append(f"{label} brings nothing: no function of {entry.value} carries harness.hookimpl")
    return manager, tuple(problems)


def _register(manager: pluggy.PluginManager, entry: EntryPoint) -> bool:
    """Loads a plugin and registers it, or nothing of it. Gives whether it has any hook."""
    plugin = entry.load()
    try:
        manager.register(plugin, entry.name)
        # All are checked again after each, so that a misspelt hook is laid at the right door.
        manager.check_pending()
    except pluggy.PluginValidationError:
        if manager.is_registered(plugin):  # older versions of pluggy have registered what comes before a wrong hook
            manager.unregister(plugin)
        raise
    return bool(manager.get_hookcallers(plugin))


def load() -> Harness:
    """Loads the packs and their catalogue; whatever is broken is left out and named in `problems`."""
    manager, problems = make_manager()
    packs: list[Pack] = []
    more: list[str] = []
    # Built-in packs stand first, so that of two katas with one topic theirs stays.
    for name, brought, trouble in reversed(list(_ask_for_each(manager, "kata_packs", Pack))):
        more += trouble
        for pack in brought:
            if all(isinstance(folder, Path) for folder in (pack.katas, pack.solutions)):
                packs.append(pack)
            else:
                more.append(f"the pack {name!r} was left out: its folders must be given as pathlib.Path")
    catalogue = load_catalogue(packs)
    return Harness(manager, catalogue, (*problems, *more, *catalogue.problems))
