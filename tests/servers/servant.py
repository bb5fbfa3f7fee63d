"""Who the servers run as: ourselves, or `nobody` when we are root, which PostgreSQL refuses."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from tests.servers.cache import Unavailable


def servant() -> tuple[int, int] | None:
    """User and group that servers run as when we are root, who may not run them; else None."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def give_to_servant(folder: Path) -> None:
    """Make the servant the owner of `folder` and all in it."""
    if (who := servant()) is None:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *who, follow_symlinks=False)


def run_as_servant(argv: list[str], text: str | None = None) -> None:
    """Run a program that prepares a server's files. Raises Unavailable with its last words."""
    uid, gid = servant() or (None, None)
    done = subprocess.run(
        argv, input=text or "", capture_output=True, text=True, timeout=120, cwd="/",
        env=server_environment(),
        user=uid, group=gid, extra_groups=None if uid is None else [],
    )  # fmt: skip
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"its files could not be prepared: {' / '.join(said[-3:]) or done.returncode}")


def server_environment() -> dict[str, str]:
    """Nothing of ours reaches a server: not a setting, not a password."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
