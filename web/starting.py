"""The start of a console that serves: settings, application, the one-time link while there is no admin."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn

from flask import Flask

from core.actor import Actor, Role
from core.errors import AppError, ConfigurationError
from core.log import configure_logging
from core.settings import Settings, load_settings
from features.status import read_status
from features.users import issue_first_admin_link
from operations.takeover import settle_dead_operations
from web import create_app
from web.hosts import is_loopback
from web.preflight import checked_settings
from web.serving import listen, serve

_NO_RETRY = 4  # the exit code by which gunicorn knows that a worker would fail again


def start() -> Flask:
    """Make the application for a server, and print the link of the first admin while there is no admin.
    Leaves the process with one line when it cannot start."""
    try:
        settings = load_settings()
        configure_logging(settings)
        made = create_app(settings)
        if made.debug and not is_loopback(settings.listen_address):
            raise ConfigurationError("Debug mode answers this machine only.", hint="Take FLASK_DEBUG away.")
        _settle(made, settings)
        _print_first_admin_link(made, settings)
    except AppError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(_NO_RETRY if _under_gunicorn() else error.exit_code)
    return made


def main(beside: Callable[[Settings], AbstractContextManager[None]]) -> None:
    """Serve the console with threads on HOST and PORT until Ctrl-C or SIGTERM; `beside` runs as long."""
    settings = checked_settings()
    try:
        # Before anything else: a start that fails must not end the links of the server that runs there.
        listener = listen(settings.host, settings.port)
    except AppError as error:
        _refuse(error)
    made = start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what runs beside it can end too
    try:
        with beside(settings):
            sys.stderr.write(f"Basekeeper listens at http://{settings.listen_address}\n")
            serve(made, listener)
    except AppError as error:
        _refuse(error)


def _refuse(error: AppError) -> NoReturn:
    sys.stderr.write(f"Error: {error}\n")
    sys.exit(error.exit_code)


def _settle(made: Flask, settings: Settings) -> None:
    """What died with an earlier process no longer runs: say so before anyone looks."""
    with made.app_context():
        settle_dead_operations(settings, Actor("start", Role.ADMIN, "start"))


def _print_first_admin_link(made: Flask, settings: Settings) -> None:
    if not (settings.database.in_memory or read_status(settings.database).revisions):
        return  # without AUTO_INIT there may be no table yet that could hold a link
    with made.app_context():
        token = issue_first_admin_link(_issuer())
    if token:
        # To the terminal and nowhere else: no log keeps it.
        sys.stderr.write(
            "There is no admin yet. Create the first one, once, within 30 minutes:\n"
            f"{settings.console_address}/first-admin/{token}\n"
        )
        sys.stderr.flush()


def _issuer() -> str:
    """What stays the same for all workers of one start: gunicorn's parent process and its start."""
    process = os.getppid() if _under_gunicorn() else os.getpid()
    return f"server/{os.uname().nodename[:60]}/{process}/{_start_of(process)}"


def _start_of(process: int) -> str:
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # a machine without /proc; the number alone must do
        return ""
    return status.rpartition(")")[2].split()[19]


def _under_gunicorn() -> bool:
    return os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
