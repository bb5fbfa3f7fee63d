"""Who holds a lock: the mark of a process, and the proof that it is gone."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

_DEAD = ("Z", "X")  # a zombie has ended; only its parent has not noticed


@dataclass(frozen=True)
class ProcessMark:
    """A process. `process` holds the machine, its boot, the namespace of the pid and the start of the
    process in clock ticks, joined by "/"; each is empty where the machine does not tell."""

    host: str
    pid: int
    process: str


def this_process() -> ProcessMark:
    """The mark of the process that asks."""
    pid = os.getpid()
    parts = (_machine(), _boot(), _namespace(), _status(pid)[1])
    return ProcessMark(socket.gethostname()[:255], pid, "/".join(parts))


def is_gone(mark: ProcessMark) -> bool:
    """True only when it is certain that the process has ended: its machine was started anew since, or its
    pid is free, or the pid now belongs to a process that started at another time."""
    here = this_process()
    if os.name != "posix" or mark.host != here.host or mark.process.count("/") != 3:
        return False
    machine, boot, namespace, start = mark.process.split("/")
    own_machine, own_boot, own_namespace, _ = here.process.split("/")
    if boot != own_boot:
        return bool(machine) and machine == own_machine
    return namespace == own_namespace and _has_ended(mark.pid, start)


def _has_ended(pid: int, start: str) -> bool:
    try:
        os.kill(pid, 0)  # sends nothing, only asks
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it lives, and is somebody else's
    state, started = _status(pid)
    return state in _DEAD or bool(start and started and start != started)


def _status(pid: int) -> tuple[str, str]:
    """The state of a process and the clock tick of its start; empty where there is no /proc."""
    # The name of the program stands in brackets and may hold anything; the fields follow the last one.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (fields[0], fields[19]) if len(fields) > 19 else ("", "")


def _machine() -> str:
    # The identity itself is confidential by its own manual; a digest serves as well.
    identity = _read("/etc/machine-id")
    return hashlib.sha256(identity.encode()).hexdigest()[:16] if identity else ""


def _boot() -> str:
    return _read("/proc/sys/kernel/random/boot_id").replace("-", "")


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
