"""Who did what to what, when, and how it ended: written before and after, each row chained to the last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, table_options
from models.types import Identifier, JsonText, UtcDateTime


class AuditEvent(Model):
    """`event` is the intent or the outcome. `hash` is the SHA-256 of the row and of `previous_hash`, whose
    uniqueness keeps the chain from forking."""

    __tablename__ = "audit"
    __table_args__ = table_options(CheckConstraint("event IN ('intent', 'outcome')", name="event"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    event: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(50), index=True)
    target: Mapped[str] = mapped_column(String(255))
    actor: Mapped[str] = mapped_column(String(100), index=True)
    through: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(45), default="")
    operation_id: Mapped[str] = mapped_column(String(26), default="", index=True)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JsonText, default=dict)
    previous_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class AuditHead(Model):
    """The end of the chain, one row: how many entries there are and the hash of the newest, so that rows cut
    from the end are missed too."""

    __tablename__ = "audit_head"
    __table_args__ = table_options()

    id: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    entries: Mapped[int] = mapped_column(Identifier)
    hash: Mapped[str] = mapped_column(String(64))
