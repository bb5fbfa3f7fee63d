"""How a MySQL sign-in is broken off before the password could be read by the other side."""

from __future__ import annotations

from typing import NoReturn


def refuse_to_show(reason: str) -> NoReturn:
    """Raises PyMySQL's own error, as if the driver could not do what the server asked for."""
    from pymysql import OperationalError
    from pymysql.constants import CR

    raise OperationalError(CR.CR_AUTH_PLUGIN_ERR, reason)
