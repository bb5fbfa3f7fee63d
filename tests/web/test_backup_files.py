"""The files of backups handed out, and the sheet that says how to restore from one without the console (TRUST
S5, K5)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from models import AuditEvent, db
from tests.features.restoring import back_up
from tests.web.backups import add, own
from tests.web.conftest import MakeApp, TestClock
from tests.web.visitor import PASSWORD, Visitor
from web.settings import settings_of


@pytest.fixture
def console(make_app: MakeApp, sqlite_url: str, tmp_path: Path) -> Flask:
    """A console with a folder of its own for backups."""
    return make_app(sqlite_url, backup_dir=tmp_path / "backups")


def test_s5_a_download_wants_a_fresh_proof_and_is_the_very_file(
    console: Flask, admin: Visitor, clock: TestClock, tmp_path: Path
) -> None:
    with console.app_context():
        one = back_up(settings_of(console), own(console))
    here = f"/backups/{one.id}"
    answer = admin.post(f"{here}/download", here)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert answer.data == (tmp_path / "backups" / one.file).read_bytes()
    assert hashlib.sha256(answer.data).hexdigest() == one.sha256
    assert f"filename={one.file}" in answer.headers["Content-Disposition"]
    assert int(answer.headers["Content-Length"]) == one.size
    with console.app_context():
        who = select(AuditEvent.actor).where(AuditEvent.action == "backup.download")
        assert set(db.session.scalars(who)) == {"mvogt"}
    clock.advance(minutes=6)
    token = admin.csrf_token(here)
    sent = admin.client.post(
        f"{here}/download", data={"csrf_token": token}, headers={"Referer": f"http://localhost{here}"}
    )
    assert sent.location == f"/prove?next={here}"
    (tmp_path / "backups" / one.file).unlink()
    admin.post("/prove", "/prove", password=PASSWORD)
    gone = admin.post(f"{here}/download", here)
    assert gone.status_code in (404, 422) and str(tmp_path) not in gone.text


def test_the_recovery_sheet_says_how_to_do_without_us(console: Flask, admin: Visitor) -> None:
    with console.app_context():
        one = back_up(settings_of(console), own(console))
    here = f"/backups/{one.id}/recovery-sheet"
    assert f'href="{here}"' in admin.get(f"/backups/{one.id}").text
    assert one.sha256 in admin.get(here).text and "zstd --decompress" in admin.get(here).text
    file = admin.get(f"{here}?download=1")
    assert file.text.startswith(f"# Recovery sheet of {one.name}")
    assert f"filename={one.name}.recovery.md" in file.headers["Content-Disposition"]
    assert admin.get(f"/backups/{add(console).id}/recovery-sheet").status_code == 422  # it has no manifest
