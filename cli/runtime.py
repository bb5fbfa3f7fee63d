"""What every command runs in: settings, the actor, and errors turned into one line and an exit code."""

from __future__ import annotations

import getpass
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import click

from cli.door import explain_unexpected, is_unwritable_output

if TYPE_CHECKING:
    from core.actor import Actor
    from core.progress import Feature
    from core.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

_CUT_SHORT = 128 + signal.SIGPIPE  # what a shell says of other tools whose reader went away
CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class OrderedGroup(click.Group):
    """A group that lists its commands in the order they were added, the usual one first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if error.ctx is None and ctx.invoked_subcommand:  # so that the hint names the command's own help
                command = self.commands[ctx.invoked_subcommand]
                error.ctx = click.Context(command, info_name=ctx.invoked_subcommand, parent=ctx)
            raise
        except BrokenPipeError:
            # The reader of our output went away; nothing more can be said, nor need it be. Caught here, for
            # click would leave as though the command had failed.
            _forget_output()
            raise click.exceptions.Exit(_CUT_SHORT) from None


class Invocation:
    """One run of a command-line tool. Settings are read when first asked for."""

    def __init__(self) -> None:
        self.env_file: Path | None = None
        self.identity_file: Path | None = None
        self.verbose = False

    @property
    def settings(self) -> Settings:
        """The settings of a database to work on. Raises ConfigurationError, also for one in memory."""
        from core.errors import ConfigurationError

        settings = self.any_settings
        if settings.database.in_memory or settings.migration_database.in_memory:
            raise ConfigurationError(
                "A database in memory ends with the command.",
                hint="Name a file: DATABASE_URL=sqlite:///FILE.db",
            )
        return settings

    @cached_property
    def any_settings(self) -> Settings:
        """The settings, with logging set up after them. Raises ConfigurationError."""
        from core.log import configure_logging
        from core.settings import load_settings

        settings = load_settings(self.env_file)
        if self.identity_file:
            from cli.identity import with_identity

            settings = with_identity(settings, self.identity_file)
        configure_logging(settings, verbose=self.verbose)
        return settings

    @cached_property
    def actor(self) -> Actor:
        """Whoever typed the command; the machine's account vouches for them."""
        from core.actor import Actor, Role

        return Actor(_account(), Role.ADMIN, "cli")

    def run(self, feature: Feature[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `feature` as an operation, with a bar on a terminal and lines elsewhere."""
        from cli.console import progress_sink
        from operations.runner import Runner

        with progress_sink() as sink:
            return Runner(self.actor, self.settings, sink).run(feature, *args, **kwargs)

    def context(self) -> AbstractContextManager[None]:
        """One application context for several steps, each of which would otherwise make its own."""
        from operations.runner import context

        return context(self.settings)

    def in_context(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function that reads our own tables, outside any operation."""
        from operations.runner import in_context

        return in_context(self.settings, function, *args, **kwargs)

    def log_traceback(self, error: Exception) -> None:
        """Show where `error` came from, even when it came before the settings said how to log."""
        from core.errors import AppError

        if "any_settings" in vars(self):
            logging.getLogger("basekeeper").debug("traceback", exc_info=error)
        elif not isinstance(error, AppError | click.ClickException):
            logging.basicConfig(level=logging.DEBUG)
            logging.getLogger("basekeeper").debug("traceback", exc_info=error)


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


def run_door(command: click.Command, program: str) -> NoReturn:
    """Run a command-line tool and leave with its exit code: 0 done, 1 failed, 2 wrong usage, 141 when
    the reader of its output went away."""
    invocation = Invocation()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end, it ends as by Ctrl-C
    try:
        # Outside its standalone mode click gives the exit code a command asked for.
        code = command.main(prog_name=program, standalone_mode=False, obj=invocation)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - the boundary of this face
        _fail(error, program, invocation)
    except KeyboardInterrupt:
        _say_error("Stopped.")
        sys.exit(1)


def _fail(error: Exception, program: str, invocation: Invocation) -> NoReturn:
    if invocation.verbose:
        invocation.log_traceback(error)
    if is_unwritable_output(error):
        _forget_output()
    message, code = _explain(error, program)
    _say_error(message)
    sys.exit(code)


def _forget_output() -> None:
    """Drop what is still to be written: Python would try, and complain, once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain(error: Exception, program: str) -> tuple[str, int]:
    from core.errors import AppError, with_hint

    if isinstance(error, AppError):
        return str(error), error.exit_code
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else program
        return with_hint(error.format_message(), f"Try: {path} --help"), 2
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, click.Abort):
        return "Stopped.", 1
    return explain_unexpected(error), 1


def _say_error(message: str) -> None:
    from core.text import visible

    click.echo(f"{click.style('Error:', fg='red', bold=True)} {visible(message)}", err=True)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return f"uid {os.getuid()}"
