"""Spec of scaling."""

import pytest
import torch
from good_pack.oven import bake
from hypothesis import given

from harness.spec import assert_tensor, tensors, unchanged


@pytest.mark.oven
@pytest.mark.exercise("scale")
def test_hot_tensors_are_scaled(impl):
    """A tensor fresh from the oven is scaled like any other."""
    bake(0.3)
    assert_tensor(impl.scale(torch.ones(2)), torch.tensor([2.0, 2.0]))


@pytest.mark.exercise("scale")
@given(x=tensors())
def test_numbers_are_doubled(impl, x):
    """Without a factor, every number is doubled."""
    assert_tensor(impl.scale(x), x + x)


@pytest.mark.oven
@pytest.mark.exercise("scale")
def test_very_hot_tensors_are_scaled(impl):
    """A tensor that has been in the oven for long is scaled like any other."""
    bake(0.3)
    assert_tensor(impl.scale(torch.ones(2), 3.0), torch.tensor([3.0, 3.0]))


@pytest.mark.exercise("scale")
@given(x=tensors())
def test_the_argument_stays(impl, x):
    """The argument is left as it is."""
    with unchanged(x=x):
        impl.scale(x, 4.0)
