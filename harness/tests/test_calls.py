from __future__ import annotations

import pytest

from harness import calls


@pytest.fixture(autouse=True)
def nothing_recorded():
    calls.forget()
    yield
    calls.forget()


def test_without_a_call_there_is_no_text() -> None:
    """Before the first call, nothing is made up."""
    assert calls.last_call() is None


def test_the_last_call_wins() -> None:
    """A later call replaces an earlier one."""
    calls.record(lambda: "f(1)")
    calls.record(lambda: "f(2)")
    assert calls.last_call() == "f(2)"


def test_text_is_written_only_when_asked_for() -> None:
    """Recording costs nothing: the function runs only for `last_call`, and for each of them."""
    asked = []
    calls.record(lambda: asked.append(1) or "f()")  # type: ignore[func-returns-value]
    assert asked == []
    assert calls.last_call() == calls.last_call() == "f()"
    assert len(asked) == 2


def test_forget_drops_the_call() -> None:
    """After `forget`, the call and the arguments that it holds are gone."""
    calls.record(lambda: "f()")
    calls.forget()
    assert calls.last_call() is None
