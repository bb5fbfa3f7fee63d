"""The log: one line a record, text or JSON, on standard error or in LOG_FILE, without a secret in it."""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

from core.errors import ConfigurationError
from core.secrets import redact
from core.settings import LogFormat, Settings
from core.text import visible

# Ours: a module logs under its own name, or under "basekeeper" and what it does.
_OURS = ("basekeeper", "core", "database", "operations", "features", "web", "cli", "jobs")


def configure_logging(settings: Settings, *, verbose: bool = False, service: bool = False) -> None:
    """Send every logger of the process to LOG_FILE where it is set, and to standard error: there a
    `service` writes all that it logs unless it has the file, a command only warnings, or all when
    `verbose`. May be called again; the last call counts. Raises ConfigurationError when LOG_FILE cannot
    be written."""
    level = logging.DEBUG if verbose or settings.db_debug else logging.INFO
    terminal: logging.Handler = _Terminal()
    terminal.setLevel(level if verbose or (service and not settings.log_file) else logging.WARNING)
    handlers = [terminal, _file_handler(settings.log_file)] if settings.log_file else [terminal]
    _replace_handlers(handlers, _formatter(settings))
    if settings.log_format is LogFormat.TEXT and sys.stderr.isatty():
        terminal.setFormatter(_ManyLines(settings.secrets))
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    # The logger's level, not the engine's `echo`: that would print past this log, with its own handler.
    sql = logging.INFO if settings.sqlalchemy_echo else logging.WARNING
    logging.getLogger("sqlalchemy.engine").setLevel(sql)


class _OneLine(logging.Formatter):
    """A record as one line: redacted first, then every control character escaped (TRUST 1.2)."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        error = self.formatException(record.exc_info) if record.exc_info else ""
        return self.line(record, self._clean(_message(record)), self._clean(error))

    def line(self, record: logging.LogRecord, message: str, error: str) -> str:
        ending = f" | {error}" if error else ""
        return f"{_time(record)} {record.levelname} {record.name}: {message}{ending}"

    def _clean(self, text: str) -> str:
        return visible(redact(text, *self._secrets))


class _ManyLines(_OneLine):
    """For a person at a terminal: a traceback keeps its lines, each made harmless by itself."""

    def format(self, record: logging.LogRecord) -> str:
        error = self.formatException(record.exc_info) if record.exc_info else ""
        lines = redact(error, *self._secrets).splitlines()
        return "\n".join([self.line(record, self._clean(_message(record)), ""), *map(visible, lines)])


class _JsonLine(_OneLine):
    """The same as one JSON object."""

    def line(self, record: logging.LogRecord, message: str, error: str) -> str:
        fields = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
        }
        return json.dumps(fields | ({"error": error} if error else {}))


class _Terminal(logging.Handler):
    """Standard error, whatever stands there when the record comes."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):  # closed: nobody reads it any more
            sys.stderr.write(f"{self.format(record)}\n")


class _File(WatchedFileHandler):
    """Follows the file through rotation. When it can no longer be written (a full disk), the lines go to
    standard error instead of logging's own complaint, which would show the record as it came."""

    def handleError(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{self.format(record)}\n")

    def close(self) -> None:
        with suppress(OSError):
            super().close()


def _formatter(settings: Settings) -> logging.Formatter:
    kinds = {LogFormat.TEXT: _OneLine, LogFormat.JSON: _JsonLine}
    return kinds[settings.log_format](settings.secrets)


def _file_handler(file: Path) -> logging.Handler:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))  # its owner's alone
        return _File(file, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"LOG_FILE cannot be written: {visible(str(file))} ({error.strerror})."
        ) from error


def _replace_handlers(handlers: list[logging.Handler], formatter: logging.Formatter) -> None:
    """Handlers that others put on the root logger, such as a test's, stay."""
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, _OneLine)]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a record whose arguments do not fit its text
        return str(record.msg)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
