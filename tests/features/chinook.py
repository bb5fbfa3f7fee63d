"""The Chinook sample database, which nobody here wrote: eleven tables, on each kind of server."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from core.connection import parse_url
from tests.servers import Server

SAMPLE_DATA = Path(os.environ.get("SAMPLE_DATA") or Path(__file__).parents[3] / "shared" / "data")
TABLES = {"Track": 3503, "InvoiceLine": 2240, "PlaylistTrack": 8715, "Customer": 59}
_OTHERS = ("DROP DATABASE", "CREATE DATABASE", "USE ", "\\c ")  # lines that enter a database of its own


def load_chinook(server: Server, url: str) -> None:
    """Fill the empty database at `url`."""
    folder = SAMPLE_DATA / "chinook"
    if not folder.is_dir():
        pytest.skip(f"no sample data in {SAMPLE_DATA}: set SAMPLE_DATA")
    if server.dialect == "sqlite":
        shutil.copyfile(folder / "chinook.sqlite", parse_url(url).database)
        return
    kind = "postgresql" if server.dialect == "postgresql" else "mysql"
    lines = (folder / f"chinook-{kind}.sql").read_text(encoding="utf-8-sig").splitlines()
    text = "\n".join(line for line in lines if not line.startswith(_OTHERS))
    statements = [one for one in text.split(";\n") if one.strip()]
    server.execute(url, *([text] if kind == "postgresql" else statements))


def rows_of(server: Server, url: str) -> dict[str, int]:
    """How many rows those tables have."""
    names = {name: server.quoted(spelled(server, name)) for name in TABLES}
    return {
        name: int(str(server.execute(url, f"SELECT count(*) FROM {table}")[0][0]))
        for name, table in names.items()
    }


def spelled(server: Server, name: str) -> str:
    """PostgreSQL's file has invoice_line where the others have InvoiceLine."""
    if server.dialect != "postgresql":
        return name
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
