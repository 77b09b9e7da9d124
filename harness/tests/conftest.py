"""The harness's own tests run by the grader's profile: no deadline, and the same examples each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.judge import profiles
from harness.tests.tiny_kata import make_kata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from harness.model import Kata
    from harness.runner.isolation.client import Parent
    from harness.tests.impl_factory import ImplFactory
    from harness.tests.isolated import Cellar
    from harness.tests.spec_runs import SpecRuns

# What imports torch is imported where it is used: most tests of the harness do without it.


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile", None):
        profiles.use("grade")


@pytest.fixture
def impl_factory(tmp_path: Path) -> Iterator[ImplFactory]:
    """Puts the text of an implementation behind the proxy that a spec sees."""
    from harness.tests.impl_factory import ImplFactory

    impl_factory = ImplFactory(tmp_path)
    yield impl_factory
    impl_factory.close()


@pytest.fixture
def kata(tmp_path: Path) -> Kata:
    """A whole tiny kata, with the exercises `double` and `join_words`."""
    return make_kata(tmp_path / "katas" / "03_tiny_things")


@pytest.fixture(scope="session")
def spec_runs_module() -> ModuleType:
    """`harness.tests.spec_runs`, imported before `pytester`, which would forget it and torch after the first test."""
    from harness.tests import spec_runs

    return spec_runs


@pytest.fixture
def specs(
    spec_runs_module: ModuleType, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SpecRuns]:
    """Runs pytest on tiny katas in this process."""
    from hypothesis import settings

    profile = settings.get_current_profile_name()
    yield spec_runs_module.SpecRuns(pytester, monkeypatch)
    settings.load_profile(profile)  # a spec that is collected has another one loaded


@pytest.fixture(scope="session")
def packs(spec_runs_module: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The third-party packs of `packs/`, each installed as a real distribution in a folder of its own."""
    installed: dict[str, Path] = spec_runs_module.install_packs(tmp_path_factory.mktemp("packs"))
    return installed


@pytest.fixture(scope="session")
def cellar(tmp_path_factory: pytest.TempPathFactory) -> Cellar:
    """A pack as if installed, whose one kata tests rewrite."""
    from harness.tests.isolated import Cellar

    return Cellar(tmp_path_factory.mktemp("cellar"))


@pytest.fixture(scope="session")
def warm(cellar: Cellar) -> Iterator[Parent]:
    """One warm parent for all tests, which knows the pack of `cellar`."""
    from harness.runner.isolation.client import Parent
    from harness.tests.isolated import DEADLINE

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", cellar.path)
        patch.setenv("KATA_DEADLINE", DEADLINE)
        parent = Parent.start()
    with parent:
        yield parent
