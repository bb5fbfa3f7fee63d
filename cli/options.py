"""The options that commands share, and the examples at the end of their help."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.runtime import Invocation

F = TypeVar("F", bound=Callable[..., Any])


class Whole(click.ParamType[int]):
    """A whole number from `low` to `high`, refused in the words of the settings."""

    name = "whole number"

    def __init__(self, low: int, high: int) -> None:
        self._low, self._high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; what is none is a wrong usage."""
        from core.parsing import whole  # 13 ms that only who types such an option pays

        try:
            return whole(self._low, self._high)(str(value))
        except ValueError as allowed:
            self.fail(f'"{value}" is not {allowed}.', param, ctx)


class SignedArguments(click.Command):
    """A command whose arguments may be numbers with a minus before them, which click takes for options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.ignore_unknown_options = True
        found, rest, _ = self.make_parser(ctx).parse_args(list(args))
        names = [one.name for one in self.params if isinstance(one, click.Argument)]
        for text in [*(str(found.get(name) or "") for name in names), *rest]:
            if text.startswith("-") and not text[1:].isdecimal():
                known = [word for one in self.params for word in one.opts if word.startswith("--")]
                raise click.NoSuchOption(text, possibilities=get_close_matches(text, known), ctx=ctx)
        return super().parse_args(ctx, args)


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


def refuse_directory_alone(database: str, directory: str) -> None:
    """Raises a wrong usage for an Alembic folder without the database it is of."""
    if directory and not database:
        raise click.UsageError("--directory goes with --database.")


def identity_option(command: F) -> F:
    """Give a command --identity-file. What it names goes into the settings of this run, and never into an
    argument of an operation, which would be kept in a row."""
    return click.option(
        "--identity-file",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_remember_identity_file,
        metavar="FILE",
        help="Open encrypted backups with the age identity in FILE.",
    )(command)


def examples(*lines: str) -> str:
    """The end of a help that shows how it is typed. click would join the lines without the \\b."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def _remember_env_file(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(Invocation).env_file = value


def _remember_verbose(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Invocation).verbose = True


def _remember_identity_file(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(Invocation).identity_file = value
