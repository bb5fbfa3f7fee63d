"""What the page on backups says that accounts need is enough, and who lacks it is told (TRUST F16, B7)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from core.connection import parse_url
from tests.journeys.shop import MADE, Shop
from tests.journeys.tools import ROOT
from tests.servers import Server

PAGE = ROOT / "docs/how-to/back-up-and-restore.md"
BLOCK = re.compile(r"```sql\n-- ([\w, ]+)\n(.*?)```", re.DOTALL)
WORDS = ("reader", "keeper", "owner")


@pytest.fixture
def mark() -> str:
    """What tells the accounts of this test from those of others."""
    return secrets.token_hex(4)


@pytest.fixture
def statements(server: Server, database_url: str, mark: str) -> Iterator[list[str]]:
    """Those of the page, with the test's own names; the accounts are dropped."""
    found = BLOCK.findall(PAGE.read_text("utf-8"))
    blocks = {dialect: sql for dialects, sql in found for dialect in dialects.split(", ")}
    if server.dialect not in blocks:
        pytest.skip(f"{server.dialect} has no accounts")
    text = blocks[server.dialect].replace("`shop`", f"`{parse_url(database_url).database}`")
    for word in WORDS:
        text = text.replace(f"shop_{word}", f"{word}_{mark}")
    yield [line for line in text.splitlines() if line]
    for word in WORDS:
        drop_account(server, f"{word}_{mark}")


@pytest.fixture
def shop(
    server: Server, database_url: str, mark: str, statements: list[str], tmp_path: Path
) -> Iterator[Shop]:
    """The shop, which belongs to its application, on a console that knows an account that makes databases."""
    if server.dialect == "postgresql":
        name = server.quoted(parse_url(database_url).database)
        made = (f"CREATE ROLE owner_{mark} LOGIN", f"ALTER DATABASE {name} OWNER TO owner_{mark}")
        server.execute(server.admin_url, *made)
        server.execute(database_url, f"SET ROLE owner_{mark}", *MADE)
    else:
        server.execute(database_url, *MADE)
    variable = "DB_ADMIN_URL" if server.dialect == "postgresql" else "MYSQL_ADMIN_URL"
    keeper = signed_in_as(server.admin_url, f"keeper_{mark}", "KEEPER_PASSWORD")
    one = Shop(server, database_url, tmp_path, parse_url(database_url).password, {variable: keeper})
    yield one
    one.leave()


def test_the_accounts_of_the_page_are_enough(shop: Shop, statements: list[str], mark: str) -> None:
    shop.server.execute(shop.server.admin_url, *statements)
    shop.register(signed_in_as(shop.url, f"reader_{mark}", "READER_PASSWORD"))
    before = shop.titles()
    made = shop.manage("backup", "shop")
    assert made.code == 0, made.err
    assert "is equal, seen" in made.out
    name = made.out.split()[0]
    copy = f"{shop.place.stem}_copy"
    beside = shop.manage("restore", name, "--into", copy)
    assert beside.code == 0, beside.err
    assert shop.titles(shop.beside(copy)) == before
    shop.server.execute(shop.url, "DELETE FROM sale")
    done = shop.manage("restore", name, "--confirm")
    assert done.code == 0, done.err
    assert shop.server.execute(shop.url, "SELECT count(*) FROM sale") == [(3,)]
    undone = shop.manage("restore", "--undo", "--confirm")
    assert undone.code == 0, undone.err
    assert shop.server.execute(shop.url, "SELECT count(*) FROM sale") == [(0,)]
    assert not [ran for ran in (made, done) if "PASSWORD" in ran.out + ran.err]


def test_b7_an_account_that_would_not_see_all_is_told_which_grant_it_lacks(
    shop: Shop, statements: list[str], mark: str
) -> None:
    needless = re.compile(r"GRANT (pg_read_all_data|SELECT).*reader")
    shop.server.execute(shop.server.admin_url, *[one for one in statements if not needless.match(one)])
    weak = "GRANT SELECT ON {}.book TO {}"
    reader = f"reader_{mark}"
    if shop.server.dialect == "postgresql":
        shop.server.execute(shop.url, weak.format("public", reader))
    else:
        schema = shop.server.quoted(parse_url(shop.url).database)
        shop.server.execute(shop.server.admin_url, weak.format(schema, f"'{reader}'@'%'"))
    shop.register(signed_in_as(shop.url, reader, "READER_PASSWORD"))
    refused = shop.manage("backup", "shop")
    assert refused.code == 1 and re.search("grant", refused.error, re.I)
    assert shop.backups() == []


def signed_in_as(url: str, account: str, password: str) -> str:
    """The same place, by another account."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{account}:{password}@{parts.hostname}:{parts.port}").geturl()


def drop_account(server: Server, name: str) -> None:
    """Drop it with what it owns and was granted, if it is there."""
    if server.dialect != "postgresql":
        server.execute(server.admin_url, f"DROP USER IF EXISTS '{name}'@'%'")
        return
    with suppress(psycopg2.Error):
        server.execute(server.admin_url, f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")
