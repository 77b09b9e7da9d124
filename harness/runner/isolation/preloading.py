"""What a warm parent pays for before it forks: imports, and the costs of first use."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LATER = ("torch.fx.experimental.symbolic_shapes", "torch._dynamo")
"""What torch imports when a call first adds on the device `meta`, takes a Jacobian or builds an optimizer: a second.

One run may do without, and the next ones should not wait: the parent imports it in a pause after the first.
"""

PRELOADS = {
    "torchvision": ("torchvision.datasets", "torchvision.transforms.v2"),
    "transformers": ("transformers.modeling_utils",),
    "meta": LATER,
}
"""What a kata's capability asks the parent to import before it forks.

`import transformers` alone imports next to nothing: each worker would spend seconds on its first model. `meta` is also
for whoever wants many runs, of whatever katas, and leaves the parent no pause.
"""

_THROW_AWAY = """
import torch
from hypothesis import given
from harness.spec.asserts import assert_tensor, assert_value
from harness.spec.strategies import matrices

@given(x=matrices())
def test_warm(x):
    assert_tensor(x + 0, x)
    assert_value([1.0], [1.0])
"""


def warm_up() -> None:
    """Imports what every run needs and pays the costs of first use."""
    import torch

    torch.set_num_threads(1)  # an OpenMP pool of several threads would not survive the fork
    import pytest

    from harness.catalogue import manager

    manager.load()
    x = torch.ones(2, 2, requires_grad=True)
    (x @ x).sum().backward()  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        test = Path(folder) / "test_warm.py"
        test.write_text(_THROW_AWAY, encoding="utf-8")
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            options = ["-c", os.devnull, "--rootdir", folder, "--import-mode=importlib", "-q"]
            # The harness's own plugin knows the profile: by way of pytest, so that the runner need not know the judge.
            options += ["--hypothesis-profile", "learner"]
            pytest.main([str(test), *options, "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"])
    freeze()


def warm_up_further() -> Iterator[None]:
    """Does, one step after the other, what only pays for whoever asks for run after run."""
    for module in LATER:
        with contextlib.suppress(ImportError):  # they are torch's own business, and may have other names tomorrow
            importlib.import_module(module)
        freeze()
        yield


def freeze() -> None:
    """Takes what is there out of the garbage collector's sight, so that no child copies it or walks through it."""
    gc.collect()
    gc.freeze()
