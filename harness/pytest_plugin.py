"""The pytest side of the harness: options, markers, the fixture `impl`, findings. No logic of its own, and no torch."""

from __future__ import annotations

import functools
import json
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from harness import manager, profiles
from harness.errors import KataError, RequirementMissing, SourceError
from harness.findings import judge_exception
from harness.model import Exercise, Failure, Finding, Implementation, Kata, Outcome
from harness.specs import exercise_of_test, first_paragraph
from harness.verdicts import SCHEMA_VERSION, finding_from_json, finding_to_json, fold

if TYPE_CHECKING:
    from collections.abc import Generator

    from harness.face import Face

HARNESS = pytest.StashKey[manager.Harness]()
"""Where `config.stash` keeps the plugin manager, the catalogue and the requirements."""

_JUDGED = pytest.StashKey[tuple[Kata, Exercise]]()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    group = parser.getgroup("katas", "torch-katas: which implementation the specs judge")
    group.addoption(
        "--impl",
        action="append",
        metavar="WHAT",
        help="learner (the default), solution, a folder of TOPIC.py files or one such file; may be given more than once",
    )
    group.addoption("--isolate", action="store_true", help="keep the implementation in a process of its own")
    group.addoption(
        "--kata-exercise",
        action="append",
        metavar="NAME",
        help="run only the tests that judge this exercise; may be given more than once",
    )
    group.addoption("--kata-report", type=Path, metavar="FILE", help="write what every test found out to FILE, as JSON")
    harness = manager.load()
    for requirement in harness.requirements:
        no = f"--no-{requirement.option.removeprefix('--')}"
        group.addoption(
            requirement.option,
            dest=requirement.dest,
            action="store_const",
            const=True,
            help=f"run the tests that need {requirement.help}, come what may",
        )
        group.addoption(
            no,
            dest=requirement.dest,
            action="store_const",
            const=False,
            help="skip them" if not requirement.opt_in else "skip them (the default)",
        )
    pluginmanager.register(KataPlugin(harness), "kata-plugin")


class KataPlugin:
    """The hooks of one pytest run."""

    def __init__(self, harness: manager.Harness) -> None:
        self.harness = harness
        self.findings: list[Finding] = []
        self._implementations: dict[tuple[str, str], Implementation] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[HARNESS] = self.harness
        config.addinivalue_line(
            "markers", "exercise(name): the exercise that a test judges; every test of a spec names one"
        )
        for requirement in self.harness.requirements:
            config.addinivalue_line("markers", f"{requirement.name}: needs {requirement.help}")
        if config.getoption("--hypothesis-profile", None) in profiles.PROFILES:
            profiles.register()  # before Hypothesis' own plugin looks the name up
        references = list(dict.fromkeys(config.getoption("--impl") or ["learner"]))
        config.pluginmanager.register(_impl_fixture(self, references), "kata-impl-fixture")

    def implementation(self, reference: str, kata: Kata) -> Implementation:
        """What a value of `--impl` means for a kata. Found once a run."""
        key = (reference, kata.topic)
        if key not in self._implementations:
            self._implementations[key] = self.harness.implementation(reference, kata)
        return self._implementations[key]

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> None:
        # Hypothesis reads its settings where a test is decorated, so they must be in force before a spec is imported.
        if self.harness.catalogue.of_spec(module_path) is not None:
            if not parent.config.getoption("--hypothesis-profile", None):
                profiles.use("learner")
            profiles.register_torch_generator()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        wanted = config.getoption("--kata-exercise")
        kept, dropped, complaints = [], [], []
        wrong: dict[str, SourceError] = {}
        right = set()
        for item in items:
            kata = self.harness.catalogue.of_spec(item.path)
            if kata is None:
                kept.append(item)
                continue
            exercise = _exercise(item, kata, complaints)
            if exercise is None:
                continue
            item.stash[_JUDGED] = kata, exercise
            reference = _reference(item)
            only = None
            if reference is not None:
                try:
                    only = self.implementation(reference, kata).only
                    right.add(reference)
                except SourceError as error:
                    wrong.setdefault(reference, error)
            judged_here = only in (None, exercise.name) and (not wanted or exercise.name in wanted)
            (kept if judged_here else dropped).append(item)
            self._skip_where_missing(config, item)
        if complaints:
            raise pytest.UsageError("\n".join(complaints))
        for reference in wrong.keys() - right:
            raise pytest.UsageError(str(wrong[reference]))
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = kept

    def _skip_where_missing(self, config: pytest.Config, item: pytest.Item) -> None:
        for requirement in self.harness.requirements:
            if item.get_closest_marker(requirement.name):
                reason = requirement.reason_to_skip(config.getoption(requirement.dest))
                if reason is not None:
                    item.add_marker(pytest.mark.skip(reason=reason))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if _JUDGED not in item.stash:
            return (yield)
        with ExitStack() as stack:
            for requirement in self.harness.requirements:
                if not item.get_closest_marker(requirement.name):
                    stack.enter_context(requirement.guard(item.nodeid))
                elif requirement.serial:
                    stack.enter_context(_turn(item.config, requirement.name))
            profiles.call_seeds.seed(0)
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        face: Face | None = getattr(item, "funcargs", {}).get("impl")
        if face is not None and _JUDGED in item.stash:
            face._judge(item.stash[_JUDGED][1])
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if _JUDGED in item.stash and (call.when == "call" or call.excinfo is not None):
            finding = _finding(item, call, report)
            # As text, since that is what xdist can carry from its workers.
            report.kata_finding = json.dumps(finding_to_json(finding))  # type: ignore[attr-defined]
            error = call.excinfo.value if call.excinfo else None
            # What the harness says on purpose says it all: a traceback through its own code would only bury it.
            if isinstance(error, KataError) and not isinstance(error, RequirementMissing) and finding.failure:
                report.longrepr = finding.failure.message
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data: str | None = getattr(report, "kata_finding", None)
        if data is not None:
            self.findings.append(finding_from_json(json.loads(data)))
        elif report.when not in ("setup", "call", "teardown"):  # xdist's word for a process that died
            self.findings.extend(self._crashed(report))

    def _crashed(self, report: pytest.TestReport) -> list[Finding]:
        path, _, rest = report.nodeid.partition("::")
        test, _, reference = rest.partition("[")
        kata = next((k for k in self.harness.catalogue.katas if str(k.spec).endswith(path)), None)
        if kata is None or (exercise := exercise_of_test(kata.spec, test)) is None:
            return []
        message = "the process that ran this test died"
        return [
            Finding(
                topic=kata.topic,
                exercise=exercise,
                implementation=reference.rstrip("]"),
                test=test,
                sentence="",
                outcome=Outcome.ERROR,
                seconds=0.0,
                failure=Failure(message=message),
            )
        ]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        target: Path | None = session.config.getoption("--kata-report")
        if target is not None and not hasattr(session.config, "workerinput"):
            data = {"schema": SCHEMA_VERSION, "findings": [finding_to_json(f) for f in self.findings]}
            target.write_text(json.dumps(data), encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if terminalreporter.no_summary or not self.findings:
            return
        terminalreporter.section("katas")
        for label in dict.fromkeys(f.implementation for f in self.findings):
            for kata in self.harness.catalogue.katas:
                found = [f for f in self.findings if f.topic == kata.topic and f.implementation == label]
                if found:
                    terminalreporter.write_line(_summary(kata, label, found))

    def pytest_report_header(self) -> list[str]:
        return [f"katas: {problem}" for problem in self.harness.problems]


def _impl_fixture(plugin: KataPlugin, references: list[str]) -> ModuleType:
    """A plugin with the fixture `impl`, whose parameters are known only now that the command line has been read."""

    @pytest.fixture(scope="module", params=references, ids=str)
    def impl(request: pytest.FixtureRequest) -> Generator[Face]:
        """The implementation under test: call its functions, build its classes, all in plain data."""
        kata = plugin.harness.catalogue.of_spec(request.path)
        if kata is None:
            pytest.fail(f"`impl` serves specs of katas only, and {request.path} is none", pytrace=False)
        from harness.face import Face

        implementation = plugin.implementation(request.param, kata)
        isolate = None
        if request.config.getoption("--isolate"):
            from harness.runner.remote import RemoteHost

            isolate = functools.partial(RemoteHost, kata, request.param)
        face = Face(kata, implementation, isolate)
        yield face
        face._close()

    holder = ModuleType("harness.impl_fixture")
    vars(holder)["impl"] = impl
    return holder


def _reference(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("impl") if callspec else None


def _exercise(item: pytest.Item, kata: Kata, complaints: list[str]) -> Exercise | None:
    """The exercise that a test names; where it names none, two or an unknown one, a complaint is added."""
    names = [name for marker in item.iter_markers("exercise") for name in marker.args]
    known = {exercise.name: exercise for exercise in kata.exercises}
    if len(names) == 1 and names[0] in known:
        return known[names[0]]
    said = f"names {', '.join(map(repr, names))}" if names else "names none"
    complaints.append(
        f"{item.nodeid}: a test judges exactly one exercise of kata.toml and this one {said}: "
        f'mark it @pytest.mark.exercise("…") with one of {", ".join(known)}'
    )
    return None


def _turn(config: pytest.Config, name: str) -> Any:
    """A lock that the processes of one run share, so that their tests take turns."""
    from filelock import FileLock

    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    shared = base.parent if hasattr(config, "workerinput") else base
    return FileLock(shared / f"{name}.lock")


def _finding(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Finding:
    kata, exercise = item.stash[_JUDGED]
    outcome, failure = Outcome.PASSED, None
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        outcome, failure = Outcome.SKIPPED, Failure(message=reason.removeprefix("Skipped: "))
    elif call.excinfo is not None:
        outcome, failure = judge_exception(call.excinfo.value)
        failure = replace(failure, printed=_last_lines(report.capstdout))
    face: Face | None = getattr(item, "funcargs", {}).get("impl")
    return Finding(
        topic=kata.topic,
        exercise=exercise.name,
        implementation=_reference(item) or "",
        test=getattr(item, "originalname", item.name),
        sentence=first_paragraph(getattr(item, "obj", None).__doc__),
        outcome=outcome,
        seconds=call.duration,
        failure=failure,
        touched=face._touched() if face is not None else None,
    )


def _last_lines(printed: str, most: int = 5) -> str | None:
    lines = [line[:400] for line in printed.splitlines() if line.strip()]
    return "\n".join(lines[-most:]) or None


def _summary(kata: Kata, label: str, findings: list[Finding]) -> str:
    """One line on one implementation of a kata, with the exercises that were judged."""
    judged = {finding.exercise for finding in findings}
    verdicts = [e for e in fold(kata, label, findings).exercises if e.exercise in judged]
    others = [f"{e.exercise} {e.outcome}" for e in verdicts if e.outcome is not Outcome.PASSED]
    line = f"{kata.topic} [{label}]: {len(verdicts) - len(others)} of {len(verdicts)} exercises passed"
    return f"{line}; {', '.join(others)}" if others else line
