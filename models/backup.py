"""Backups, what was seen of each, and the databases that a restore put aside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, true
from sqlalchemy.orm import Mapped, mapped_column

from core.backup_levels import Level
from core.clock import utc_now
from models.base import Model, table_options
from models.types import Identifier, UtcDateTime

_LEVEL_WORDS = ", ".join(f"'{level}'" for level in Level)


class Backup(Model):
    """One backup. `database` is the name its database had; `database_id` is empty for the console's own, for
    one whose registration was removed, and for one from elsewhere. `level` is the highest one that was seen,
    or "damaged"; `proven_at` when it was. `file` is its name in its `storage`. `is_whole` when it holds all
    of its database, and not what somebody chose of it; `has_contents` when they were hashed, so that a copy
    can be shown to be equal. Sizes are bytes, `seconds` how long it took, `restore_seconds` how long its last
    restore took. A row with `removed_at` is what retention left of it."""

    __tablename__ = "backup"
    __table_args__ = table_options(
        CheckConstraint(f"level IN ({_LEVEL_WORDS}, 'damaged')", name="level"),
        CheckConstraint("origin IN ('made', 'uploaded', 'adopted')", name="origin"),
        Index(None, "database", "taken_at"),
        Index(None, "taken_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    database: Mapped[str] = mapped_column(String(255))
    is_own: Mapped[bool] = mapped_column(default=False)
    database_id: Mapped[str | None] = mapped_column(
        String(26), ForeignKey("registered_database.id", ondelete="SET NULL"), index=True
    )
    origin: Mapped[str] = mapped_column(String(20), default="made")
    reason: Mapped[str] = mapped_column(String(50), default="by hand")
    made_by: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(Text, default="")
    operation_id: Mapped[str] = mapped_column(String(26), default="")
    dialect: Mapped[str] = mapped_column(String(20))
    server: Mapped[str] = mapped_column(String(100), default="")
    tool: Mapped[str] = mapped_column(String(100), default="")
    revision: Mapped[str] = mapped_column(String(100), default="")
    storage: Mapped[str] = mapped_column(String(40), default="local")
    file: Mapped[str] = mapped_column(String(255), unique=True)
    manifest_sha256: Mapped[str] = mapped_column(String(64), default="")
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Identifier)
    data_size: Mapped[int | None] = mapped_column(Identifier)
    table_count: Mapped[int | None] = mapped_column()
    row_count: Mapped[int | None] = mapped_column(Identifier)
    is_whole: Mapped[bool] = mapped_column(default=True, server_default=true())
    has_contents: Mapped[bool] = mapped_column(default=True, server_default=true())
    encrypted_to: Mapped[str] = mapped_column(String(100), default="")
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float] = mapped_column(default=0.0)
    restore_seconds: Mapped[float | None] = mapped_column()
    level: Mapped[str] = mapped_column(String(20), default="stored")
    proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_pinned: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BackupEvidence(Model):
    """What was seen of a backup when it was held against one level: `is_met` says whether it passed,
    `details` what was observed, in words."""

    __tablename__ = "backup_evidence"
    __table_args__ = table_options(
        CheckConstraint(f"level IN ({_LEVEL_WORDS})", name="level"), Index(None, "backup_id", "id")
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    backup_id: Mapped[str] = mapped_column(String(26), ForeignKey("backup.id", ondelete="CASCADE"))
    level: Mapped[str] = mapped_column(String(20))
    is_met: Mapped[bool] = mapped_column()
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float] = mapped_column()
    details: Mapped[str] = mapped_column(Text, default="")
    operation_id: Mapped[str] = mapped_column(String(26), default="")


class Replacement(Model):
    """A restore in the place of a live database: written before the swap, so that whoever comes after a crash
    knows what was under way. `kept_name` holds what was there before until `kept_until`; `live_identity` and
    `new_identity` are how the server itself tells the two databases apart, whatever their names."""

    __tablename__ = "replacement"
    __table_args__ = table_options(
        CheckConstraint("state IN ('prepared', 'swapped', 'undone', 'dropped', 'abandoned')", name="state"),
        Index(None, "state", "kept_until"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    backup_id: Mapped[str | None] = mapped_column(
        String(26), ForeignKey("backup.id", ondelete="SET NULL"), index=True
    )
    database: Mapped[str] = mapped_column(String(255))
    is_own: Mapped[bool] = mapped_column(default=False)
    database_id: Mapped[str | None] = mapped_column(
        String(26), ForeignKey("registered_database.id", ondelete="SET NULL"), index=True
    )
    live_name: Mapped[str] = mapped_column(String(255))
    new_name: Mapped[str] = mapped_column(String(255))
    kept_name: Mapped[str] = mapped_column(String(255))
    live_identity: Mapped[str] = mapped_column(String(255), default="")
    new_identity: Mapped[str] = mapped_column(String(255), default="")
    operation_id: Mapped[str] = mapped_column(String(26), default="")
    state: Mapped[str] = mapped_column(String(20), default="prepared")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    swapped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kept_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
