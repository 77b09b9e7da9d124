"""The project's checks: `nox -s cpu gpu` for everybody, `nox -s lint types verify` for authors.

All sessions share one environment, since torch and its CUDA libraries are six gigabytes. With `--no-venv` they use the
one that nox itself runs in, and install nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.11.12"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["cpu", "gpu"]

_python = sys.executable
"""The interpreter of the shared environment; the session `environment` puts it here."""

_ON_ALL_CORES = ("-n", "auto")
_NO_TESTS_RAN = 5
_BENCHMARKS = ("recording", "latency", "isolation", "hostile", "diagnosis", "mutation", "stability")


@nox.session(reuse_venv=True, default=False)
def environment(session: nox.Session) -> None:
    """Make the environment that all other sessions use."""
    global _python
    if isinstance(session.virtualenv, nox.virtualenv.PassthroughEnv):
        return
    session.install("-e", ".[dev]")
    _python = str(Path(session.virtualenv.bin) / "python")


@nox.session(venv_backend="none", requires=["environment"])
def cpu(session: nox.Session) -> None:
    """Run every CPU spec, the harness's own tests and `kata verify`; `-- --impl learner` judges that instead."""
    chosen = _implementation(session.posargs)
    pytest = (_python, "-m", "pytest", *_ON_ALL_CORES, "-m", "not gpu and not slow_download")
    if chosen:
        session.run(*pytest, "katas", *session.posargs)
        return
    session.run(*pytest, "--impl", "solution", "--hypothesis-profile", "grade", *session.posargs)
    session.run(_python, "-m", "harness", "verify")


@nox.session(venv_backend="none", requires=["environment"])
def gpu(session: nox.Session) -> None:
    """Run the specs that need a CUDA device, or say that there is none."""
    look = "import torch; print('yes' if torch.cuda.is_available() else 'no')"
    if "yes" not in str(session.run(_python, "-c", look, silent=True)):
        session.skip("there is no CUDA device on this machine, so the gpu specs were not run")
    _judge_marked(session, "gpu", "--gpu")


@nox.session(venv_backend="none", requires=["environment"])
def download(session: nox.Session) -> None:
    """Run the specs that fetch models and data from the network."""
    _judge_marked(session, "slow_download", "--slow-download")


def _judge_marked(session: nox.Session, marker: str, option: str) -> None:
    implementation = () if _implementation(session.posargs) else ("--impl", "solution")
    session.run(
        *(_python, "-m", "pytest", "katas", "-m", marker, option, *implementation, *session.posargs),
        success_codes=[0, _NO_TESTS_RAN],
    )


def _implementation(posargs: list[str]) -> bool:
    """Whether the caller chose what is judged."""
    return any(argument == "--impl" or argument.startswith("--impl=") for argument in posargs)


@nox.session(venv_backend="none", requires=["environment"])
def lint(session: nox.Session) -> None:
    """Check style and that the stubs are those of the solutions."""
    session.run(_python, "-m", "ruff", "check")
    session.run(_python, "-m", "ruff", "format", "--check")
    session.run(_python, "-m", "harness", "sync", "--check")


@nox.session(venv_backend="none", requires=["environment"])
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    session.run(_python, "-m", "mypy")


@nox.session(venv_backend="none", requires=["environment"])
def verify(session: nox.Session) -> None:
    """Check the katas themselves: stubs to do, solutions pass, every mistake fails."""
    session.run(_python, "-m", "harness", "verify", *session.posargs)


@nox.session(venv_backend="none", requires=["environment"])
def mutation(session: nox.Session) -> None:
    """Measure how strong the specs are: `kata mutate`; `-- tensor_operations` measures one kata."""
    session.run(_python, "-m", "harness", "mutate", *session.posargs)


@nox.session(venv_backend="none", requires=["environment"])
def coverage(session: nox.Session) -> None:
    """Measure how much of the harness its own tests reach, by branch."""
    # Started by coverage itself: pytest imports the harness, its plugin, before any plugin of coverage's could look on.
    coverage = (_python, "-m", "coverage")
    session.run(*coverage, "erase")
    session.run(*coverage, "run", "-m", "pytest", "harness/tests", *_ON_ALL_CORES, *session.posargs)
    session.run(*coverage, "combine", "--quiet")
    session.run(*coverage, "report")


@nox.session(venv_backend="none", requires=["environment"])
def bench(session: nox.Session) -> None:
    """Measure what the project claims, each against something named; `-- stability` measures that alone."""
    missed = []
    for benchmark in session.posargs or _BENCHMARKS:
        try:
            session.run(_python, "-m", f"harness.tests.benchmarks.{benchmark}")
        except nox.command.CommandFailed:
            missed.append(benchmark)
    if missed:
        session.error(f"a bar is not met, see above: {', '.join(missed)}")
