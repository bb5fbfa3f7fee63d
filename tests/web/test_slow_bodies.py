"""A request that comes too slowly is answered 408 and keeps no thread (TRUST W10)."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.web.test_start import ROOT, environment, free_port

HURRIED = """
import runpy
from web import deadlines
deadlines.REQUEST_LIMIT, deadlines._TICK = 1.5, 0.1
"""
DOORS = {
    "app.py": "runpy.run_path({root!r} + '/app.py', run_name='__main__')",
    "gunicorn": "globals().update(runpy.run_path({root!r} + '/gunicorn.conf.py')); workers, threads = 1, 2",
}


@pytest.fixture(params=DOORS)
def port(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str):
    """That of a console that waits 1.5 s for a request, with two threads under gunicorn."""
    port, door = free_port(), tmp_path / "door.py"
    door.write_text(HURRIED + DOORS[request.param].format(root=str(ROOT)))
    command = [sys.executable, "-m", "gunicorn", "-c"] if request.param == "gunicorn" else [sys.executable]
    settings = environment(tmp_path, DATABASE_URL=sqlite_url, PORT=str(port))
    with (tmp_path / "printed").open("w") as printed:
        process = subprocess.Popen(
            [*command, str(door)], cwd=tmp_path, env=settings, stdout=printed, stderr=printed
        )
    try:
        wait(port, process, tmp_path / "printed")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def test_w10_slow_senders_are_sent_away_and_others_served(port: int) -> None:
    bodies = [begin(port, b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % BODY) for _ in range(2)]
    heads = [begin(port, b"GET /healthz HTTP/1.1\r\nHost: loc") for _ in range(2)]
    began = time.monotonic()
    while time.monotonic() < began + 1.2:  # a byte now and then
        for sender in bodies:
            sender.sendall(b"a")
        time.sleep(0.1)
    for sender in bodies:
        assert whole(sender).startswith((b"HTTP/1.1 408", b"HTTP/1.0 408"))
    for sender in heads:
        whole(sender)
    assert time.monotonic() - began < 6
    answer = whole(begin(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    assert b" 200 " in answer.partition(b"\r\n")[0]


BODY = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n"


def begin(port: int, start: bytes) -> socket.socket:
    sender = socket.create_connection(("127.0.0.1", port), timeout=10)
    sender.sendall(start)
    return sender


def whole(sender: socket.socket) -> bytes:
    with sender:
        return b"".join(iter(lambda: sender.recv(65536), b""))


def wait(port: int, process: subprocess.Popen[bytes], printed: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(printed.read_text())
