"""The pytest side of the harness: options, markers, the fixture `impl`, findings. No logic of its own, and no torch."""

from __future__ import annotations

import functools
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from harness.catalogue import manager
from harness.errors import RequirementMissing, SettingError
from harness.judge import profiles
from harness.judge.collection import JUDGED, Selection, reference_of, shortened_references, unspoiled
from harness.judge.diagnosing import Diagnoses
from harness.judge.findings import Findings, send_diagnoses, send_finding
from harness.judge.outcomes import finding_of, finding_of_crash, innermost, is_ours, summaries
from harness.judge.verdicts import SCHEMA_VERSION, finding_to_json
from harness.model import Outcome
from harness.runner import seeds, settings

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

    from harness.catalogue.requirements import Requirement
    from harness.runner.proxy import Impl
    from harness.runner.session import Session

HARNESS = pytest.StashKey[manager.Harness]()
"""Where `config.stash` keeps the plugin manager, the catalogue and the requirements."""

_GUARDS = pytest.StashKey[ExitStack]()
_COMPLAINT = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    group = parser.getgroup("katas", "torch-katas: which implementation the specs judge")
    group.addoption(
        "--impl",
        action="append",
        metavar="WHAT",
        help="learner (the default), solution, a folder of TOPIC.py files or one such file; may be given repeatedly",
    )
    group.addoption("--isolate", action="store_true", help="keep the implementation in a process of its own")
    group.addoption("--diagnose", action="store_true", help="say which known mistake explains a failure")
    group.addoption(
        "--kata-exercise",
        action="append",
        metavar="NAME",
        help="run only the tests that judge this exercise; may be given more than once",
    )
    group.addoption(
        "--kata-first-failure",
        action="store_true",
        help="after the first failure of an exercise by an implementation, leave out its other tests of that exercise",
    )
    group.addoption("--kata-report", type=Path, metavar="FILE", help="write what every test found out to FILE, as JSON")
    harness = manager.load()
    for requirement in harness.requirements:
        _add_options(group, requirement)
    pluginmanager.register(KataPlugin(harness), "kata-plugin")


def _add_options(group: pytest.OptionGroup, requirement: Requirement) -> None:
    default = " (the default)" if requirement.opt_in else ""
    for option, value, text in (
        (requirement.option, True, f"run the tests that need {requirement.help}, come what may"),
        (requirement.opposite, False, f"skip them{default}"),
    ):
        group.addoption(option, dest=requirement.dest, action="store_const", const=value, help=text)


class KataPlugin:
    """The hooks of one pytest run."""

    def __init__(self, harness: manager.Harness) -> None:
        self.harness = harness
        self.findings = Findings()
        self.diagnoses = Diagnoses()
        self._failed: set[tuple[str, str | None, str]] = set()
        self.references: list[str] = []
        self.selection = Selection(harness)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        try:
            settings.deadline()
        except SettingError as error:
            raise pytest.UsageError(str(error)) from None
        config.stash[HARNESS] = self.harness
        config.addinivalue_line(
            "markers", "exercise(name): the exercise that a test judges; every test of a spec names one"
        )
        for requirement in self.harness.requirements:
            config.addinivalue_line("markers", f"{requirement.name}: needs {requirement.help}")
        if config.getoption("--hypothesis-profile", None) in profiles.PROFILES:
            profiles.register()  # before Hypothesis' own plugin looks the name up
        self.references = list(dict.fromkeys(config.getoption("--impl") or ["learner"]))
        self.selection = Selection(self.harness, config.getoption("--kata-exercise") or ())
        config.pluginmanager.register(_impl_fixture(self), "kata-impl-fixture")

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        # Asked before the collection, which xdist leaves to its workers, about what somebody has typed.
        references = () if hasattr(session.config, "workerinput") else session.config.getoption("--impl")
        for reference in references or ():
            if problem := self.selection.problem_with(reference):
                raise pytest.UsageError(problem)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> None:
        # Hypothesis reads its settings where a test is decorated, so they must be in force before a spec is imported.
        if self.harness.catalogue.of_spec(module_path) is not None:
            if not parent.config.getoption("--hypothesis-profile", None):
                profiles.use("learner")
            seeds.register_torch_generator()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        for marker in item.iter_markers("exercise"):  # so that `-k` finds the tests of an exercise
            item.extra_keyword_matches.update(map(str, marker.args))

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        for item in items:
            self.selection.sort(item)
            if JUDGED in item.stash:
                self._skip_where_missing(config, item)
                if isinstance(item, pytest.Function):
                    profiles.draw_alike(item.obj, f"{item.stash[JUDGED][0].topic}::{item.originalname}")
        if complaints := self.selection.complaints():
            if not hasattr(config, "workerinput"):
                raise pytest.UsageError("\n".join(complaints))
            for item in items:  # nobody hears what a worker of xdist's complains of, except for the failure of a test
                item.stash[_COMPLAINT] = "\n".join(complaints)
        elif self.selection.dropped:
            config.hook.pytest_deselected(items=self.selection.dropped)
            items[:] = self.selection.kept

    def _skip_where_missing(self, config: pytest.Config, item: pytest.Item) -> None:
        for requirement in self.harness.requirements:
            if item.get_closest_marker(requirement.name):
                reason = requirement.reason_to_skip(config.getoption(requirement.dest))
                if reason is not None:
                    item.add_marker(pytest.mark.skip(reason=reason))

    # Within what other plugins wrap around: when they tidy up, they count on having been there before any failure.
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        if _COMPLAINT in item.stash:
            pytest.fail(item.stash[_COMPLAINT], pytrace=False)
        if self._is_told(item):
            item.add_marker(
                pytest.mark.skip(reason="this implementation has failed another test of the exercise already")
            )
        if JUDGED in item.stash:
            guards = item.stash[_GUARDS] = ExitStack()
            for requirement in self.harness.requirements:
                if not item.get_closest_marker(requirement.name):
                    guards.enter_context(requirement.guard(item.nodeid))
                elif requirement.serial and not item.get_closest_marker("skip"):
                    guards.enter_context(_turn(item.config, requirement.name))
            # A test that draws nothing from Hypothesis still meets the same numbers in every run and order.
            seeds.call_seeds.seed(0)
            if (torch := sys.modules.get("torch")) is not None:
                torch.default_generator.manual_seed(0)
        return (yield)

    def _is_told(self, item: pytest.Item) -> bool:
        """Whether the one failure that is asked for has been seen."""
        if JUDGED not in item.stash or not item.config.getoption("--kata-first-failure"):
            return False
        kata, exercise = item.stash[JUDGED]
        return (kata.topic, reference_of(item), exercise.name) in self._failed

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        session = _session_of(item)
        if session is not None and JUDGED in item.stash:
            self.diagnoses.begin(session, item.stash[JUDGED][1], item.nodeid)
            if isinstance(item, pytest.Function):
                with unspoiled(item), self.diagnoses.failures_noted(session, item.obj):
                    return (yield)
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        try:
            return (yield)
        finally:
            item.stash.get(_GUARDS, ExitStack()).close()
            if JUDGED in item.stash and not item.config.getoption("--hypothesis-show-statistics", None):
                vars(item).pop("hypothesis_statistics", None)  # Hypothesis would put it into a JUnit file as base64

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if JUDGED in item.stash and (call.when == "call" or call.excinfo is not None):
            kata, exercise = item.stash[JUDGED]
            session = _session_of(item)
            finding = finding_of(kata, exercise, reference_of(item) or "", item, call, report, session)
            if session is not None and call.when == "call" and call.excinfo and finding.outcome is Outcome.FAILED:
                why, test, arguments = innermost(call.excinfo.value), item.obj, dict(item.funcargs)  # type: ignore[attr-defined]
                self.diagnoses.fail(session, exercise, item.nodeid, test, arguments, why)
            if finding.outcome not in (Outcome.PASSED, Outcome.SKIPPED, Outcome.TODO):
                self._failed.add((finding.topic, reference_of(item), finding.exercise))
            send_finding(report, finding)
            error = call.excinfo.value if call.excinfo else None
            # What the harness says on purpose says it all: a traceback through its own code would only bury it.
            if error is not None and is_ours(error) and not isinstance(error, RequirementMissing) and finding.failure:
                where = finding.failure.location
                shown = f"\n{where.file}:{where.line}\n    {where.code}" if where else ""
                report.longrepr = finding.failure.message + shown
        if diagnoses := self.diagnoses.take():  # an implementation has just been done with
            send_diagnoses(report, diagnoses)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when in ("setup", "call", "teardown"):
            self.findings.add(report)
        # Anything else is xdist's word for a process that died.
        elif crash := finding_of_crash(report.nodeid, self.harness.catalogue.katas, self.references):
            self.findings.add_crash(report, crash)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        target: Path | None = session.config.getoption("--kata-report")
        if target is not None and not hasattr(session.config, "workerinput"):
            findings = [finding_to_json(finding) for finding in self.findings.all()]
            data = {"schema": SCHEMA_VERSION, "exit": int(exitstatus), "findings": findings}
            target.write_text(json.dumps(data), encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        findings = self.findings.all()
        if terminalreporter.no_summary or not findings:
            return
        terminalreporter.section("katas")
        for finding in findings:
            if finding.mistake:
                terminalreporter.write_line(f"{finding.topic}.{finding.exercise}: {' '.join(finding.mistake.split())}")
        for line in summaries(self.harness.catalogue.katas, findings):
            terminalreporter.write_line(line)

    def pytest_report_header(self) -> list[str]:
        return [f"katas: {problem}" for problem in self.harness.all_problems]


def _impl_fixture(plugin: KataPlugin) -> ModuleType:
    """A plugin with the fixture `impl`, whose parameters are known only now that the command line has been read."""
    ids = list(shortened_references(plugin.references).values())

    @pytest.fixture(scope="module", params=plugin.references, ids=ids)
    def impl(request: pytest.FixtureRequest) -> Generator[Impl]:
        """The implementation under test: call its functions, build its classes, all in plain data."""
        kata = plugin.harness.catalogue.of_spec(request.path)
        if kata is None:
            pytest.fail(f"`impl` serves specs of katas only, and {request.path} is none", pytrace=False)
        from harness.runner.proxy import Impl
        from harness.runner.session import Session

        implementation = plugin.selection.implementation(request.param, kata)
        isolate = None
        if request.config.getoption("--isolate"):
            from harness.runner.isolation.remote import RemoteHost

            isolate = functools.partial(RemoteHost, kata, request.param)
        session = Session.start(kata, implementation, isolate)
        if request.config.getoption("--diagnose"):
            plugin.diagnoses.watch(session)
        yield Impl(session)
        plugin.diagnoses.conclude(session, kata, apart=isolate is not None)
        session.close()

    holder = ModuleType("harness.impl_fixture")
    vars(holder)["impl"] = impl
    return holder


def _session_of(item: pytest.Item) -> Session | None:
    """The session behind the `impl` of a test; None for a test that uses none."""
    impl: Impl | None = getattr(item, "funcargs", {}).get("impl")
    if impl is None:
        return None
    from harness.runner.proxy import session_behind

    return session_behind(impl)


def _turn(config: pytest.Config, name: str) -> AbstractContextManager[object]:
    """A lock that the processes of one run share, so that their tests take turns."""
    from filelock import FileLock

    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    shared = base.parent if hasattr(config, "workerinput") else base
    return FileLock(shared / f"{name}.lock")
