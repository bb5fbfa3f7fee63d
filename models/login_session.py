"""Browser sessions, the one-time links that open one, and the sign-ins that were refused."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from models.base import Model, table_options
from models.types import Identifier, UtcDateTime


class LoginSession(Model):
    """One signed-in browser. Only the SHA-256 of its identifier is kept. What `stays` has no idle limit."""

    __tablename__ = "login_session"
    __table_args__ = table_options()

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    online_user_id: Mapped[int | None] = mapped_column(
        ForeignKey("online_user.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    proven_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ip_address: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(255), default="")
    stays: Mapped[bool] = mapped_column(default=False)


class SignInLink(Model):
    """A link that works once. `user_id` is empty for the one that makes the first admin; `issuer` is the
    start of the server, or the command, that printed it."""

    __tablename__ = "sign_in_link"
    __table_args__ = table_options(CheckConstraint("purpose IN ('first_admin', 'password')", name="purpose"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInFailure(Model):
    """A sign-in that was refused. `account` is the folded name or email that was typed, which need not be
    anybody's; `network` is the /24 or /64 it came from."""

    __tablename__ = "sign_in_failure"
    __table_args__ = table_options(Index(None, "account", "at"), Index(None, "network", "at"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    account: Mapped[str] = mapped_column(String(254))
    network: Mapped[str] = mapped_column(String(45))
    ip_address: Mapped[str] = mapped_column(String(45))
