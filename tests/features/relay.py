"""A network that misbehaves: a relay to a real server that is slow, or falls silent in mid-conversation."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


@contextmanager
def relayed(url: str, *, silent_after: bytes = b"", delay: float = 0.0) -> Iterator[str]:
    """The URL of the same database through a relay that lets `delay` seconds pass before it connects, and
    passes nothing on any more once the client has sent `silent_after`."""
    parts = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    server = (parts.hostname or "", parts.port or 0)
    threading.Thread(target=_accept, args=(listener, server, silent_after, delay), daemon=True).start()
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


def _accept(listener: socket.socket, server: tuple[str, int], silent_after: bytes, delay: float) -> None:
    with suppress(OSError):  # closed: the test is over
        while True:
            client = listener.accept()[0]
            time.sleep(delay)
            upstream = socket.create_connection(server)
            silence = threading.Event()
            for pair in ((client, upstream, silent_after), (upstream, client, b"")):
                threading.Thread(target=_pump, args=(*pair, silence), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, silent_after: bytes, silence: threading.Event) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            if silent_after and silent_after in data:
                silence.set()
            if not silence.is_set():
                sink.sendall(data)
        sink.close()
