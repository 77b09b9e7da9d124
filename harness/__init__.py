"""The harness of torch-katas: catalogue, implementations under test, specs' vocabulary, verdicts.

Third parties need three names from here: the markers for hook specifications' implementations, and the value types in
`harness.model`.
"""

import pluggy

PROJECT = "torch_katas"
"""Name of the pluggy project and of the entry-point group under which packs register."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a pack as the implementation of a hook from `harness.catalogue.hookspecs`."""

__all__ = ["PROJECT", "hookimpl"]
