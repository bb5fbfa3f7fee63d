"""What many people at once and long exports cost the processes that serve."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from urllib.parse import quote, urlsplit

from scripts.benchmarks.viewers import Viewer

_TOKEN = re.compile(rb'name="csrf_token"[^>]* value="([^"]+)"')


def memory_of(pid: int) -> int:
    """Bytes that a process and its children hold."""
    total = 0
    for one in (pid, *_children(pid)):
        status = Path(f"/proc/{one}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        total += int(found[1]) * 1024 if found else 0
    return total


def peak_while(pid: int, work: Callable[[], object]) -> int:
    """The most that they held while `work` was done."""
    over, seen = threading.Event(), [memory_of(pid)]

    def look() -> None:
        while not over.wait(0.1):
            seen.append(memory_of(pid))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    work()
    over.set()
    thread.join()
    return max(seen)


def read_whole(viewer: Viewer, path: str) -> int:
    """How many bytes the answer has; none of them is kept."""
    connection = viewer.connect()
    connection.request("GET", path, headers=viewer.headers)
    answer = connection.getresponse()
    count = 0
    while some := answer.read(65536):
        count += len(some)
    connection.close()
    return count


def sign_in(address: str, username: str, password: str) -> int:
    """Sign in as a person at a browser does; gives the status of the answer."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
    connection.request("GET", "/sign-in")
    page = connection.getresponse()
    cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
    token = _TOKEN.search(page.read())
    assert token
    body = f"csrf_token={quote(token[1].decode())}&identifier={username}&password={quote(password)}"
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sign-in", body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def sign_in_at_once(address: str, usernames: list[str], password: str) -> tuple[list[int], float]:
    """All of them in the same moment; gives the statuses and how long it took until the last was in."""
    statuses: list[int] = []

    def come(username: str) -> None:
        statuses.append(sign_in(address, username, password))

    threads = [threading.Thread(target=come, args=(one,)) for one in usernames]
    began = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, perf_counter() - began


def look_until(viewer: Viewer, path: str, over: threading.Event) -> list[float]:
    """How long each look at that page took until `over`."""
    seconds = []
    while not over.is_set():
        began = perf_counter()
        read_whole(viewer, path)
        seconds.append(perf_counter() - began)
        time.sleep(0.05)
    return seconds


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]
