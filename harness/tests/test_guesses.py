import pytest
import torch

from harness.diagnosis.guesses import guess
from harness.diagnosis.recorder import Wrong

X = torch.tensor([[1.0, 2.0, 4.0], [3.0, 7.0, 5.0]])
SQUARE = torch.tensor([[1.0, 2.0, 4.0], [3.0, 7.0, 5.0], [9.0, 8.0, 6.0]])
CUBE = torch.arange(24.0).reshape(2, 3, 4)


def guessed(actual: object, expected: object, *inputs: object) -> str | None:
    return guess([Wrong("result", (actual, expected), (inputs, {}))])


@pytest.mark.parametrize(
    ("actual", "expected", "inputs", "words"),
    [
        (X.T, X, (), "transposed"),
        (SQUARE.T, SQUARE, (), "transposed"),
        (CUBE.transpose(0, 2), CUBE, (), "dimensions -3 and -1 are exchanged"),
        (CUBE.permute(1, 2, 0), CUBE, (), "in another order"),
        (X.reshape(3, 2), X, (), "in another shape"),
        (X.sum(0), X.sum(1), (X,), "dimension 0 is reduced instead of dimension 1"),
        (X.sum(1), X.sum(0, keepdim=True), (X,), None),
        (X.mean(1), X.mean(1, keepdim=True), (X,), "a dimension of size one got lost"),
        (X[None], X, (), "one too many"),
        (torch.arange(4), torch.arange(5), (), "the last element is missing"),
        (torch.arange(1, 5), torch.arange(5), (), "the first element is missing"),
        (torch.arange(6), torch.arange(5), (), "the last element is one too many"),
        (X[:, :2], X, (), "the last element along dimension 1 is missing"),
        (X.double(), X, (), "only the dtype is wrong"),
        (X.flip(1), X, (), "the order along dimension 1 is reversed"),
        (X.roll(1, 1), X, (), "shifted by one along dimension 1"),
        (-X, X, (), "only the sign is wrong"),
        (1.7 * X, X, (), "1.7 times"),
        (3 * X, X, (), "3 times"),
        (X + 1, X, (), "too large by 1"),
        (X - 0.5, X, (), "too small by 0.5"),
        (X / 5, X, (torch.zeros(5, 7),), "a mean where a sum is meant"),
        (X * 5 / 4, X, (torch.zeros(5, 7),), "n where n - 1 is meant"),
        (X * (5 / 4) ** 0.5, X, (torch.zeros(5, 7),), "the variance under the root"),
        (torch.where(X > 6, torch.nan, X), X, (), "right. Is something divided by zero"),
        (torch.where(X > 6, torch.nan, X), X, (torch.tensor([torch.inf]),), "right. Does one in an argument spread"),
        (X, 2 * X + X.sum(), (X,), "an argument is given back"),
        (X * torch.tensor([0.0, 2.0, 2.0]), X, (), "the training mode"),
        (X > 3, X <= 3, (), "true and false are exchanged"),
        (torch.tensor([1.0, 2.0]), torch.tensor([1.4, 2.7]), (), "fractions are lost"),
        (X.abs(), X * torch.tensor([-1.0, 1.0, -1.0]), (), "signs are lost"),
        (X.flatten()[[3, 1, 0, 5, 4, 2]], X.flatten(), (), "in the wrong order"),
        ({"a": (2.5 * X, 1)}, {"a": (X, 1)}, (), "2.5 times"),
        ([3.0, 6.0], [1.0, 2.0], (), "3 times"),
        (X.numpy() * 3, X.numpy(), (), "3 times"),
    ],
)
def test_simple_resemblances_are_guessed(actual, expected, inputs, words):
    """Each way in which a wrong result resembles the right one has its own guess, and it asks rather than tells."""
    said = guessed(actual, expected, *inputs)
    if words is None:
        assert said is None
    else:
        assert said is not None
        assert words in said
        assert said.startswith("It looks as if")
        assert said.endswith("?")


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (torch.tensor(2.0), torch.tensor(1.0)),
        (torch.tensor([2.0]), torch.tensor([1.0])),
        (torch.tensor([0.0, 2.0]), torch.tensor([0.0, 1.0])),
        (torch.tensor([2.0, 1.0]), torch.tensor([1.0, 5.0])),
        (torch.zeros(2, 2), X[:, :2]),
        ([1.0, "a"], [2.0, "b"]),
        (None, X),
        ((X,), (X, X)),
        (torch.tensor([2.0**24, 3.0]), torch.tensor([2**24 + 1, 3])),
    ],
)
def test_little_evidence_says_nothing(actual, expected):
    """One number, or values without a pattern, give no guess."""
    assert guessed(actual, expected) is None


def test_two_guesses_are_none():
    """Where two ways fit equally, nothing is said."""
    assert guessed(torch.tensor([2.0, 4.0]), torch.tensor([1.0, 2.0]), torch.zeros(2)) is None


def test_further_examples_decide():
    """A guess must fit every example, and small ones add up to the evidence that each alone lacks."""
    one = Wrong("result", (torch.tensor(3.0), torch.tensor(1.0)), ())
    other = Wrong("result", (torch.tensor(6.0), torch.tensor(2.0)), ())
    odd = Wrong("result", (torch.tensor(7.0), torch.tensor(4.0)), ())
    assert "3 times" in (guess([one, other]) or "")
    assert guess([one, other, odd]) is None


def test_a_tensor_for_a_number_needs_no_guess():
    """That its type is wrong has been said; guesses at its dtype would only mislead."""
    assert guessed(torch.tensor(3), 3) is None
    assert guessed([torch.tensor(3), torch.tensor(4)], [3, 4]) is None


@pytest.mark.parametrize(
    ("about", "words"), [("unchanged", "in place"), ("shared", "you copy"), ("own", "the caller's tensor")]
)
def test_memory_has_guesses_of_its_own(about, words):
    """Where a spec asked for memory, the guess names what usually goes wrong with it."""
    assert words in (guess([Wrong(about, None, ())]) or "")


def test_nothing_wrong_is_nothing_said():
    """Without a comparison there is nothing to guess from."""
    assert guess([]) is None
    assert guess([Wrong("result", None, ())]) is None
