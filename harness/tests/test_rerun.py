import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase

from harness.diagnosis import rerun
from harness.diagnosis.rerun import EXAMPLES, run_again


def test_failures_are_noted_and_none_ends_the_run(monkeypatch):
    """Every failing example is reported, those of pytest's own kind as well, and the run goes on."""
    monkeypatch.setattr(rerun, "SECONDS", 60.0)
    seen: list[int] = []
    noted: list[BaseException] = []

    @settings(max_examples=5)
    @given(number=st.integers(0, 1000))
    def test(impl, number):
        seen.append(number)
        assume(number % 7)
        if number % 2:
            pytest.fail("odd")
        assert number < 0

    run_again(test, {"impl": None, "other": 1}, noted.append)
    assert len(set(seen)) > 5
    assert len(noted) == len([number for number in seen if number % 7]) <= EXAMPLES
    assert {type(error).__name__ for error in noted} == {"AssertionError", "Failed"}


def test_the_test_is_as_before():
    """Afterwards the test has its settings and its body, and the remembered failing example is still known."""
    database = InMemoryExampleDatabase()

    @settings(database=database, max_examples=50)
    @given(number=st.integers())
    def test(number):
        assert number < 10

    with pytest.raises(AssertionError):
        test()
    remembered = {key: set(values) for key, values in database.data.items()}
    assert remembered
    handle = getattr(test, "hypothesis")  # noqa: B009
    inner = handle.inner_test
    run_again(test, {}, lambda error: None)
    assert handle.inner_test is inner
    assert {key: set(values) for key, values in database.data.items()} == remembered
    with pytest.raises(AssertionError):
        test()


def test_other_tests_are_left_alone():
    """A test without Hypothesis has but one example, and is not run again."""
    calls: list[int] = []
    run_again(lambda: calls.append(1), {}, lambda error: None)
    assert calls == []


def test_what_rejects_everything_is_given_up():
    """A test that Hypothesis complains about is no reason to end the run."""

    @given(number=st.integers())
    def test(number):
        assume(False)

    run_again(test, {}, lambda error: None)
