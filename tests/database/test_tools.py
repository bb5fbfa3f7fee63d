"""Programs: what they are started with, how they are heard, and that no cancel, failure or death leaves one
behind (TRUST X1, X3, X7, K2). The programs are scripts under the names of tools, and the real ones."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from core.connection import parse_url
from core.errors import OperationCancelled, ToolFailed, ToolMissing
from core.progress import Event as ProgressEvent
from core.progress import Noted, Operation
from database.secret_files import remove_leftovers, secret_file
from database.tools import Tool, find_tool, find_tools, run_tool, version_said
from tests.servers import Server

ROOT = Path(__file__).parents[2]
LOOK = f"""#!{sys.executable} -IS
import ctypes, json, os, sys
death = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(death))
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
with open("/proc/self/environ") as file:
    environment = dict(one.split("=", 1) for one in file.read().split(chr(0)) if one)
facts = {{
    "arguments": sys.argv[1:], "environment": environment, "folder": os.getcwd(),
    "leads": [os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid()], "death": death.value,
    "no_new_privileges": status["NoNewPrivs"].strip(), "umask": status["Umask"].strip(),
    "open": sorted(int(one) for one in os.listdir("/proc/self/fd")),
}}
json.dump(facts, sys.stdout)
"""
OBEYS = "#!/bin/sh\ntrap 'echo asked >&2; exit 9' TERM\necho $$ > '{pids}'\nwhile :; do sleep 0.05; done\n"
REFUSES = "#!/bin/sh\ntrap '' TERM\nsleep 60 &\necho $$ $! > '{pids}'\nwait\nsleep 60\n"

Made = Callable[..., str]


@pytest.fixture
def tool(tmp_path: Path) -> Made:
    """Makes a script that stands for pg_dump, and gives the folder it is in."""

    def make(script: str, mode: int = 0o700) -> str:
        path = tmp_path / "bin" / "pg_dump"
        path.parent.mkdir()
        path.write_text(script.replace("{pids}", str(tmp_path / "pids")))
        path.chmod(mode)
        return str(path.parent)

    return make


def started(tmp_path: Path) -> list[int]:
    """The numbers of the processes that a script has started, itself the first."""
    path = tmp_path / "pids"
    wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
    return [int(word) for word in path.read_text().split()]


def wait_until(is_so: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_gets_what_it_is_given_and_nothing_of_ours(
    tool: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X3, X7: the arguments as they are, no shell, a golden environment, the guards of its process."""
    monkeypatch.setenv("PGPASSWORD", "an ambient secret")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/tmp")
    given = ["--dbname=dbname='a b'", "$(id); *", "-x", ""]
    with (tmp_path / "out").open("w+b") as out:
        run_tool(
            Operation(), Tool.PG_DUMP, given, environment={"PGSSLMODE": "verify-full"}, stdout=out,
            tools_path=tool(LOOK),
        )  # fmt: skip
        out.seek(0)
        facts = json.load(out)
    facts["environment"].pop("LC_CTYPE", None)  # the interpreter's own
    assert facts == {
        "arguments": given,
        "environment": {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": "/nonexistent",
            "PGSSLMODE": "verify-full",
        },
        "folder": "/",
        "leads": [True, True],
        "death": signal.SIGKILL,
        "no_new_privileges": "1",
        "umask": "0077",
        "open": [0, 1, 2, 3],  # the last one is its own look
    }


def test_bytes_go_through_files_and_pipes(tool: Made, tmp_path: Path) -> None:
    sent = os.urandom(300_000)
    (tmp_path / "in").write_bytes(sent)
    reading, writing = os.pipe()
    folder = tool("#!/bin/sh\ncat\n")

    def run() -> None:
        with (tmp_path / "in").open("rb") as stdin, os.fdopen(writing, "wb") as stdout:
            run_tool(Operation(), Tool.PG_DUMP, [], stdin=stdin, stdout=stdout, tools_path=folder)

    thread = Thread(target=run)
    thread.start()
    with os.fdopen(reading, "rb") as received:
        assert received.read() == sent
    thread.join()


def test_the_end_of_what_it_says_is_kept(tool: Made) -> None:
    """TRUST F19: a program that floods standard error fills neither a pipe nor our memory."""
    flood = "#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x >&2\necho ' password=hunter2 the end' >&2\n"
    said = run_tool(Operation(), Tool.PG_DUMP, [], tools_path=tool(flood))
    assert 60_000 < len(said) <= 64 * 1024
    assert said.endswith("x password=*** the end\n")


def test_a_failure_tells_the_last_line_and_notes_the_rest_without_secrets(tool: Made) -> None:
    seen: list[ProgressEvent] = []
    script = "#!/bin/sh\nprintf 'dumping as river walk\\n\\033[2Jit broke: river walk\\n\\n' >&2\nexit 3\n"
    with pytest.raises(ToolFailed) as raised:
        run_tool(Operation(seen.append), Tool.PG_DUMP, [], secrets=["river walk"], tools_path=tool(script))
    assert raised.value.message == "pg_dump ended with exit code 3: \\x1b[2Jit broke: ***"
    assert seen == [Noted("pg_dump: dumping as ***")]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\nkill -9 $$\n", "pg_dump was ended by the signal SIGKILL."),
        ("\x7fELF and nothing more", "exit code 126: It cannot be started: Exec format error"),
        ("#!/no/such/interpreter\n", "It cannot be started: No such file or directory"),
        (
            "#!/bin/sh\necho 'x: warning\nx: error: no: ERROR:  it broke\nCommand: y' >&2\nexit 1\n",
            "ERROR:  it broke",
        ),
    ],
)
def test_other_ways_to_fail(tool: Made, script: str, said: str) -> None:
    """TRUST F3, F14."""
    with pytest.raises(ToolFailed, match=re.escape(said)):
        run_tool(Operation(), Tool.PG_DUMP, [], tools_path=tool(script))


@pytest.mark.parametrize("mode", [0o000, 0o600])
def test_a_program_that_is_not_there_is_missing(tool: Made, mode: int) -> None:
    """TRUST F14: the package to install is named."""
    with pytest.raises(ToolMissing) as raised:
        find_tool(Tool.PG_DUMP, tool("#!/bin/sh\n", mode))
    assert str(raised.value) == "pg_dump is not installed. Install the package postgresql-client."


@pytest.mark.parametrize(("script", "at_least", "at_most"), [(OBEYS, 0.0, 20.0), (REFUSES, 2.0, 20.0)])
def test_a_cancel_ends_the_program_and_all_it_started(
    tool: Made, tmp_path: Path, script: str, at_least: float, at_most: float
) -> None:
    """ARCHITECTURE section 4, rule 4; J4: asked first, killed after two seconds."""
    wish, begun = Event(), []
    op = Operation(cancelled=wish.is_set)
    folder = tool(script)

    def cancel() -> None:
        started(tmp_path)
        begun.append(time.monotonic())
        wish.set()
        op.end_waits()
        op.end_waits()  # the keeper does so until the work has ended

    thread = Thread(target=cancel)
    thread.start()
    with pytest.raises(OperationCancelled):
        run_tool(op, Tool.PG_DUMP, [], tools_path=folder)
    thread.join()
    assert at_least <= time.monotonic() - begun[0] <= at_most
    wait_until(lambda: not any(map(alive, started(tmp_path))), 2)  # a kill takes a moment to be carried out


def test_a_program_that_takes_too_long_is_ended(tool: Made, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"pg_dump did not end within 3 s: asked"):
        run_tool(Operation(), Tool.PG_DUMP, [], timeout=3, tools_path=tool(OBEYS))
    assert not alive(started(tmp_path)[0])


def test_what_a_program_leaves_running_is_ended_with_it(tool: Made, tmp_path: Path) -> None:
    script = "#!/bin/sh\nsleep 60 &\necho $$ $! > '{pids}'\n"
    run_tool(Operation(), Tool.PG_DUMP, [], tools_path=tool(script))
    wait_until(lambda: not any(map(alive, started(tmp_path))), 2)


WORKER = """
import sys
from core.progress import Operation
from database.secret_files import secret_file
from database.tools import Tool, run_tool
with secret_file("river walk") as path:
    print(path, flush=True)
    run_tool(Operation(), Tool.PG_DUMP, [str(path)], tools_path=sys.argv[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not end a child with its parent")
def test_a_killed_worker_leaves_no_program_and_no_secret(
    tool: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X7, K2: kill -9 of the worker; the program ends with it, and the next secret sweeps the old one up."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, tool(OBEYS)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout
    left = Path(worker.stdout.readline().strip())
    (child,) = started(tmp_path)
    monkeypatch.setattr("database.secret_files._YOUNG", -1.0)
    remove_leftovers()
    assert left.exists()  # its process lives
    worker.kill()
    worker.communicate()
    wait_until(lambda: not alive(child), 2)
    with secret_file("another") as path:
        assert path.exists() and not left.parent.exists()


def test_a_secret_is_in_a_file_for_its_owner_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """K2: 0600 in 0700, and gone however the block ends."""
    with pytest.raises(KeyboardInterrupt), secret_file("p\u00e4ss\n") as path:
        assert path.read_bytes() == "p\u00e4ss\n".encode()
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        raise KeyboardInterrupt
    assert not path.parent.exists()
    monkeypatch.setattr("database.secret_files._MEMORY", Path("/nowhere"))
    with secret_file("x") as path:
        assert path.is_relative_to(tempfile.gettempdir())


def test_the_real_programs_run_so(server: Server, database_url: str, tmp_path: Path) -> None:
    """With no home, no locale and no variable of ours; the password by a file."""
    if not server.tools:
        pytest.skip("no client programs are known for this server")
    to = parse_url(database_url)
    server.execute(database_url, "CREATE TABLE shelf (id integer)")
    kept = (tmp_path / "dump.sql").open("wb")
    if server.dialect == "postgresql":
        content = f"{to.host}:{to.port}:*:{to.user}:{to.password}\n"
        with secret_file(content) as path, kept:
            fields = ["-w", f"--dbname=dbname='{to.database}'", f"--host={to.host}", f"--port={to.port}"]
            run_tool(
                Operation(), Tool.PG_DUMP, [*fields, f"--username={to.user}"],
                environment={"PGPASSFILE": str(path)}, stdout=kept, tools_path=server.tools,
            )  # fmt: skip
    else:
        tool = Tool.MYSQLDUMP if server.dialect == "mysql" else Tool.MARIADB_DUMP
        content = f'[client]\nhost={to.host}\nport={to.port}\nuser={to.user}\npassword="{to.password}"\n'
        with secret_file(content) as path, kept:
            run_tool(
                Operation(), tool, [f"--defaults-file={path}", "--no-tablespaces", to.database],
                stdout=kept, tools_path=server.tools,
            )  # fmt: skip
    assert "CREATE TABLE" in (tmp_path / "dump.sql").read_text()


def test_a_program_that_moves_no_byte_is_ended(tool: Made) -> None:
    """TRUST F19: one that works for long is waited for, one that hangs is not."""
    folder = tool("#!/bin/sh\nfor _ in 1 2 3 4; do sleep 0.5; echo still here; done\nsleep 60\n")
    began = time.monotonic()
    with pytest.raises(ToolFailed, match=r"pg_dump moved no byte for 1\.5 s"):
        run_tool(Operation(), Tool.PG_DUMP, [], idle=1.5, tools_path=folder)
    assert 2.5 < time.monotonic() - began < 20


def test_every_program_of_a_name_is_found_and_says_its_version(tool: Made, tmp_path: Path) -> None:
    folder = tool('#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 16.14"\n')
    found = find_tools(Tool.PG_DUMP, f"{folder}:{tmp_path}", [Path(folder)])
    assert found[0] == Path(folder) / "pg_dump"
    assert found.count(found[0]) == 1
    assert version_said(Operation(), Tool.PG_DUMP, found[0]) == "pg_dump (PostgreSQL) 16.14"
