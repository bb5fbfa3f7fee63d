"""People who look at pages: threads that ask for a page again and again, and how long each answer took."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from random import uniform
from time import perf_counter, sleep
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Page:
    """A page that is looked at about every `pace` seconds; `seconds` are what its answers took."""

    path: str
    pace: float
    seconds: list[float] = field(default_factory=list)


class Viewer:
    """One browser of somebody signed in to the console at `address`."""

    def __init__(self, address: str, token: str) -> None:
        self._address = urlsplit(address).netloc
        self.headers = {"Cookie": f"basekeeper-session={token}"}

    def connect(self) -> http.client.HTTPConnection:
        """A connection that is kept from one look to the next, as a browser keeps it."""
        return http.client.HTTPConnection(self._address, timeout=60)

    def look(self, page: Page, connection: http.client.HTTPConnection) -> None:
        """Ask for `page` once. Raises RuntimeError for any answer but the page."""
        began = perf_counter()
        try:
            answer = self._ask(page, connection)
        except (http.client.RemoteDisconnected, ConnectionError):  # idle for too long: made anew
            connection.close()
            answer = self._ask(page, connection)
        page.seconds.append(perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"{page.path} answered {answer.status}")

    def _ask(self, page: Page, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        connection.request("GET", page.path, headers=self.headers)
        answer = connection.getresponse()
        answer.read()
        return answer


@contextmanager
def watching(viewers: list[Viewer], *pages: Page) -> Iterator[None]:
    """Every one of `viewers` looks at every one of `pages` while the context lasts. Raises RuntimeError when
    one of them got no page."""
    over = threading.Event()
    failures: list[Exception] = []

    def watch(viewer: Viewer, page: Page, delay: float) -> None:
        over.wait(delay)  # people do not look in step
        try:
            with closing(viewer.connect()) as connection:
                while not over.wait(page.pace * uniform(0.9, 1.1)):  # as the pages do
                    viewer.look(page, connection)
        except (RuntimeError, OSError, http.client.HTTPException) as error:
            failures.append(error)

    threads = [
        threading.Thread(target=watch, args=(viewer, page, page.pace * number / len(viewers)), daemon=True)
        for number, viewer in enumerate(viewers)
        for page in pages
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if failures:
        raise RuntimeError(str(failures[0]))


def idle(viewer: Viewer, path: str, times: int = 40) -> list[float]:
    """What `path` takes when one person looks now and then and nothing else happens, in seconds."""
    page = Page(path, 0.0)
    with closing(viewer.connect()) as connection:
        for _ in range(times):
            viewer.look(page, connection)
            sleep(0.05)
    return page.seconds
