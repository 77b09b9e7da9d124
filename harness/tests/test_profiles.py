from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness.judge.profiles import PROFILES, register, use
from harness.runner import seeds
from harness.runner.seeds import call_seeds, register_torch_generator


@pytest.fixture
def profile_kept():
    """Puts back the profile that was in force."""
    before = settings.get_current_profile_name()
    yield
    settings.load_profile(before)


@pytest.fixture(autouse=True)
def registered():
    register()
    register_torch_generator()


def test_profiles_are_registered() -> None:
    """All four can be had by name, work without a deadline, report one failure and print no blob."""
    assert PROFILES == ("learner", "grade", "thorough", "verify")
    for name in PROFILES:
        profile = settings.get_profile(name)
        assert profile.deadline is None
        assert not profile.print_blob
        assert not profile.report_multiple_bugs
        assert HealthCheck.too_slow in profile.suppress_health_check
        assert Phase.explain not in profile.phases


def test_learner_remembers() -> None:
    """The learner's profile is short, and keeps a failing example for the next run."""
    learner = settings.get_profile("learner")
    assert learner.max_examples == 40
    assert learner.database is not None
    assert not learner.derandomize
    assert {Phase.reuse, Phase.shrink} < set(learner.phases)


def test_grade_is_the_same_everywhere() -> None:
    """The grader's profile depends on nothing but the spec."""
    grade = settings.get_profile("grade")
    assert (grade.max_examples, grade.derandomize, grade.database) == (100, True, None)
    assert Phase.shrink in grade.phases


def test_thorough_looks_elsewhere_each_time() -> None:
    """The nightly profile tries many examples, others each night."""
    thorough = settings.get_profile("thorough")
    assert (thorough.max_examples, thorough.derandomize, thorough.database) == (1000, False, None)


def test_verify_does_not_shrink() -> None:
    """Wrong answers are found with as many examples as a learner has, and not made smaller."""
    verify = settings.get_profile("verify")
    assert (verify.max_examples, verify.derandomize, verify.database) == (40, True, None)
    assert Phase.generate in verify.phases
    assert Phase.shrink not in verify.phases


def test_profiles_do_not_depend_on_ci() -> None:
    """On a build server, where Hypothesis has another default, they are the same."""
    program = (
        "from harness.judge.profiles import *; from hypothesis import settings; register()\n"
        "for name in PROFILES: print(repr(settings.get_profile(name)).split('stateful')[0])\n"
    )
    root = Path(__file__).parents[2]
    texts = [
        subprocess.run(
            [sys.executable, "-c", program], env=env, cwd=root, capture_output=True, text=True, timeout=60, check=True
        ).stdout
        for env in ({}, {"CI": "true", "GITHUB_ACTIONS": "true"})
    ]
    assert texts[0] == texts[1]


@pytest.mark.usefixtures("profile_kept")
@pytest.mark.parametrize("name", PROFILES)
def test_use(name: str) -> None:
    """`use` puts a profile into force."""
    use(name)
    assert settings.get_current_profile_name() == name
    assert settings().max_examples == settings.get_profile(name).max_examples


@pytest.mark.usefixtures("profile_kept")
def test_use_of_an_unknown_profile() -> None:
    """An unknown name is refused with those that there are, and changes nothing."""
    before = settings.get_current_profile_name()
    with pytest.raises(ValueError, match="no profile 'quick': choose one of learner, grade, thorough, verify"):
        use("quick")
    assert settings.get_current_profile_name() == before


def test_registering_twice_changes_nothing() -> None:
    """The adapter is registered once, and kept: Hypothesis alone would let go of it."""
    kept = seeds._torch_random
    assert kept is not None
    register_torch_generator()
    assert seeds._torch_random is kept


def test_registering_in_a_fresh_process() -> None:
    """Whoever registers first, Hypothesis seeds torch's generator and the seeds of calls, and puts both back."""
    program = (
        "import torch; from hypothesis import given, settings, strategies as st, Phase\n"
        "from harness.runner.seeds import call_seeds, register_torch_generator\n"
        "register_torch_generator(); register_torch_generator()\n"
        "before = torch.get_rng_state(), call_seeds.getstate(); seen = set()\n"
        "@settings(database=None)\n"
        "@given(st.integers())\n"
        "def test(n): seen.add((torch.rand(1).item(), call_seeds.getrandbits(63), call_seeds.getrandbits(63)))\n"
        "test()\n"
        "assert len(seen) == 1 and len(set(*seen)) == 3, seen\n"
        "assert torch.equal(before[0], torch.get_rng_state()) and before[1] == call_seeds.getstate()\n"
    )
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=root, capture_output=True, text=True, timeout=100
    )
    assert result.stderr == ""


@pytest.mark.parametrize("name", PROFILES)
def test_a_failure_by_chance_repeats_bit_for_bit(name: str) -> None:
    """A test that fails by what torch draws fails at each replay by the same numbers, and can be shrunk."""
    failures = []

    @settings(settings.get_profile(name), database=None)
    @given(st.integers(0, 1000))
    def test(n: int) -> None:
        torch.manual_seed(torch.randint(2**62, ()).item() if n > 500 else call_seeds.getrandbits(62))
        noise = torch.randn(n + 1)
        if n >= 10 and noise[n] > 0.5:
            failures.append((n, noise))
            raise AssertionError(f"by chance at {n}")

    with pytest.raises(AssertionError, match="by chance"):
        test()
    by_example: dict[int, torch.Tensor] = {}
    for n, noise in failures:
        assert torch.equal(by_example.setdefault(n, noise), noise)
    assert len(failures) > len(by_example)
    if name != "verify":
        assert failures[-1][0] == min(by_example)


def test_numbers_of_successive_calls_differ() -> None:
    """Within an example, each call has a seed of its own, and the next example starts over."""
    runs = []

    @settings(max_examples=5, database=None)
    @given(st.integers())
    def test(n: int) -> None:
        runs.append([call_seeds.getrandbits(63) for _ in range(4)])

    test()
    assert all(run == runs[0] for run in runs)
    assert len(set(runs[0])) == 4
