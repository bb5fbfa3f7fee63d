"""The door to the web: `create_app`, `app` for gunicorn, and `python app.py`, which serves it here. Nothing
happens on import: `app` is made when it is first asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from web import create_app

    app: Flask

__all__ = ["app", "create_app"]

_NO_RETRY = 4  # the exit code by which gunicorn knows that a worker would fail again


def __getattr__(name: str) -> Any:
    if name == "create_app":
        import web

        return web.create_app
    if name == "app":
        globals()["app"] = made = start()
        return made
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def start(address: str = "") -> Flask:
    """Make the application for a server that listens at `address` (default: the first of
    TRUSTED_HOSTS, else HOST and PORT), and print the link of the first admin while there is no admin."""
    from core.errors import AppError
    from core.log import configure_logging
    from core.settings import load_settings
    from web import create_app

    try:
        settings = load_settings()
        configure_logging(settings)
        address = address or (settings.console_address if settings.trusted_hosts else _address())
        made = create_app(settings)
        _refuse_open_debug(made, address)
        _print_first_admin_link(made, address)
    except AppError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(_NO_RETRY if _under_gunicorn() else error.exit_code)
    return made


def main() -> None:
    """Serve the console with threads on HOST and PORT, by default this machine's 5000."""
    from web.serving import serve

    made = start(_address())
    sys.stderr.write(f"Basekeeper listens at {_address()}\n")
    serve(made, *_host_and_port())


def _print_first_admin_link(made: Flask, address: str) -> None:
    from features.users import issue_first_admin_link

    with made.app_context():
        token = issue_first_admin_link(_issuer())
    if token:
        # To the terminal and nowhere else: no log keeps it.
        sys.stderr.write(
            f"There is no admin yet. Create the first one, once, within 30 minutes:\n"
            f"{address}/first-admin/{token}\n"
        )
        sys.stderr.flush()


def _refuse_open_debug(made: Flask, address: str) -> None:
    from urllib.parse import urlsplit

    from core.errors import ConfigurationError
    from web.hosts import is_loopback

    if made.debug and not is_loopback(urlsplit(address).netloc):
        raise ConfigurationError("Debug mode answers this machine only.", hint="Take FLASK_DEBUG away.")


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


def _host_and_port() -> tuple[str, int]:
    return os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "5000"))


def _address() -> str:
    host, port = _host_and_port()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


if __name__ == "__main__":
    main()
