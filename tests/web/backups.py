"""Backups as their rows say, and what was asked for, for tests of the pages that show them."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from features.backup_rows import BackupFacts
from models import OperationRecord, User, db
from tests.features.backing import add_backup
from web.settings import settings_of

_ROW = re.compile(r'<tr data-backup="(\w{26})"')


def own(console: Flask) -> str:
    """The name of the console's own database."""
    return settings_of(console).database.name


def add(console: Flask, **more: Any) -> BackupFacts:
    """A row of a backup of the console's own database that nobody took."""
    with console.app_context():
        return add_backup(own(console), is_own=True, **more)


def become(console: Flask, role: str) -> None:
    """The one who is signed in gets another role."""
    with console.app_context():
        db.session.execute(update(User).values(role=role))
        db.session.commit()


def queued(console: Flask) -> OperationRecord:
    """The operation that was asked for last."""
    with console.app_context():
        return db.session.scalars(select(OperationRecord).order_by(OperationRecord.id.desc()).limit(1)).one()


def rows(page: str) -> list[str]:
    """The ids of the backups that the list on the page shows."""
    return _ROW.findall(page)
