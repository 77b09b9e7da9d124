"""The command `kata`: one module a command, and `main`, which turns what goes wrong into one line and an exit code.

Exit codes: 0 all good, 1 something did not pass, 2 the call or the set-up is wrong, 130 interrupted.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from harness.cli import check, doctor, hint, init, mutate, new, overview, read, reset, solution, sync, verify, watch
from harness.cli import list as list_
from harness.errors import KataError

app = typer.Typer(
    name="kata",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

for _name, _module in {
    "list": list_,
    "check": check,
    "watch": watch,
    "read": read,
    "hint": hint,
    "solution": solution,
    "reset": reset,
    "init": init,
    "doctor": doctor,
    "new": new,
    "sync": sync,
    "verify": verify,
    "mutate": mutate,
}.items():
    app.command(_name, help=_module.HELP, short_help=_module.HELP.partition("\n")[0])(_module.run)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        with suppress(PackageNotFoundError):
            typer.echo(f"torch-katas {version('torch-katas')}")
        raise typer.Exit


@app.callback(invoke_without_command=True, help=overview.HELP)
def _kata(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", help="Print the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        overview.run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `kata` and gives its exit code."""
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has gone, and Python would complain about what is still in the buffer when it ends.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        typer.main.get_command(app).main(arguments, prog_name="kata")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except Exception as error:
        if isinstance(error, BrokenPipeError) or os.environ.get("KATA_DEBUG"):
            raise
        _explain(error)
        return 2
    raise AssertionError("a command always ends by SystemExit")  # pragma: no cover


def _explain(error: Exception) -> None:
    from harness.reports.screen import complain

    if isinstance(error, KataError):
        complain(error)
    elif isinstance(error, OSError):
        complain(f"{error.filename or 'the system'}: {error.strerror or error}")
    else:
        complain(f"this is a fault in torch-katas ({type(error).__name__}: {error}); KATA_DEBUG=1 shows where")
