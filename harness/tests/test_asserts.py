from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from harness.errors import RequirementMissing, SpecError, ToDo
from harness.runner import last_call
from harness.spec.asserts import (
    Mismatch,
    assert_own_memory,
    assert_raises,
    assert_shares_memory,
    assert_tensor,
    assert_unchanged,
    assert_value,
)


@pytest.fixture(autouse=True)
def nothing_recorded():
    last_call.forget()
    yield
    last_call.forget()


def failing(assertion, *args, **kwargs) -> Mismatch:
    """The mismatch that an assertion raises."""
    with pytest.raises(Mismatch) as caught:
        assertion(*args, **kwargs)
    return caught.value


class TestMismatch:
    def test_reads_well_in_plain_pytest(self) -> None:
        """Its text has the difference first, and then a line for each part, continued under its beginning."""
        error = Mismatch("1 of 2 differs", call="f(1)", expected="tensor([[1],\n        [2]])", got="3")
        assert str(error).splitlines() == [
            "1 of 2 differs",
            "called:   f(1)",
            "expected: tensor([[1],",
            "                  [2]])",
            "got:      3",
        ]

    def test_parts_may_be_missing(self) -> None:
        """Without parts it still says that something is wrong."""
        assert str(Mismatch()) == "not as expected"

    def test_is_an_assertion_error_with_its_parts(self) -> None:
        """Pytest shows it as a failed assertion, and a report takes the parts."""
        error = failing(assert_value, 1, 2, called="f(0)")
        assert isinstance(error, AssertionError)
        assert (error.call, error.expected, error.got) == ("f(0)", "2", "1")
        assert error.difference == "is 1, and should be 2"

    def test_survives_pickling(self) -> None:
        """It reaches another process whole."""
        error = pickle.loads(pickle.dumps(failing(assert_value, 1, 2, called="f(0)")))
        assert str(error) == "is 1, and should be 2\ncalled:   f(0)\nexpected: 2\ngot:      1"


class TestCalled:
    def test_last_call_is_shown(self) -> None:
        """Where the spec names no call, the message shows the last one."""
        last_call.record(lambda: "impl_f(3)")
        assert failing(assert_value, 1, 2).call == "impl_f(3)"

    def test_call_of_the_spec_wins(self) -> None:
        """Where the spec names a call, that one is shown."""
        last_call.record(lambda: "impl_f(3)")
        assert failing(assert_value, 1, 2, called="net(x)").call == "net(x)"

    def test_without_any_call(self) -> None:
        """Where nothing was called, nothing is made up."""
        assert failing(assert_value, 1, 2).call is None

    def test_passing_writes_no_text(self) -> None:
        """An assertion that holds does not ask for the text of the call."""
        last_call.record(lambda: pytest.fail("was written"))
        assert_value(1, 1)
        assert_tensor(torch.ones(1), torch.ones(1))

    def test_hypothesis_sees_one_failure(self) -> None:
        """All assertions raise from one line, so that Hypothesis takes two of them for one failure."""
        errors = [
            failing(assert_value, 1, 2),
            failing(assert_tensor, 1, torch.ones(1)),
            failing(assert_raises, OSError, int),
        ]
        lines = set()
        for error in errors:
            traceback = error.__traceback__
            while traceback is not None and traceback.tb_next is not None:
                traceback = traceback.tb_next
            assert traceback is not None
            lines.add(traceback.tb_lineno)
        assert len(lines) == 1


class TestTensor:
    def test_parts(self) -> None:
        """A mismatch shows both tensors, with dtype and shape, and what is wrong."""
        error = failing(assert_tensor, torch.ones(2), torch.ones(2, 1))
        assert error.expected == "tensor([[1.0], [1.0]], dtype=float32, shape=(2, 1))"
        assert error.got == "tensor([1.0, 1.0], dtype=float32, shape=(2,))"
        assert error.difference == "the shape is (2,), and should be (2, 1)"

    def test_tolerance_is_passed_on(self) -> None:
        """What the spec allows is allowed."""
        assert_tensor(torch.tensor([1.1]), torch.tensor([1.0]), rtol=0.2)
        assert_tensor(torch.tensor([1.1]), torch.tensor([1.0]), atol=0.2)
        assert_tensor(torch.tensor([torch.nan]), torch.tensor([torch.nan]), equal_nan=True)

    def test_expected_must_be_a_tensor(self) -> None:
        """A spec that expects something else is told so: the implementation is not to blame."""
        with pytest.raises(SpecError, match="use assert_value"):
            assert_tensor(1.0, 1.0)  # type: ignore[arg-type]
        with pytest.raises(SpecError, match="Parameter"):
            assert_tensor(torch.ones(1), torch.nn.Parameter(torch.ones(1)))


class TestRaises:
    def test_gives_the_exception(self) -> None:
        """The right exception passes, by a derived type too, and is returned for more checks."""
        error = assert_raises(LookupError, {}.__getitem__, "a")
        assert type(error) is KeyError
        assert type(assert_raises((OSError, ValueError), int, "x", base=10)) is ValueError

    def test_returned_instead(self) -> None:
        """A call that returns is told what it returned."""
        error = failing(assert_raises, ValueError, lambda: torch.ones(1))
        got = "tensor([1.0], dtype=float32, shape=(1,))"
        assert error.difference == "should raise ValueError, but raised nothing"
        assert (error.expected, error.got) == ("ValueError", got)

    def test_other_exception(self) -> None:
        """The wrong exception is named, and stays the cause, so that the line that raised can be found."""
        error = failing(assert_raises, (OSError, ValueError), {}.__getitem__, "a")
        assert error.difference == "should raise OSError or ValueError, but raised KeyError: 'a'"
        assert type(error.__cause__) is KeyError

    def test_message_must_match(self) -> None:
        """With `match`, the message has to contain what the spec asks for."""
        assert_raises(ValueError, int, "x", match="invalid .* 'x'")
        error = failing(assert_raises, ValueError, int, "x", match="side")
        assert error.expected == "ValueError with a message that matches 'side'"
        assert error.difference is not None
        assert error.difference.endswith("'x'\" does not match 'side'")

    def test_long_message_is_cut(self) -> None:
        """An exception with a page of text does not fill the screen."""

        def shout() -> None:
            raise TypeError("a" * 10_000)

        assert len(str(failing(assert_raises, ValueError, shout))) < 1500

    @pytest.mark.parametrize("speaks", [ToDo, RequirementMissing])
    def test_the_harness_is_no_implementation(self, speaks: type[Exception]) -> None:
        """What the harness raises goes through, even if it is a RuntimeError too: a to-do is not the expected error."""

        def call() -> None:
            raise speaks("to do")

        with pytest.raises(speaks):
            assert_raises(RuntimeError, call)
        assert_raises(speaks, call)

    def test_ends_of_the_program_go_through(self) -> None:
        """An exception that is not for `except Exception` is not judged."""

        def leave() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            assert_raises(ValueError, leave)


class TestUnchanged:
    def test_same_values(self) -> None:
        """An argument with its values passes, NaN included, whatever the dtype."""
        for x in (torch.tensor([1.0, torch.nan]), torch.tensor([1, 2]), torch.tensor([True]), torch.zeros(0)):
            assert_unchanged(x, x.clone(), "x")

    def test_slightest_change(self) -> None:
        """One bit of one element is seen, and the message names the argument."""
        x = torch.tensor([1.0, 2.0])
        before = x.clone()
        x[1] = torch.nextafter(x[1], torch.tensor(3.0))
        error = failing(assert_unchanged, x, before, "rows")
        assert error.difference is not None
        assert error.difference.startswith(
            "the call changed its argument rows: 1 of 2 elements differs; the first at [1]"
        )
        assert error.expected == "rows as before: tensor([1.0, 2.0], dtype=float32, shape=(2,))"
        assert error.got == "rows afterwards: tensor([1.0, 2.0000002], dtype=float32, shape=(2,))"

    def test_shape(self) -> None:
        """A change in place of the shape is seen."""
        x = torch.zeros(1, 2)
        before = x.clone()
        x.t_()
        assert "the shape is (2, 1)" in str(failing(assert_unchanged, x, before, "x"))


class TestMemory:
    def test_views_share(self) -> None:
        """Any view of an argument shares its memory: a part, a transposed one, another dtype, an array."""
        x = torch.zeros(3, 4)
        for view in (x, x[1:], x.mT, x.view(torch.int32), x[:, ::2], x.expand(2, 3, 4), x.numpy()):
            assert_shares_memory(view, x, "x")
            error = failing(assert_own_memory, view, x, "x", called="f(x)")
            assert error.difference == "the result shares its memory with x: a change of one is seen in the other"
            assert error.expected == "a result in memory of its own, apart from x"
            assert error.call == "f(x)"

    def test_copies_do_not(self) -> None:
        """A copy has memory of its own, even where it has the same values or comes from an array."""
        x = torch.zeros(3, 4)
        for copy in (x.clone(), x + 0, torch.zeros(3, 4), np.zeros((3, 4))):
            assert_own_memory(copy, x, "x")
            error = failing(assert_shares_memory, copy, x, "x", called="f(x)")
            assert error.difference == "the result is a copy: it shares no memory with x"
            assert error.expected == "a result in the memory of x"
            assert error.call == "f(x)"

    def test_same_storage_is_not_enough(self) -> None:
        """Two parts of a storage without a common element do not see each other's changes, even interleaved ones."""
        base = torch.zeros(4, 4)
        for a, b in ((base[:2], base[2:]), (base[:, ::2], base[:, 1::2])):
            assert_own_memory(a, b, "b")
            failing(assert_shares_memory, a, b, "b")

    def test_arrays(self) -> None:
        """Arrays are understood as well, backwards too, and tensors made from them."""
        x = np.arange(4)
        assert_shares_memory(torch.from_numpy(x)[1:], x, "x")
        assert_shares_memory(x[::-1], x, "x")
        assert_own_memory(torch.tensor(x), x, "x")

    def test_size_does_not_matter(self) -> None:
        """Where elements lie is told from ranges: ten billion of them take no longer than ten."""
        x = torch.zeros(3)
        large = torch.zeros(1).expand(100_000, 100_000)
        assert_own_memory(large, x, "x")
        assert_shares_memory(x[:1].expand(100_000, 100_000), x, "x")

    def test_nothing_to_see(self) -> None:
        """Without elements there is no memory that one could or could not share."""
        x = torch.zeros(2)
        for result, argument in ((x[:0], x), (x, x[:0])):
            assert_shares_memory(result, argument, "x")
            assert_own_memory(result, argument, "x")

    def test_results_without_memory(self) -> None:
        """A result that is no tensor, or one on meta, is a mismatch for either."""
        for assertion in (assert_shares_memory, assert_own_memory):
            for result in (3, torch.zeros(2, device="meta"), torch.eye(2).to_sparse()):
                error = failing(assertion, result, torch.zeros(2), "x")
                assert error.expected == "a tensor or an array with memory"

    def test_argument_without_memory(self) -> None:
        """An argument that has none is the spec's mistake."""
        with pytest.raises(SpecError, match="x holds no memory"):
            assert_shares_memory(torch.zeros(2), 3, "x")
