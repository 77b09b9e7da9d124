"""What environment variables set, and what is said where they cannot be meant."""

from __future__ import annotations

import pytest

from harness.errors import SettingError
from harness.judge.run import judge
from harness.runner import settings
from harness.runner.isolation.client import Parent

UNFIT = ["abc", "-1", "0", "nan", "inf", "1e9", "10 s"]


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [({}, 10.0), ({"KATA_DEADLINE": ""}, 10.0), ({"KATA_DEADLINE": "0.5"}, 0.5), ({"KATA_DEADLINE": " 86400 "}, 86400)],
)
def test_the_deadline_is_what_the_variable_says(environment, seconds):
    """Seconds, also fractions, up to a day; a variable that is empty counts as not set."""
    assert settings.deadline(environment) == seconds


@pytest.mark.parametrize("said", UNFIT)
def test_a_deadline_that_is_none(said):
    """The message names the variable, shows what it holds, and says what to do."""
    with pytest.raises(SettingError, match=rf"^KATA_DEADLINE={said} is no time for a call: .* or unset it"):
        settings.deadline({"KATA_DEADLINE": said})


def test_nothing_is_started_with_an_unfit_setting(kata, monkeypatch):
    """Neither a warm parent nor a run of its own, which would fail in words of their own."""
    monkeypatch.setenv("KATA_DEADLINE", "soon")
    with pytest.raises(SettingError, match="KATA_DEADLINE=soon"):
        Parent.start()
    with pytest.raises(SettingError, match="KATA_DEADLINE=soon"):
        judge(kata, "learner")


def test_pytest_says_so_before_it_begins(specs):
    """Plain pytest ends as for a wrong option."""
    specs.kata()
    specs.monkeypatch.setenv("KATA_DEADLINE", "soon")
    result = specs.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: KATA_DEADLINE=soon is no time for a call: *"])
    assert not specs.report.exists()
