"""All that a spec may import, by name: `from harness.spec import assert_tensor, numbered, showing`.

Names are looked up when they are asked for: what draws examples or reads data is loaded by those specs that use it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.data.literals import call_text as call_text
    from harness.data.literals import literal as literal
    from harness.data.literals import summary as summary
    from harness.runner.last_call import showing as showing
    from harness.runner.module_probes import load_weights as load_weights
    from harness.runner.module_probes import state_of as state_of
    from harness.spec.asserts import Mismatch as Mismatch
    from harness.spec.asserts import assert_own_memory as assert_own_memory
    from harness.spec.asserts import assert_raises as assert_raises
    from harness.spec.asserts import assert_shares_memory as assert_shares_memory
    from harness.spec.asserts import assert_tensor as assert_tensor
    from harness.spec.asserts import assert_unchanged as assert_unchanged
    from harness.spec.asserts import assert_value as assert_value
    from harness.spec.blocks import unchanged as unchanged
    from harness.spec.digit_images import TRAINING as TRAINING
    from harness.spec.digit_images import Digits as Digits
    from harness.spec.digit_images import digits as digits
    from harness.spec.digit_images import mnist_mirror as mnist_mirror
    from harness.spec.digit_images import write_idx as write_idx
    from harness.spec.makers import layouts as layouts
    from harness.spec.makers import numbered as numbered
    from harness.spec.makers import random_tensor as random_tensor
    from harness.spec.makers import random_tensors as random_tensors
    from harness.spec.makers import transposed as transposed
    from harness.spec.modules import Net as Net
    from harness.spec.modules import assert_shapes as assert_shapes
    from harness.spec.modules import check_gradients as check_gradients
    from harness.spec.modules import check_new as check_new
    from harness.spec.modules import check_refused as check_refused
    from harness.spec.modules import check_run as check_run
    from harness.spec.modules import with_weights as with_weights
    from harness.spec.strategies import broadcastable_pairs as broadcastable_pairs
    from harness.spec.strategies import dtypes as dtypes
    from harness.spec.strategies import float_dtypes as float_dtypes
    from harness.spec.strategies import generators as generators
    from harness.spec.strategies import integer_dtypes as integer_dtypes
    from harness.spec.strategies import matmul_pairs as matmul_pairs
    from harness.spec.strategies import matrices as matrices
    from harness.spec.strategies import seeds as seeds
    from harness.spec.strategies import shapes as shapes
    from harness.spec.strategies import tensors as tensors
    from harness.spec.strategies import vectors as vectors
    from harness.spec.tolerances import ALL_DIGITS as ALL_DIGITS
    from harness.spec.tolerances import EXACT as EXACT
    from harness.spec.tolerances import USUAL as USUAL
    from harness.spec.tolerances import Tolerance as Tolerance

_NAMES = {
    "harness.data.literals": "call_text literal summary",
    "harness.runner.last_call": "showing",
    "harness.runner.module_probes": "load_weights state_of",
    "harness.spec.asserts": (
        "Mismatch assert_own_memory assert_raises assert_shares_memory assert_tensor assert_unchanged assert_value"
    ),
    "harness.spec.blocks": "unchanged",
    "harness.spec.digit_images": "TRAINING Digits digits mnist_mirror write_idx",
    "harness.spec.makers": "layouts numbered random_tensor random_tensors transposed",
    "harness.spec.modules": "Net assert_shapes check_gradients check_new check_refused check_run with_weights",
    "harness.spec.strategies": (
        "broadcastable_pairs dtypes float_dtypes generators integer_dtypes matmul_pairs matrices seeds shapes "
        "tensors vectors"
    ),
    "harness.spec.tolerances": "ALL_DIGITS EXACT USUAL Tolerance",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}

__all__ = [
    "ALL_DIGITS",
    "EXACT",
    "TRAINING",
    "USUAL",
    "Digits",
    "Mismatch",
    "Net",
    "Tolerance",
    "assert_own_memory",
    "assert_raises",
    "assert_shapes",
    "assert_shares_memory",
    "assert_tensor",
    "assert_unchanged",
    "assert_value",
    "broadcastable_pairs",
    "call_text",
    "check_gradients",
    "check_new",
    "check_refused",
    "check_run",
    "digits",
    "dtypes",
    "float_dtypes",
    "generators",
    "integer_dtypes",
    "layouts",
    "literal",
    "load_weights",
    "matmul_pairs",
    "matrices",
    "mnist_mirror",
    "numbered",
    "random_tensor",
    "random_tensors",
    "seeds",
    "shapes",
    "showing",
    "state_of",
    "summary",
    "tensors",
    "transposed",
    "unchanged",
    "vectors",
    "with_weights",
    "write_idx",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
