"""How backups look at the API: one, a part of all, and one with all that was seen of it."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from marshmallow import Schema, fields, pre_dump
from marshmallow.validate import Length, OneOf, Range

from core.backup_levels import DAMAGED, Level
from features.backups import NOTE_LENGTH, BackupFacts
from web.settings import settings_of

LEVELS = tuple(level.value for level in Level)
PROVABLE = LEVELS[1:]
PROOFS = ("all", "verified", "not_verified", "damaged")
_LONGEST_LIST = 200
_LONGEST_NAME = 255
_MOST_NAMES = 1000


class BackupSchema(Schema):
    """One backup. `level` is how far it was proven, or "damaged"; sizes are bytes, times seconds."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    database = fields.String(required=True)
    is_own = fields.Boolean(required=True)
    origin = fields.String(required=True, validate=OneOf(("made", "uploaded", "adopted")))
    is_trusted = fields.Boolean(required=True)
    reason = fields.String(required=True)
    made_by = fields.String(required=True)
    note = fields.String(required=True)
    operation_id = fields.String(required=True)
    dialect = fields.String(required=True)
    server = fields.String(required=True)
    tool = fields.String(required=True)
    revision = fields.String(required=True)
    storage = fields.String(required=True)
    file = fields.String(required=True)
    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    data_size = fields.Integer(required=True, allow_none=True)
    table_count = fields.Integer(required=True, allow_none=True)
    row_count = fields.Integer(required=True, allow_none=True)
    is_whole = fields.Boolean(
        required=True, metadata={"description": "False for a part: chosen tables or schemas."}
    )
    has_contents = fields.Boolean(
        required=True, metadata={"description": "False when its rows were counted and not hashed."}
    )
    encrypted_to = fields.String(required=True)
    taken_at = fields.DateTime(required=True)
    seconds = fields.Float(required=True)
    restore_seconds = fields.Float(required=True, allow_none=True)
    level = fields.String(required=True, validate=OneOf((*LEVELS, DAMAGED)))
    is_verified = fields.Boolean(required=True)
    proven_at = fields.DateTime(required=True, allow_none=True)
    is_pinned = fields.Boolean(required=True)
    kept_until = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "When retention may have it; null: never."}
    )
    url = fields.String(required=True)

    @pre_dump
    def _complete(self, facts: BackupFacts, **_: Any) -> dict[str, Any]:
        days = settings_of(current_app).backup_retention_days
        return {
            **vars(facts),
            "is_trusted": facts.is_trusted,
            "is_verified": facts.is_verified,
            "kept_until": facts.kept_until(days),
            "url": url_for("api_backups.show", id=facts.id),
        }


class BackupCountsSchema(Schema):
    """How many there are of each proof."""

    all = fields.Integer(required=True)
    verified = fields.Integer(required=True)
    not_verified = fields.Integer(required=True)
    damaged = fields.Integer(required=True)


class BackupListSchema(Schema):
    """A part of the backups, the newest first. `next_cursor` is the `cursor` of the next part, or null."""

    backups = fields.List(fields.Nested(BackupSchema), required=True)
    next_cursor = fields.Function(
        lambda page: page.next_cursor or None, required=True, metadata={"type": ["string", "null"]}
    )
    counts = fields.Nested(BackupCountsSchema, required=True)


class EvidenceSchema(Schema):
    """What was seen of a backup when it was held against one level."""

    level = fields.String(required=True, validate=OneOf(LEVELS))
    is_met = fields.Boolean(required=True)
    seen_at = fields.DateTime(required=True)
    seconds = fields.Float(required=True)
    details = fields.String(required=True)
    operation_id = fields.String(required=True)


class TableSchema(Schema):
    """A table of the backup. `content` is a hash of its rows, whatever their order, or empty."""

    name = fields.String(required=True)
    rows = fields.Integer(required=True)
    content = fields.String(required=True)


class StoredFileSchema(Schema):
    """A file of the backup in its storage."""

    part = fields.String(required=True)
    name = fields.String(required=True)
    size = fields.Integer(required=True)
    sha256 = fields.String(required=True)


class ManifestSchema(Schema):
    """What a restored copy must hold. `is_exact`: counted in the very snapshot that was dumped."""

    is_exact = fields.Boolean(required=True)
    tables = fields.List(fields.Nested(TableSchema), required=True, attribute="inventory.tables")
    files = fields.List(fields.Nested(StoredFileSchema), required=True)
    selection = fields.List(fields.String(), required=True)
    roles = fields.List(fields.String(), required=True)
    warnings = fields.List(fields.String(), required=True)


class BackupDetailsSchema(Schema):
    """One backup with all that was seen of it, oldest first; `fault` says why there is no manifest."""

    backup = fields.Nested(BackupSchema, required=True)
    evidence = fields.List(fields.Nested(EvidenceSchema), required=True)
    manifest = fields.Nested(ManifestSchema, required=True, allow_none=True)
    fault = fields.String(required=True)


class BackupQuerySchema(Schema):
    """Which backups are wanted."""

    database = fields.String(load_default="", validate=Length(max=_LONGEST_NAME))
    proof = fields.String(load_default="all", validate=OneOf(PROOFS))
    cursor = fields.String(load_default="", validate=Length(max=60))
    limit = fields.Integer(load_default=50, validate=Range(1, _LONGEST_LIST))


class NewBackupSchema(Schema):
    """A backup to take: of the console's own database where none is named, of all its tables unless some are
    named. With `contents` their rows are hashed too."""

    database = fields.String(load_default="", validate=Length(max=_LONGEST_NAME))
    note = fields.String(load_default="", validate=Length(max=NOTE_LENGTH))
    tables = fields.List(fields.String(), load_default=list, validate=Length(max=_MOST_NAMES))
    schemas = fields.List(fields.String(), load_default=list, validate=Length(max=_MOST_NAMES))
    contents = fields.Boolean(load_default=True)


class LevelSchema(Schema):
    """How far to prove it, each level with those before it."""

    level = fields.String(load_default=Level.EQUAL.value, validate=OneOf(PROVABLE))


class PinSchema(Schema):
    """Whether it stays whatever its age."""

    is_pinned = fields.Boolean(required=True)
