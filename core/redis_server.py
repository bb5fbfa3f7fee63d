"""The typed fields of a connection to a Redis or Valkey server: what REDIS_URL becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from core.connection import LOCAL_HOST
from core.text import visible
from core.urls import UrlPieces, split_url

DEFAULT_PORT = 6379
_NUMBER = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True)
class RedisServer:
    """One server, and the `number` of the database on it. Its text form never holds the password."""

    host: str
    port: int = DEFAULT_PORT
    number: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False

    @property
    def place(self) -> str:
        """Host and port, an IPv6 host in brackets."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def __str__(self) -> str:
        account = f"{self.user}@" if self.user else ""
        return f"{'rediss' if self.tls else 'redis'}://{account}{self.place}/{self.number}"


def parse_redis_url(text: str) -> RedisServer:
    """The fields of `text`: redis://[user:password@]host[:port][/number], or rediss:// for TLS. Raises
    ValueError that says what is wrong, never with a piece that could be a password."""
    pieces = split_url(text.strip())
    if pieces.scheme not in ("redis", "rediss"):
        raise ValueError(f'starts with "{visible(pieces.scheme)}", allowed: redis, rediss')
    if pieces.query:
        raise ValueError("has keys after a ?; none is allowed")
    return RedisServer(
        pieces.host or LOCAL_HOST,
        pieces.port or DEFAULT_PORT,
        _number(pieces),
        pieces.user,
        pieces.password,
        pieces.scheme == "rediss",
    )


def _number(pieces: UrlPieces) -> int:
    if pieces.path and not _NUMBER.fullmatch(pieces.path):
        raise ValueError("ends with something else than the number of a database, such as /0")
    return int(pieces.path or 0)
