"""Files that are sent here: streamed past the limit of other forms, and refused with nothing kept (TRUST B8,
W4, W10)."""

from __future__ import annotations

import io
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import EnvironBuilder, TestResponse

from jobs.catalogue import CATALOGUE
from models import User, db
from operations.performing import perform
from tests.web.conftest import MakeApp
from tests.web.visitor import Visitor
from web import deadlines
from web.security import BODY_LIMIT
from web.settings import settings_of

HERE = "/backups/files"
_TYPE = "multipart/form-data; boundary=bound"


@pytest.fixture
def console(make_app: MakeApp, sqlite_url: str, tmp_path: Path) -> Flask:
    return make_app(sqlite_url, backup_dir=tmp_path / "backups")


@pytest.fixture
def database(tmp_path: Path) -> bytes:
    """An SQLite file larger than a form may be."""
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE letter (body blob)")
        connection.executemany("INSERT INTO letter VALUES (randomblob(100000))", [()] * 30)
        connection.commit()
    return path.read_bytes()


def send(visitor: Visitor, data: bytes, name: str = "theirs.db", token: str | None = None) -> TestResponse:
    """The form of the page, with a file."""
    given = visitor.csrf_token(HERE) if token is None else token
    return visitor.client.post(HERE, data={"csrf_token": given, "file": (io.BytesIO(data), name)})


def kept(console: Flask) -> list[str]:
    folder = settings_of(console).backup_dir
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.exists() else []


def test_a_file_is_kept_shown_and_adopted(console: Flask, admin: Visitor, database: bytes) -> None:
    assert len(database) > 2 * BODY_LIMIT
    assert "Every file of the folder is known" in admin.get(HERE).text
    answer = send(admin, database, "../../etc/<b>.db")
    assert (answer.status_code, answer.location) == (303, HERE)
    (name,) = kept(console)
    assert name.startswith("upload-") and name.endswith(".db.zst")
    page = admin.get(HERE).text
    assert name in page and "SQLite database" in page and "Adopt" in page
    own = settings_of(console).database.name
    answer = admin.post(f"{HERE}/adopt", HERE, file=name, database=own)
    perform(settings_of(console), CATALOGUE, answer.location.removeprefix("/operations/"))
    page = admin.get("/backups").text
    assert ">uploaded<" in page
    assert admin.post(f"{HERE}/adopt", "/backups/files", file="nothing", database=own).status_code == 303


@pytest.mark.parametrize("data", [b"DROP TABLE user;" * 100_000, b"", b"#!/bin/sh\n"])
def test_b8_what_is_no_archive_is_refused_at_the_field(console: Flask, admin: Visitor, data: bytes) -> None:
    answer = send(admin, data, "theirs.sql")
    assert answer.status_code == 422
    assert 'class="field-error" id="file-note"' in answer.text and "theirs.sql" in answer.text
    assert kept(console) == []


def test_w4_the_token_is_checked_before_a_byte_is_kept(
    console: Flask, admin: Visitor, database: bytes
) -> None:
    stolen = Visitor(console).csrf_token()
    for token in ("", "x", stolen):
        assert send(admin, database, token=token).status_code == 403
    late = _file_before_token(admin.csrf_token(HERE), database)
    assert admin.client.post(HERE, data=late, content_type=_TYPE).status_code == 403
    assert admin.client.post(HERE, data={"csrf_token": admin.csrf_token(HERE)}).status_code == 400
    headers = {"Sec-Fetch-Site": "cross-site"}
    fields = {"csrf_token": admin.csrf_token(HERE), "file": (io.BytesIO(database), "a.db")}
    assert admin.client.post(HERE, data=fields, headers=headers).status_code == 403
    assert kept(console) == []


def test_z1_who_may_not_is_refused_unread(console: Flask, admin: Visitor, database: bytes) -> None:
    token = admin.csrf_token(HERE)
    with console.app_context():
        db.session.execute(update(User).values(role="operator"))
        db.session.commit()
    assert send(admin, database, token=token).status_code == 403
    assert send(Visitor(console), database, token="x").location.startswith("/sign-in")
    assert kept(console) == []


@pytest.mark.parametrize("part", [0.02, 0.5, 0.999999])
def test_w10_a_body_cut_short_is_answered_408_and_leaves_nothing(
    console: Flask, admin: Visitor, database: bytes, part: float
) -> None:
    fields = {"csrf_token": admin.csrf_token(HERE), "file": (io.BytesIO(database), "a.db")}
    environ = EnvironBuilder(HERE, method="POST", data=fields).get_environ()
    body, type_ = environ["wsgi.input"].read(), environ["CONTENT_TYPE"]
    environment = {"CONTENT_LENGTH": str(len(body))}
    answer = admin.client.post(
        HERE, input_stream=io.BytesIO(body[: int(len(body) * part)]), content_type=type_,
        environ_overrides=environment,
    )  # fmt: skip
    assert answer.status_code == 408
    assert kept(console) == []


def test_w10_all_other_forms_keep_their_limit(admin: Visitor, database: bytes) -> None:
    fields = {"csrf_token": admin.csrf_token(), "note": "x" * (BODY_LIMIT + 1)}
    assert admin.client.post("/backups", data=fields).status_code == 413
    long = {"csrf_token": "x" * (BODY_LIMIT // 2), "file": (io.BytesIO(database), "a.db")}
    assert admin.client.post(HERE, data=long).status_code == 413  # the fields before a file too


def test_w10_what_comes_steadily_gets_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "REQUEST_LIMIT", 0.2)
    monkeypatch.setattr(deadlines, "_TICK", 0.05)
    watch = deadlines.Deadlines()
    steady, slow = socket.socketpair(), socket.socketpair()
    with watch.kept_by(steady[0]), watch.kept_by(slow[0]):
        watch.grant(steady[0], 60)
        slow[0].settimeout(5)
        assert slow[0].recv(1) == b""  # its time is over
        steady[1].send(b"x")
        assert steady[0].recv(1) == b"x"
    watch.grant(slow[0], 60)  # nobody reads from it any more
    for one in (*steady, *slow):
        one.close()


def _file_before_token(token: str, data: bytes) -> bytes:
    part = b'--bound\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    file = part % (b"file", b'; filename="a.db"', data)
    return file + part % (b"csrf_token", b"", token.encode()) + b"--bound--\r\n"
