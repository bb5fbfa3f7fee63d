"""Who holds a lock: the mark of a process, and the proof that it is gone."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass, replace
from pathlib import Path

_DEAD = ("Z", "X")  # a zombie has ended; only its parent has not noticed
_FIRST_NAMESPACE = "4026531836"  # of pids, on every Linux: the one that contains all others


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
    parts = (_machine(), _boot(), _namespace_of(Path("/proc/self")) or "", _status(pid)[1])
    return ProcessMark(socket.gethostname()[:255], pid, "/".join(parts))


def is_gone(mark: ProcessMark) -> bool:
    """True only when it is certain that the process has ended: its machine was started anew since, or its
    pid is free, or the pid now belongs to a process that started at another time, or nobody is left in the
    container it ran in."""
    there, here = _Place.of(mark), _Place.of(this_process())
    if there is None or here is None:
        return False
    if there.shares_pids(here):
        return _has_ended(mark.pid, there.start)
    if there.boot and there.boot == here.boot:
        return here.namespace == _FIRST_NAMESPACE and _is_deserted(there.namespace)
    # Two machines made of one image may share their identity: with another name it proves nothing.
    same_machine = bool(there.machine) and there.machine == here.machine and there.host == here.host
    return same_machine and bool(there.boot and here.boot)


def is_alive(mark: ProcessMark) -> bool:
    """True when the process is seen here; False says only that it is not."""
    there, here = _Place.of(mark), _Place.of(this_process())
    if there is None or here is None or not there.shares_pids(here):
        return False
    return not _has_ended(mark.pid, there.start)


@dataclass(frozen=True)
class _Place:
    """Where a process runs, taken from its mark."""

    host: str
    machine: str
    boot: str
    namespace: str
    start: str

    @classmethod
    def of(cls, mark: ProcessMark) -> _Place | None:
        """None for a mark whose form is not known, or where pids are something else."""
        parts = mark.process.split("/")
        return cls(mark.host, *parts) if os.name == "posix" and len(parts) == 4 else None

    def shares_pids(self, here: _Place) -> bool:
        """True when a pid of that place means the same process here."""
        if self.boot and here.boot:  # one kernel, by whatever names its containers go
            return (self.boot, self.namespace) == (here.boot, here.namespace) and bool(self.namespace)
        return replace(self, start="") == replace(here, start="")


def _is_deserted(namespace: str) -> bool:
    """True when no process is in that namespace, seen from the first one by who may look at everything."""
    links = {path.name: _namespace_of(path) for path in Path("/proc").glob("[0-9]*")}
    # The first process is seen by those only from whom nothing is hidden.
    return bool(namespace and links.get("1")) and not {namespace, ""} & set(links.values())


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


def _namespace_of(folder: Path) -> str | None:
    """The pid namespace of a process; empty where it may not be known, None when the process has ended."""
    try:
        return str((folder / "ns/pid").readlink()).strip("pid:[]")
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
