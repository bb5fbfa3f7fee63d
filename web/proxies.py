"""What the proxies named in TRUSTED_PROXIES say of the person behind them: the address, and whether TLS was
spoken. From everyone else these headers change nothing (TRUST A8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.networks import Network, plain_address

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class TrustedProxies:
    """Stands before an application, and reads X-Forwarded-For and X-Forwarded-Proto when the peer is one of
    `networks`. X-Forwarded-Host is never read: a proxy passes the Host header on."""

    def __init__(self, app: WSGIApplication, networks: tuple[Network, ...]) -> None:
        self._app = app
        self._networks = networks

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._is_trusted(environ.get("REMOTE_ADDR", "")):
            self._read(environ)
        return self._app(environ, start_response)

    def _read(self, environ: WSGIEnvironment) -> None:
        # Each proxy adds to the right of what it was sent, and what stands on the left may be a lie.
        scheme = _words(environ.get("HTTP_X_FORWARDED_PROTO", ""))[-1].lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        for hop in reversed(_words(environ.get("HTTP_X_FORWARDED_FOR", ""))):
            address = plain_address(_without_port(hop))
            if address is None:
                break
            environ["REMOTE_ADDR"] = str(address)
            if not self._is_trusted(str(address)):
                break

    def _is_trusted(self, text: str) -> bool:
        address = plain_address(text)
        return address is not None and any(address in network for network in self._networks)


def _words(header: str) -> list[str]:
    return [word.strip() for word in header.split(",")]


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
