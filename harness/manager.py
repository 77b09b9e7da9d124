"""Builds the plugin manager and what the plugins bring: the catalogue and the requirements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pluggy

from harness import PROJECT, builtin, hookspecs
from harness.catalogue import Catalogue, load_catalogue
from harness.model import Pack

if TYPE_CHECKING:
    from harness.model import Implementation, Kata
    from harness.requirements import Requirement


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
    def requirements(self) -> tuple[Requirement, ...]:
        """All requirements, built-in ones last. Of two with one name the pack's that was loaded last wins."""
        found: dict[str, Requirement] = {}
        for some in self.manager.hook.kata_requirements():
            for requirement in some:
                found.setdefault(requirement.name, requirement)
        return tuple(found.values())

    def implementation(self, reference: str, kata: Kata) -> Implementation:
        """What `--impl REFERENCE` means for a kata.

        Raises:
            SourceError: it means nothing.
        """
        # The built-in plugin takes every reference for a path in the end, so there is always an answer.
        found: Implementation = self.manager.hook.kata_implementation(reference=reference, kata=kata)
        return found


def make_manager() -> tuple[pluggy.PluginManager, tuple[str, ...]]:
    """Gives a new plugin manager, and a line for each pack that could not be loaded."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(builtin, builtin.PLUGIN_NAME)
    problems = []
    for entry in sorted(entry_points(group=PROJECT), key=lambda entry: entry.name):
        distribution = entry.dist.name if entry.dist else "an unknown distribution"
        label = f"the pack {entry.name!r} of {distribution}"
        try:
            plugin = entry.load()
            manager.register(plugin, entry.name)
        except Exception as error:  # a third party's code may fail in any way
            problems.append(
                f"{label} was left out: {type(error).__name__}: {error}. "
                f"Mend {entry.value}, or uninstall {distribution}."
            )
            continue
        try:
            # All are checked again after each, so that a misspelt hook is laid at the right door.
            manager.check_pending()
        except pluggy.PluginValidationError as error:
            manager.unregister(plugin)
            problems.append(f"{label} was left out: {error}. The hooks are listed in harness/hookspecs.py.")
    return manager, tuple(problems)


def load() -> Harness:
    """Loads the packs and their catalogue; whatever is broken is left out and named in `problems`."""
    manager, problems = make_manager()
    packs: list[Pack] = []
    more = []
    # One by one, so that a pack whose hook raises takes no other down; built-in packs stand first.
    for hook in manager.hook.kata_packs.get_hookimpls():
        try:
            brought = list(hook.function())
        except Exception as error:
            more.append(
                f"the pack {hook.plugin_name!r} was left out: kata_packs raised {type(error).__name__}: {error}"
            )
            continue
        if not all(isinstance(pack, Pack) for pack in brought):
            more.append(f"the pack {hook.plugin_name!r} was left out: kata_packs must give harness.model.Pack objects")
            continue
        packs.extend(brought)
    catalogue = load_catalogue(packs)
    return Harness(manager, catalogue, (*problems, *more, *catalogue.problems))
