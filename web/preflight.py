"""Run before the workers are: a fault in the settings is then one line, and not one of each worker."""

from __future__ import annotations

import sys
from pathlib import Path

from core.errors import AppError
from core.settings import load_settings
from web.secret_key import secret_key


def check_settings() -> int:
    """Read the settings as the web application will; gives the exit code."""
    try:
        secret_key(load_settings(), Path("instance"))
    except AppError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(check_settings())
