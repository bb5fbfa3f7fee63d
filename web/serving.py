"""The development server's voice: errors only, and never an address that opens something."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from core.errors import ConfigurationError
from web.deadlines import deadlines


class QuietRequestHandler(WSGIRequestHandler):
    """Writes no line per request: the path of a one-time link is a secret (TRUST K1). Does not wait for slow
    ones (W10)."""

    def handle_one_request(self) -> None:
        """Read a request and answer it."""
        with deadlines().kept_by(self.connection):
            super().handle_one_request()

    def version_string(self) -> str:
        """What the Server header says: no version to look up."""
        return "Basekeeper"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def log_error(self, format: str, *args: Any) -> None:
        """Say what failed, without the request line."""
        self.log("error", "%s", "A request could not be read.")


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ConfigurationError when it cannot."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise ConfigurationError(
            f"The console cannot listen at {host}, port {port}: {reason}.",
            hint="Stop what listens there, or set HOST and PORT.",
        ) from error


def serve(app: Flask, listener: socket.socket) -> None:
    """Serve `app` on `listener` with a thread a request until the process is stopped."""
    host, port = listener.getsockname()[:2]
    server = make_server(
        host, port, app, threaded=True, request_handler=QuietRequestHandler, fd=listener.fileno()
    )
    with suppress(KeyboardInterrupt):
        server.serve_forever()
