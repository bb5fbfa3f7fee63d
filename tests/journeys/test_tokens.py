"""The walk of an operator who makes a token for a program, looks at it and takes it back, through the real
door (TRUST S7)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.tools import Ran, run_tool

Manage = Callable[..., Ran]


@pytest.fixture
def manage(tmp_path: Path) -> Manage:
    """`manage_db.py` on a console whose admin is mvogt."""

    def run(*arguments: str) -> Ran:
        return run_tool("manage_db.py", *arguments, cwd=tmp_path, DATABASE_URL="sqlite:///own.db")

    assert run("init").code == 0
    assert run("create-admin", "mvogt", "mvogt@example.com").code == 0
    return run


def test_a_token_is_made_listed_and_revoked(manage: Manage, tmp_path: Path) -> None:
    made = manage("token", "create", "mvogt", "nightly check", "--role", "operator", "--days", "30")
    assert made.code == 0, made.err
    assert re.fullmatch(r"bk_[0-9a-f]{12}_[\w-]{43}\n", made.out)  # nothing but the token: a file may take it
    prefix, secret = made.out.strip().split("_", 2)[1:]
    assert "shown this once" in made.err and secret not in made.err
    listed = manage("token", "list")
    assert re.search(rf"^{prefix}  nightly check  mvogt  operator  active .* never ", listed.out, re.M)
    revoked = manage("token", "revoke", prefix)
    assert revoked.out == "nightly check, of mvogt, opens nothing any more.\n"
    assert "revoked" in manage("token", "list").out
    for file in tmp_path.iterdir():
        assert file.is_dir() or secret.encode() not in file.read_bytes(), file


def test_what_is_refused_is_one_line_and_no_operation(manage: Manage, tmp_path: Path) -> None:
    for arguments, code, said in (
        (("create", "nobody", "x"), 1, 'no active user "nobody"'),
        (("create", "mvogt", "https://example.com"), 2, "is no URL"),
        (("create", "mvogt", "x", "--days", "366"), 2, '"366" is not'),
        (("create", "mvogt", "x", "--role", "owner"), 2, "'owner'"),
        (("revoke", "0123456789ab"), 1, "There is no token 0123456789ab. List them"),
    ):
        ran = manage("token", *arguments)
        assert (ran.code, ran.out) == (code, "")
        assert said in ran.error
    with closing(sqlite3.connect(tmp_path / "own.db")) as connection:
        assert connection.execute("SELECT kind FROM operation WHERE kind LIKE 'token.%'").fetchall() == []
