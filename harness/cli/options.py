"""Arguments and options that several commands have."""

from typing import Annotated

import typer

_HELP = "Number, name, or the beginning of one."

Topic = Annotated[str | None, typer.Argument(metavar="TOPIC", show_default=False, help=_HELP)]
Topics = Annotated[list[str] | None, typer.Argument(metavar="TOPIC", show_default=False, help=_HELP)]
Exercise = Annotated[str | None, typer.Argument(metavar="TOPIC[.EXERCISE]", show_default=False, help=_HELP)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
