"""No connection takes anything from the account that runs the program (TRUST C2)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import ConnectionParameters
from core.errors import SignInRefused
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Capability

pytestmark = pytest.mark.requires(Capability.ACCOUNTS)


@pytest.fixture
def plant(parameters: ConnectionParameters, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """The right password, wherever a driver or its library might look for one. The environment is put back
    before the servers' own fixtures use it."""
    password = parameters.password
    for name, text in {
        ".pgpass": f"*:*:*:*:{password}\n",
        ".pg_service.conf": f"[basekeeper]\npassword={password}\nhost=127.0.0.1\n",
        ".my.cnf": f"[client]\npassword={password}\n",
        ".postgresql/postgresql.crt": "not a certificate",
        ".postgresql/postgresql.key": "not a key",
        ".postgresql/root.crt": "not a certificate",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("HOME", "MYSQL_HOME"):
            patch.setenv(variable, str(tmp_path))
        patch.setenv("PGPASSFILE", str(tmp_path / ".pgpass"))
        patch.setenv("PGSERVICEFILE", str(tmp_path / ".pg_service.conf"))
        for variable in ("PGPASSWORD", "MYSQL_PWD"):
            patch.setenv(variable, password)
        yield patch


@pytest.mark.parametrize("service", ["", "basekeeper"])
def test_without_a_password_nobody_elses_is_taken(
    parameters: ConnectionParameters, plant: pytest.MonkeyPatch, service: str
) -> None:
    if service:
        plant.setenv("PGSERVICE", service)
    with pytest.raises(SignInRefused):
        adapter_for(replace(parameters, password="")).connect(5)


def test_the_environment_changes_no_connection(
    parameters: ConnectionParameters, plant: pytest.MonkeyPatch
) -> None:
    """It leads nowhere else, asks for nothing more or less, and works."""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.1)
        for name, value in {
            "PGHOST": "127.0.0.1", "PGHOSTADDR": "127.0.0.1", "PGPORT": str(canary.getsockname()[1]),
            "PGUSER": "someone", "PGDATABASE": "postgres", "PGSSLMODE": "verify-full",
            "PGOPTIONS": "-c search_path=pg_catalog", "PGTARGETSESSIONATTRS": "standby",
            "PGREQUIREAUTH": "md5", "PGREQUIREPEER": "someone", "PGCHANNELBINDING": "require",
            "PGGSSENCMODE": "require", "PGSSLCERTMODE": "require", "PGCLIENTENCODING": "LATIN1",
            "PGSSLNEGOTIATION": "direct", "PGSERVICE": "basekeeper",
        }.items():  # fmt: skip
            plant.setenv(name, value)
        with closing_connection(parameters, 5) as (adapter, connection):
            adapter.rows(connection, "CREATE TABLE t (id integer)")
            assert adapter.schema_names(connection).tables == {"t"}
        with pytest.raises(TimeoutError):
            canary.accept()
