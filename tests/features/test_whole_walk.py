"""From a backup to its restore with real data, as accounts that may do no more than they need (TRUST B1, B12,
D5)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.connection import parse_url
from core.settings import Settings
from database.adapters.base import Capability
from database.context import application_context
from features.backup_verification import verify_backup
from features.restores import plan_restore
from tests.features.chinook import TABLES, load_chinook, rows_of
from tests.features.conftest import Configure
from tests.features.restoring import (
    BOOKS,
    able,
    add_books,
    back_up,
    count,
    drop_beside,
    fill,
    leftovers,
    name_beside,
    registered,
    restore,
    run,
    url_of,
)
from tests.servers import Server


@pytest.fixture
def console(configure: Configure, sqlite_schema_url: str, tmp_path: Path, server: Server) -> Settings:
    return able(configure(sqlite_schema_url), server, tmp_path)


@pytest.mark.every_server
def test_chinook_is_backed_up_proven_lost_and_restored(
    console: Settings, server: Server, database_url: str
) -> None:
    load_chinook(server, database_url)
    shop = registered(console, database_url)
    backup = back_up(shop)
    assert backup.table_count == 11
    assert run(shop, verify_backup, backup.id, "healthy").level == "healthy"
    lost = "invoice_line" if server.dialect == "postgresql" else server.quoted("InvoiceLine")
    server.execute(database_url, f"DELETE FROM {lost}")
    with application_context(shop):
        plan = plan_restore(backup.id)
    assert (plan.is_possible, plan.rows_lost, plan.rows_after) == (True, 0, backup.row_count)
    assert plan.rows_after - plan.rows_now == TABLES["InvoiceLine"]
    restore(shop, backup.id)
    assert rows_of(server, database_url) == TABLES
    name = name_beside(database_url)
    restore(shop, backup.id, new_name=name)
    assert rows_of(server, url_of(server, database_url, name)) == TABLES
    assert not leftovers(shop)
    drop_beside(server, database_url)


@pytest.fixture
def owned_url(server: Server, database_url: str) -> Iterator[str]:
    """The shop of an account that owns it and may do nothing else on the server, and whoever may read it."""
    name, password = f"app_{secrets.token_hex(4)}", secrets.token_hex(8)
    database, admin = server.quoted(parse_url(database_url).database), server.admin_url
    if server.dialect == "postgresql":
        server.execute(
            admin,
            f"CREATE ROLE {name} LOGIN PASSWORD '{password}'",
            f"CREATE ROLE {name}_reader",
            f"ALTER DATABASE {database} OWNER TO {name}",
            f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        )
    else:
        server.execute(
            admin, f"CREATE USER {name} IDENTIFIED BY '{password}'", f"GRANT ALL ON {database}.* TO {name}"
        )
    scheme, _, rest = database_url.partition("://")
    url = f"{scheme}://{name}:{password}@{rest.rpartition('@')[2]}"
    fill(server, url)
    if server.dialect == "postgresql":
        server.execute(url, f"GRANT SELECT ON book TO {name}_reader")
    yield url
    drop_beside(server, database_url)
    server.drop_database(database_url)
    for account in (name, f"{name}_reader") if server.dialect == "postgresql" else (name,):
        server.execute(admin, f"DROP {'ROLE' if server.dialect == 'postgresql' else 'USER'} {account}")


@pytest.mark.every_server
@pytest.mark.requires(Capability.ACCOUNTS)
def test_the_account_of_the_database_goes_on_with_what_it_had(
    console: Settings, server: Server, owned_url: str
) -> None:
    """TRUST B12: owners and grants are as they were; the admin account only makes and swaps."""
    shop = registered(console, owned_url)
    backup = back_up(shop)
    add_books(server, owned_url, 1000, 5)
    restore(shop, backup.id)
    assert count(server, owned_url) == BOOKS
    add_books(server, owned_url, 2000, 1)
    server.execute(owned_url, "CREATE TABLE later (id integer)", "DROP TABLE later")
    assert run(shop, verify_backup, backup.id, "equal").level == "equal"
    assert not leftovers(shop)
