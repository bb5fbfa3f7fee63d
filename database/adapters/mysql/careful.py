"""A MySQL connection that encrypts the password with no key which a server hands out: on an open line it may
be anyone's (TRUST C5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from pymysql import connections

from database.adapters.mysql.refusal import refuse_to_show

if TYPE_CHECKING:
    Connection = connections.Connection[Any]
else:  # only its stubs know of a type parameter
    Connection = connections.Connection


class CarefulConnection(Connection):
    """PyMySQL asks for the key just before it sends the password, and only where there is no TLS."""

    @property
    def server_public_key(self) -> NoReturn:
        refuse_to_show("without TLS the server's own key would have to be trusted")

    @server_public_key.setter
    def server_public_key(self, key: bytes | None) -> None:
        if key is not None:
            refuse_to_show("without TLS the server's own key would have to be trusted")
