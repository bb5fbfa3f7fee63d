"""Where a registered database is dialled: its host looked up once, and only addresses that may be met
(TRUST C3)."""

from __future__ import annotations

import socket
from contextlib import suppress

from core.addresses import is_allowed
from core.connection import ConnectionParameters
from core.errors import AddressNotAllowed, ConnectionFailed
from core.text import visible


def address_to_dial(parameters: ConnectionParameters, timeout: float) -> str:
    """The address to connect to in place of the host; "" for a database that is not registered, which may
    be anywhere. Raises AddressNotAllowed; ConnectionFailed when the host is not known."""
    if parameters.allowed is None:
        return ""
    found = _look_up(parameters)
    addresses = [one for one in found if is_allowed(parameters.host, one, parameters.allowed)]
    if not addresses:
        raise AddressNotAllowed(f"The console may not connect to {visible(parameters.host)}.")
    return _first_that_answers(addresses, parameters.port, timeout)


def _look_up(parameters: ConnectionParameters) -> list[str]:
    try:
        answers = socket.getaddrinfo(parameters.host, parameters.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConnectionFailed(
            f"The host {visible(parameters.host)} is not known.", hint="Correct the host's name."
        ) from error
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def _first_that_answers(addresses: list[str], port: int, timeout: float) -> str:
    """A name such as localhost has an address of each kind, and a server listens at one of them."""
    for address in addresses[:-1]:
        with suppress(OSError), socket.create_connection((address, port), timeout / len(addresses)):
            return address
    return addresses[-1]
