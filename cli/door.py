"""What stands before every command-line tool. On the standard library alone: the rest may be missing, and
that is what it tells."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeGuard

_ROOT = Path(__file__).resolve().parents[1]
_STREAM_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def needs_packages() -> Iterator[None]:
    """Leave with one line and exit code 1 when a package is not installed, or when stopped while loading."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = missing_package(error)
        if not message:
            raise
        sys.exit(f"Error: {message}")
    except KeyboardInterrupt:
        sys.exit("Error: Stopped.")


def missing_package(error: ModuleNotFoundError) -> str:
    """Which package is to be installed, and how; empty when the missing module is one of ours."""
    package = (error.name or "").partition(".")[0]
    if not package or (_ROOT / package).is_dir() or package in sys.stdlib_module_names:
        return ""
    return f"{package} is not installed. Run scripts/run once, then use .venv/bin/python."


def explain_unexpected(error: BaseException) -> str:
    """The line for what is no error of ours: the machine lacks something, or we have a fault."""
    if is_unwritable_output(error):
        return f"The output cannot be written: {os.strerror(error.errno or 0).lower()}."
    missing = missing_package(error) if isinstance(error, ModuleNotFoundError) else ""
    return missing or f"Unexpected {type(error).__name__}. Run it again with --verbose to see where."


def is_unwritable_output(error: BaseException) -> TypeGuard[OSError]:
    """True for a full disk behind a redirection: an error of a stream names no file."""
    return isinstance(error, OSError) and error.filename is None and error.errno in _STREAM_ERRORS
