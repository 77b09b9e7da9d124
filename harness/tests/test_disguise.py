"""A listed mistake as it would stand in a learner's file."""

import pytest

from harness.catalogue import manager
from harness.judge.verification import mistakes_of
from harness.tests.benchmarks.disguise import disguised

CATALOGUE = manager.load().catalogue


@pytest.mark.parametrize("kata", CATALOGUE.katas, ids=lambda kata: kata.topic)
def test_mistakes_can_be_disguised(kata):
    """Each (here, one in six) becomes a module that defines its exercise and nothing of the mistake's name."""
    for name in list(mistakes_of(kata))[::6]:
        text = disguised(kata, name)
        module = {"__name__": "answer"}
        exec(compile(text, name, "exec", dont_inherit=True), module)
        assert name.partition("__")[0] in module
        assert name not in text


def test_what_is_private_gets_another_name():
    """Helpers, attributes and the keys of a state are renamed; parameters are not."""
    text = disguised(CATALOGUE.find("optimizers"), "adam_step__not_corrected")
    assert "'own_m'" in text
    assert "'m'" not in text
    assert "def adam_step(params, grads, state, lr=" in text
    text = disguised(CATALOGUE.find("networks"), "MLP__no_relu")
    assert "class own_MLP" in text
    assert "self.own_hidden" in text
