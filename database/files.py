"""The file of an SQLite database, made so that only its owner can read it."""

from __future__ import annotations

import os
from pathlib import Path

from core.connection import ConnectionParameters
from core.errors import PrivilegeMissing
from database.adapters import adapter_for
from database.adapters.base import Capability


def make_database_file(parameters: ConnectionParameters) -> bool:
    """Make the database's file (0600) and its folder (0700) if it is one that lives in a file and is not
    there; True when it was made. Raises PrivilegeMissing when the folder does not allow it."""
    path = Path(parameters.database)
    if parameters.in_memory or adapter_for(parameters).supports(Capability.SESSIONS) or path.exists():
        return False
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another process may be making it at this moment: whoever comes second opens what is there.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise PrivilegeMissing(
            f"The database file {path} cannot be made: {error.strerror}.",
            hint="Make its folder writable for this account, or name another file.",
        ) from error
    return True
