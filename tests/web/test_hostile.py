"""Whatever comes from outside is text on every page, and harmless in every command's output (TRUST W2)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for
from sqlalchemy import insert, select, update

from core.actor import Actor, Role
from core.clock import utc_now
from core.naming import new_id
from core.settings import Settings
from database.context import current_settings
from models import (
    ApiToken,
    Backup,
    BackupEvidence,
    MigrationHistory,
    OnlineUser,
    RegisteredDatabase,
    Replacement,
    SignInFailure,
    User,
    UserLog,
    db,
)
from operations.audit import AuditEntry, record_audit
from tests.web.operations import ID, add_lines, add_operation, add_phase
from tests.web.visitor import Visitor

ROOT = Path(__file__).parents[2]
SHORT = "<img src=x onerror=alert(1)>'\"{{7*7}}\u202egpj\x1b[2J\x85\u2028"
PREFIX = "0" * 12
LONG = SHORT + "<b>" * 3000
# What would act: as markup, as a template, as a terminal's command, as a change of direction.
ACTS = ("<img src=x", "<b><b>", "\x1b", "\u202e", "\x85", "\u2028")


@pytest.fixture
def hostile_console(console: Flask, admin: Visitor) -> Visitor:
    """A console that holds hostile text wherever text can come to stand, and an admin who looks at it."""
    words = {"title": SHORT, "target": SHORT, "actor": SHORT, "worker": SHORT, "kind": SHORT[:50]}
    errors = {"error_message": LONG, "error_hint": LONG, "error_code": SHORT[:50]}
    add_operation(console, state="failed", finished_at=utc_now(), **words, **errors)
    add_phase(console, name=SHORT, unit="<b><b>")
    add_lines(console, SHORT, LONG)
    with console.app_context():
        _plant(current_settings())
    return admin


def _plant(settings: Settings) -> None:
    now = utc_now()
    place = {"host": SHORT, "account": SHORT, "database_name": SHORT, "created_by": SHORT}
    seen = {"state": "unreachable", "message": LONG, "version": SHORT, "checked_at": now}
    kinds = {"environment": "staging", "dialect": "postgresql", "port": 5432}
    row = {"id": "0" * 26, "name": SHORT.replace("/", ""), **place, **seen, **kinds}
    db.session.execute(insert(RegisteredDatabase).values(row))
    db.session.execute(update(User).values(name=SHORT))
    token = {"id": new_id(), "name": SHORT, "prefix": PREFIX, "hash": "", "role": "viewer", "expires_at": now}
    user_id = select(User.id).limit(1).scalar_subquery()
    db.session.execute(insert(ApiToken).values(token | {"user_id": user_id, "created_by": SHORT}))
    backup = {"database": SHORT, "made_by": SHORT, "reason": SHORT[:50], "note": LONG, "dialect": "sqlite"}
    tools = {"server": SHORT, "tool": SHORT, "revision": SHORT, "encrypted_to": SHORT, "storage": SHORT[:40]}
    file = {"id": ID, "file": f"{SHORT}.db.zst", "sha256": "0" * 64, "size": 1, "taken_at": now}
    db.session.execute(insert(Backup).values(backup | tools | file))
    seen = {"backup_id": ID, "level": "stored", "is_met": True, "seen_at": now, "seconds": 1.0}
    db.session.execute(insert(BackupEvidence).values(seen | {"details": LONG}))
    names = {"database": SHORT, "live_name": SHORT, "new_name": SHORT, "kept_name": SHORT, "state": "swapped"}
    db.session.execute(insert(Replacement).values(names | {"id": ID, "backup_id": ID, "kept_until": now}))
    db.session.execute(update(OnlineUser).values(user_agent=SHORT, ip_address=SHORT[:45], username=SHORT))
    log = {"username": SHORT, "action": "login", "ip_address": SHORT[:45], "user_agent": SHORT}
    db.session.execute(insert(UserLog).values(log))
    failure = {"at": now, "account": SHORT, "network": SHORT[:45], "ip_address": SHORT[:45]}
    db.session.execute(insert(SignInFailure).values(failure))
    db.session.execute(update(MigrationHistory).values(applied_by=SHORT))
    db.session.commit()
    actor = Actor(SHORT, Role.ADMIN, "cli", SHORT[:45])
    record_audit(settings, AuditEntry.of(actor, event="intent", action=SHORT[:50], target=SHORT))


def test_w2_on_every_page_hostile_text_is_text(console: Flask, hostile_console: Visitor) -> None:
    examples = {"id": ID, "name": SHORT.replace("/", ""), "token": SHORT.replace("/", ""), "filename": "x"}
    examples |= {"prefix": PREFIX, "number": "1"}
    shown = 0
    for rule in console.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        with console.test_request_context():
            arguments: dict[str, Any] = {name: examples[name] for name in rule.arguments}
            path = url_for(rule.endpoint, **arguments)
        text = hostile_console.get(path).text
        is_file = rule.endpoint.endswith(".export")  # where no markup acts
        assert not [act for act in ACTS if act in text and not (is_file and act.startswith("<"))], path
        assert "49gpj" not in text and "49\\u202e" not in text, path
        shown += "&lt;img src=x onerror=alert(1)&gt;" in text
    assert (
        shown >= 12
    )  # dashboard, operations, one of them, its log, audit, databases, tokens, pages of backups


def test_w2_in_every_command_hostile_text_is_harmless(
    hostile_console: Visitor, sqlite_url: str, tmp_path: Path
) -> None:
    environment = {"PATH": "/usr/bin:/bin", "DATABASE_URL": sqlite_url, "PYTHONPATH": str(ROOT)}
    for arguments in (
        ["status"],
        ["verify"],
        ["database", "list"],
        ["token", "list"],
        ["audit", "verify"],
        ["user", "list"],
        ["user", "show", "mvogt"],
        ["user", "export"],
    ):
        command = [sys.executable, str(ROOT / "manage_db.py"), *arguments]
        run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        said = run.stdout + run.stderr
        assert said and not re.search("[\x1b\u202e\x85\u2028]", said), arguments
