"""Run before the workers are: a fault in the settings is then one line, and not one of each worker."""

from __future__ import annotations

import sys
from pathlib import Path

from core.errors import AppError
from core.settings import Settings, load_settings
from web.secret_key import secret_key


def checked_settings() -> Settings:
    """The settings as the web application will read them. Leaves the process with one line when they are
    faulty, or when production has no SECRET_KEY."""
    try:
        settings = load_settings()
        secret_key(settings, Path("instance"))
    except AppError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(error.exit_code)
    return settings
