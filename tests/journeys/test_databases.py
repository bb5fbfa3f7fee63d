"""The walk of an operator who registers another database and lets it go, through the real door."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.connection import parse_url
from tests.journeys.tools import Ran, run_tool
from tests.servers import Server

Manage = Callable[..., Ran]


@pytest.fixture
def manage(tmp_path: Path, server: Server, database_url: str) -> Manage:
    """`manage_db.py` on a console of its own, with leave to look where the server is."""
    database = parse_url(database_url)
    settings = {
        "DATABASE_URL": "sqlite:///own.db",
        "CREDENTIALS_KEY": "a key for stored passwords, long enough",
        "DATABASE_FOLDER": str(tmp_path if database.host else Path(database.database).parent),
    }

    def run(*arguments: str, **more: str) -> Ran:
        return run_tool("manage_db.py", *arguments, cwd=tmp_path, **(settings | more))

    assert run("init").code == 0
    return run


def test_a_database_is_registered_listed_tried_and_removed(
    manage: Manage, database_url: str, tmp_path: Path
) -> None:
    password = parse_url(database_url).password
    bare = database_url.replace(f":{password}@", "@") if password else database_url
    (tmp_path / "password").write_text(f"{password}\n")
    added = manage("database", "add", "Shop", bare, "--environment", "staging", "--password-file", "password")
    assert added.code == 0, added.err
    assert added.out.startswith("shop is registered. shop is reachable: ")
    listed = manage("database", "list")
    assert [line.split()[:3] for line in listed.out.splitlines()[1:]] == [
        ["own", "development", "reachable"], ["shop", "staging", "reachable"],
    ]  # fmt: skip
    tried = manage("database", "test", "shop")
    assert tried.code == 0 and tried.out.startswith("shop is reachable: ")
    assert manage("database", "remove", "shop").code == 1
    assert manage("database", "remove", "shop", "--confirm").code == 0
    assert "no database" in manage("database", "test", "shop").error
    if password:
        assert not [ran for ran in (added, listed, tried) if password in ran.out + ran.err]


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_what_is_refused_before_anything_is_done_is_no_operation(manage: Manage, tmp_path: Path) -> None:
    url = "postgresql://u:p@127.0.0.1:1/d"
    for refused in (
        manage("database", "test", "nope"),
        manage("database", "add", "own", url),
        manage("database", "add", "shop", url, CREDENTIALS_KEY="", FLASK_ENV="staging"),
        manage("database", "rekey", CREDENTIALS_KEY="", FLASK_ENV="staging"),
    ):
        assert refused.code and refused.error
    with closing(sqlite3.connect(tmp_path / "own.db")) as connection:
        done = connection.execute("SELECT kind FROM operation WHERE kind LIKE 'database.%'").fetchall()
    assert done == []


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_what_cannot_be_kept_is_refused_in_one_line(manage: Manage) -> None:
    def refused(*arguments: str, **settings: str) -> str:
        ran = manage("database", "add", *arguments, **settings)
        assert ran.code and "canary" not in ran.out + ran.err
        return ran.error

    url = "postgresql://u:canary@127.0.0.1:1/d"
    assert '"sslkey"' in refused("shop", f"{url}?SSLKEY=x")
    assert "Name: The console's own" in refused("OWN", url)
    assert "Give its URL" in refused(url)  # for a name
    assert "Name: 1 to 80" in refused("a b", url)
    assert "--even-unreachable" in refused("shop", url)
    assert "token_hex" in refused("shop", url, CREDENTIALS_KEY="", FLASK_ENV="staging")
    assert "--even-unreachable" in refused("shop", url, CREDENTIALS_KEY="")  # development makes one
    assert "DATABASE_NETWORKS" in refused("shop", url, "--even-unreachable", FLASK_ENV="staging")
    kept = manage("database", "add", "shop", url, "--even-unreachable")
    assert kept.code == 0 and "Warning: a password in an argument" in kept.err
    tried = manage("database", "test", "shop")
    assert (tried.code, tried.out) == (1, "") and "Nothing answers there" in tried.error
    assert tried.err.splitlines()[-2].endswith(" Failed")
    rotated = manage(
        "database", "rekey", CREDENTIALS_KEY="another key of thirty-two characters",
        CREDENTIALS_KEY_OLD="a key for stored passwords, long enough",
    )  # fmt: skip
    assert rotated.code == 0 and rotated.out.startswith("1 password encrypted anew.")
