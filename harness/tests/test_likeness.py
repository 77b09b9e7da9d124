"""How much plain data are alike, whatever private things in them are called."""

import torch

from harness.diagnosis.likeness import Naming, same_values


def test_the_order_of_keys_does_not_matter():
    """The same keys in another order are the same values, and not literally the same."""
    naming = Naming()
    assert naming.same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert not naming.literal
    assert same_values({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert not same_values({"a": 1, "b": 2}, {"b": 1, "a": 2})


def test_a_private_key_stands_for_another_one_throughout():
    """One that has stood for another stands for no third, and names in lists follow."""
    naming = Naming()
    assert naming.same({"hidden.weight": torch.ones(2)}, {"first.weight": torch.ones(2)})
    assert not naming.literal
    assert naming.same(["hidden.weight"], ["first.weight"])
    assert not naming.same(["first.weight"], ["first.bias"])
    assert not naming.same({"hidden.weight": 1}, {"second.weight": 1})
    assert not naming.same({"last": 1}, {"first.weight": 1})
    assert not same_values({"a": 1}, {"b": 1})


def test_other_values_under_other_names_are_different():
    """A name is exchanged only where all else is the same, and what failed leaves no trace."""
    naming = Naming()
    assert not naming.same({"a": 1}, {"b": 2})
    assert naming.same({"a": 1}, {"c": 1})


def test_a_mistakes_name_stands_for_its_exercises():
    """What is called as the mistake is called in a type's name is called as the exercise."""
    assert Naming(("MLP__no_relu", "MLP")).same("MLP", "MLP__no_relu")
    assert not Naming().same("MLP", "MLP__no_relu")
