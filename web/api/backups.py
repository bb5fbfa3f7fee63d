"""Backups at the API: listed, shown with their evidence, taken, proven, pinned."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app

from core.actor import Role
from features.backup_subjects import find_subject
from features.backup_verification import verify_backup
from features.backups import (
    BackupDetails,
    BackupFacts,
    BackupPage,
    create_backup,
    list_backups,
    pin_backup,
    read_backup,
)
from operations.runner import Runner
from web.api.actions import start
from web.api.backup_schemas import (
    BackupDetailsSchema,
    BackupListSchema,
    BackupQuerySchema,
    BackupSchema,
    LevelSchema,
    NewBackupSchema,
    PinSchema,
)
from web.api.frame import ApiBlueprint
from web.bearer import caller
from web.permissions import allow
from web.settings import settings_of

part = ApiBlueprint("backups", "Backups, what was seen of each, and how long they are kept.")


@part.on_get("")
@part.takes(BackupQuerySchema, "query")
@part.gives(BackupListSchema)
@allow(Role.VIEWER)
def index(asked: dict[str, Any]) -> BackupPage:
    """The newest backups, of one database or of all."""
    return list_backups(**asked)


@part.on_get("/<string(length=26):id>")
@part.gives(BackupDetailsSchema)
@part.may_answer(404)
@allow(Role.VIEWER)
def show(id: str) -> BackupDetails:
    """One backup: its proof, its tables, its files."""
    return read_backup(id)


@part.on_post("")
@part.takes(NewBackupSchema)
@part.starts
@part.may_answer(404)
@allow(Role.OPERATOR)
def create(wanted: dict[str, Any]) -> Response:
    """Take a backup."""
    name = wanted.pop("database") or settings_of(current_app).database.name
    database = find_subject(name).name  # before anything is recorded
    return start(create_backup, database, made_by=caller().actor.name, **wanted)


@part.on_post("/<string(length=26):id>/verify")
@part.takes(LevelSchema)
@part.starts
@part.may_answer(404)
@allow(Role.OPERATOR)
def verify(wanted: dict[str, Any], id: str) -> Response:
    """Prove a backup, up to a level."""
    return start(verify_backup, read_backup(id).backup.name, wanted["level"])


@part.on_patch("/<string(length=26):id>")
@part.takes(PinSchema)
@part.gives(BackupSchema)
@part.may_answer(404, 409)
@allow(Role.OPERATOR)
def update(wanted: dict[str, Any], id: str) -> BackupFacts:
    """Keep a backup whatever its age, or no longer."""
    known = read_backup(id).backup.name  # before anything is recorded
    return Runner(caller().actor, settings_of(current_app)).run(pin_backup, known, wanted["is_pinned"])
