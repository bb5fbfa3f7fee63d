"""A network that misbehaves: a relay to a real server that is slow, falls silent or breaks off."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


@contextmanager
def relayed(
    url: str, *, silent_after: bytes = b"", cut_after: bytes = b"", delay: float = 0.0
) -> Iterator[str]:
    """The URL of the same database through a relay that lets `delay` seconds pass before it connects,
    passes nothing on any more once the client has sent `silent_after`, and hangs up after `cut_after`."""
    parts = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    server = (parts.hostname or "", parts.port or 0)
    threading.Thread(
        target=_accept, args=(listener, server, _Trouble(silent_after, cut_after), delay), daemon=True
    ).start()
    account = parts.netloc.rpartition("@")[0]
    port = listener.getsockname()[1]
    try:
        yield urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{port}"))
    finally:
        listener.close()


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes connections and never says a word, like a host behind a firewall that drops."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


class _Trouble:
    """What befalls one conversation, and when."""

    def __init__(self, silent_after: bytes, cut_after: bytes) -> None:
        self._silent_after = silent_after
        self._cut_after = cut_after
        self._is_silent = False

    def passes(self, data: bytes) -> bool:
        """False when `data` goes nowhere. Raises OSError to hang up."""
        if self._cut_after and self._cut_after in data:
            raise ConnectionAbortedError
        self._is_silent = self._is_silent or bool(self._silent_after and self._silent_after in data)
        return not self._is_silent


def _accept(listener: socket.socket, server: tuple[str, int], trouble: _Trouble, delay: float) -> None:
    with suppress(OSError):  # closed: the test is over
        while True:
            client = listener.accept()[0]
            time.sleep(delay)
            upstream = socket.create_connection(server)
            for pair in ((client, upstream), (upstream, client)):
                threading.Thread(target=_pump, args=(*pair, trouble), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, trouble: _Trouble) -> None:
    try:
        while data := source.recv(65536):
            if trouble.passes(data):
                sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
