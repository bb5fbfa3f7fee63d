"""`db_health_check.py`: one look at the application database, for monitors. On argparse, since click takes
longer to load than the check takes."""

from __future__ import annotations

import gc
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, TextIO

from cli.door import explain_unexpected
from core.errors import InvalidInput

if TYPE_CHECKING:
    from features.health import HealthReport

PROGRAM = "db_health_check.py"
CANNOT_RUN = 3
EXIT_CODES = {"healthy": 0, "degraded": 1, "unhealthy": 2, "error": CANNOT_RUN}

DESCRIPTION = """\
Check the application database: connection, schema, migrations, rows, pool, TLS, disks.
Changes nothing, and ends within DB_CONNECT_TIMEOUT and 2 s, whatever hangs.
"""
EPILOG = """\
exit codes:
  0  healthy
  1  degraded: reachable, but slow, migrations pending, a disk low ...
  2  unhealthy: unreachable, refused, a table missing
  3  error: the check could not run (settings, usage, a crash)
"""
# With a width of its own argparse need not load what measures the terminal.
_FORMAT = partial(RawDescriptionHelpFormatter, width=100)


def run_door() -> NoReturn:
    """Run the tool and leave with its exit code, whatever happens."""
    gc.disable()  # so short a life leaves no garbage worth a tenth of its time
    sys.excepthook = _give_up
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = check(sys.argv[1:])
    # Not sys.exit, which would wait for a check that hangs inside its driver.
    os._exit(code)


def check(arguments: Sequence[str]) -> int:
    """Check, write the report, and give the exit code."""
    from features.health import check_environment, refuse

    try:
        options = _parser().parse_args(arguments)
    except InvalidInput as error:
        return _show(refuse("usage", error), as_json="--json" in arguments)
    except SystemExit:  # argparse has shown the help
        with suppress(BrokenPipeError):
            sys.stdout.flush()
        return 0
    if options.verbose:
        import logging

        logging.basicConfig(level=logging.DEBUG)
    return _show(check_environment(options.env_file), as_json=options.json)


class _Parser(ArgumentParser):
    """A parser that leaves the exit code to us: argparse's own would say "unhealthy"."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{message[:1].upper()}{message[1:]}.", hint=f"Try: {PROGRAM} --help")


def _parser() -> ArgumentParser:
    parser = _Parser(
        PROGRAM,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_FORMAT,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="write one JSON document, for programs")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="read the settings from FILE first")
    parser.add_argument("-v", "--verbose", action="store_true", help="log more; show where a check crashed")
    return parser


def _show(report: HealthReport, as_json: bool) -> int:
    from cli import health_text

    if as_json:
        _write(health_text.as_json(report), sys.stdout)
    elif len(report.checks) == 1 and EXIT_CODES[report.status] == CANNOT_RUN:
        _write(health_text.as_error(report.checks[0]), sys.stderr)
    else:
        _write(health_text.as_text(report, sys.stdout), sys.stdout)
    return EXIT_CODES[report.status]


def _write(text: str, stream: TextIO) -> None:
    with suppress(BrokenPipeError):  # the reader went away; the exit code still tells
        print(text, file=stream, flush=True)


def _give_up(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nothing else caught, Ctrl-C too: one line, and the code that says the check did not run."""
    if {"-v", "--verbose"} & set(sys.argv):
        sys.__excepthook__(kind, error, trace)
    stopped = issubclass(kind, KeyboardInterrupt)
    reason = "Stopped." if stopped else explain_unexpected(error)
    _write(f"Error: {reason}", sys.stderr)
    os._exit(CANNOT_RUN)
