from __future__ import annotations

import pytest

from harness.runner import last_call


@pytest.fixture(autouse=True)
def nothing_recorded():
    last_call.forget()
    yield
    last_call.forget()


def test_without_a_call_there_is_no_text() -> None:
    """Before the first call, nothing is made up."""
    assert last_call.last_call() is None


def test_the_last_call_wins() -> None:
    """A later call replaces an earlier one."""
    last_call.record(lambda: "f(1)")
    last_call.record(lambda: "f(2)")
    assert last_call.last_call() == "f(2)"


def test_text_is_written_only_when_asked_for() -> None:
    """Recording costs nothing: the function runs only for `last_call`, and for each of them."""
    asked = []
    last_call.record(lambda: asked.append(1) or "f()")  # type: ignore[func-returns-value]
    assert asked == []
    assert last_call.last_call() == last_call.last_call() == "f()"
    assert len(asked) == 2


def test_forget_drops_the_call() -> None:
    """After `forget`, the call and the arguments that it holds are gone."""
    last_call.record(lambda: "f()")
    last_call.forget()
    assert last_call.last_call() is None
