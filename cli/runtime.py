"""What every command shares: the common options, settings, the actor, and errors turned into one line and
an exit code."""

from __future__ import annotations

import getpass
import logging
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from core.actor import Actor
    from core.progress import Feature
    from core.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class OrderedGroup(click.Group):
    """A group that lists its commands in the order they were added, the usual one first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


class Invocation:
    """One run of a command-line tool. Settings are read when first asked for."""

    def __init__(self) -> None:
        self.env_file: Path | None = None
        self.verbose = False

    @cached_property
    def settings(self) -> Settings:
        """The settings, with logging set up after them. Raises ConfigurationError."""
        from core.log import configure_logging
        from core.settings import load_settings

        settings = load_settings(self.env_file)
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

    def in_context(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function that reads our own tables, outside any operation."""
        from operations.runner import in_context

        return in_context(self.settings, function, *args, **kwargs)


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


def common_options(command: F) -> F:
    """Give a command or a group -v and --env-file, which may stand before or after the command's name."""
    command = click.option(
        "--env-file",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_remember_env_file,
        help="Read the settings from FILE, over the environment.",
        metavar="FILE",
    )(command)
    return click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_remember_verbose,
        help="Log more; show the traceback of an error.",
    )(command)


def confirm_name_option(command: F) -> F:
    """Give a destructive command --confirm-name, which an environment of production profile wants."""
    return click.option("--confirm-name", metavar="NAME", help="In production: the database's name.")(command)


def run_door(command: click.Command, program: str) -> None:
    """Run a command-line tool and leave with its exit code: 0 done, 1 failed, 2 wrong usage."""
    invocation = Invocation()
    try:
        # Outside its standalone mode click gives the exit code a command asked for.
        code = command.main(prog_name=program, standalone_mode=False, obj=invocation)
        sys.exit(code if isinstance(code, int) else 0)
    except BrokenPipeError:
        # The reader of our output went away; nothing more can be said, nor need it be.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # the boundary of this face
        if invocation.verbose:
            logging.getLogger("basekeeper").debug("traceback", exc_info=error)
        message, code = _explain(error, program)
        _say_error(message)
        sys.exit(code)
    except KeyboardInterrupt:
        _say_error("Stopped.")
        sys.exit(1)


def _explain(error: Exception, program: str) -> tuple[str, int]:
    from core.errors import AppError

    if isinstance(error, AppError):
        return str(error), error.exit_code
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else program
        return f"{error.format_message()} Try: {path} --help", 2
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, click.Abort):
        return "Stopped.", 1
    return f"Unexpected {type(error).__name__}. Run it again with --verbose to see where.", 1


def _say_error(message: str) -> None:
    from core.text import visible

    click.echo(f"{click.style('Error:', fg='red', bold=True)} {visible(message)}", err=True)


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return f"uid {os.getuid()}"


def _remember_env_file(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(Invocation).env_file = value


def _remember_verbose(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Invocation).verbose = True
