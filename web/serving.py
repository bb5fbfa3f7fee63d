"""The development server's voice: errors only, and never an address that opens something."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, run_simple


class QuietRequestHandler(WSGIRequestHandler):
    """Writes no line per request: the path of a one-time link is a secret (TRUST K1)."""

    def version_string(self) -> str:
        """What the Server header says: no version to look up."""
        return "Basekeeper"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def log_error(self, format: str, *args: Any) -> None:
        """Say what failed, without the request line."""
        self.log("error", "%s", "A request could not be read.")


def serve(app: Flask, host: str, port: int) -> None:
    """Serve `app` with a thread a request until the process is stopped."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its greeting says what ours says
    run_simple(host, port, app, threaded=True, request_handler=QuietRequestHandler)
