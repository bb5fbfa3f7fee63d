"""The question a health check asks a disk: is there room, and may we write?"""

from __future__ import annotations

import os
from pathlib import Path

from core.text import size
from features.health_report import Check, Status

LOW_SHARE = 0.10
LOW_BYTES = 1_000_000_000


def check_disk(name: str, folder: Path, *, ours: bool = False) -> Check:
    """Look at the disk under `folder`, which need not exist yet. `ours` when this very account writes
    there, and not the server's. Room is what an ordinary account may still take, as `df` counts it. Only
    the hint names the folder: every user of the console reads the value."""
    try:
        place = nearest(folder)
        disk = os.statvfs(place)
        fault, hint = fault_of(place, disk, ours)
    except OSError as error:
        value = (error.strerror or "not readable").lower()
        return Check(name, Status.DEGRADED, value, f"Make {folder} readable, or choose another folder.")
    value = f"{fault}: {_room(disk)}" if fault else _room(disk)
    hint = f"At {place}: {hint[:1].lower()}{hint[1:]}" if fault else ""
    return Check(name, Status.DEGRADED if fault else Status.HEALTHY, value, hint)


def free_space(folder: str | None) -> int | None:
    """The bytes that an ordinary account may still write on the disk under `folder`; None without a folder
    or where it cannot be read."""
    if folder is None:
        return None
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def nearest(path: Path) -> Path:
    """`path`, or what is closest above it and exists: where `path` would be made."""
    whole = path.absolute()
    return next(place for place in (whole, *whole.parents) if place.exists())


def fault_of(place: Path, disk: os.statvfs_result, ours: bool) -> tuple[str, str]:
    """What is wrong, in a word or two, and the mend; both empty when nothing is."""
    if not place.is_dir():
        return "not a folder", "Choose another folder."
    if disk.f_flag & os.ST_RDONLY:
        return "read-only", "Mount it for writing."
    if ours and not os.access(place, os.W_OK | os.X_OK):
        return "not writable", "Give this account the right to write there, or choose another folder."
    if not disk.f_bavail:
        return "full", "Make room: nothing more can be written."
    if _share(disk) < LOW_SHARE or disk.f_bavail * disk.f_frsize < LOW_BYTES:
        return "low", "Make room, or move to a larger disk."
    return "", ""


def _room(disk: os.statvfs_result) -> str:
    free, total = (blocks * disk.f_frsize for blocks in (disk.f_bavail, _usable(disk)))
    return f"{size(free)} free of {size(total)} ({_share(disk):.0%})"


def _share(disk: os.statvfs_result) -> float:
    return disk.f_bavail / max(_usable(disk), 1)


def _usable(disk: os.statvfs_result) -> int:
    """The blocks an ordinary account can ever have: those kept back for root are left out."""
    return disk.f_blocks - disk.f_bfree + disk.f_bavail
