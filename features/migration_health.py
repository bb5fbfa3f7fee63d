"""How a server is before and after a migration, by what it says of itself."""

from __future__ import annotations

from core.connection import ConnectionParameters
from core.errors import Conflict, MigrationError
from database.adapters import closing_connection
from database.adapters.base import Probe

_TIMEOUT = 30.0
_RANK = ("healthy", "degraded", "unhealthy")


def check_before(parameters: ConnectionParameters) -> str:
    """ "healthy" or "degraded". Raises Conflict for a server that is fit for no migration, such as a node
    that has lost its cluster."""
    worst = _worst(parameters)
    if worst.status == _RANK[-1]:
        raise Conflict(f"{parameters.name} is unhealthy: {worst.name}, {worst.value}.", hint=worst.hint)
    return worst.status


def check_after(parameters: ConnectionParameters) -> str:
    """The same afterwards. Raises MigrationError when it is unhealthy now."""
    worst = _worst(parameters)
    if worst.status == _RANK[-1]:
        raise MigrationError(
            f"The migration is done, but {parameters.name} is unhealthy now: {worst.name}, {worst.value}.",
            hint=worst.hint,
        )
    return worst.status


def _worst(parameters: ConnectionParameters) -> Probe:
    with closing_connection(parameters, _TIMEOUT) as (adapter, connection):
        probes = adapter.probes(connection)
    return max(probes, key=lambda probe: _RANK.index(probe.status), default=Probe("", _RANK[0], ""))
