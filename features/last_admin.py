"""There is always somebody who can administer the console: the last active admin stays one."""

from __future__ import annotations

from sqlalchemy import select, update

from core.errors import Conflict
from database.transactions import DatabaseSession
from models import User


class LastAdmin(Conflict):
    """Nobody could administer the console any more. Nothing was changed."""

    code = "last_admin"
    hint = "Make another active admin first, who sets a password."


def hold_admins(session: DatabaseSession) -> None:
    """Let no other transaction change an active admin until this one ends. A write, and the first of its
    transaction: of two that each take the right from another admin, the second then sees what the first did,
    on every server."""
    admins = update(User).where(User.role == "admin", User.is_active.is_(True))
    session.execute(
        admins.values(updated_at=User.updated_at), execution_options={"synchronize_session": False}
    )


def check_admin_left(session: DatabaseSession) -> None:
    """Raises LastAdmin when what the transaction has done leaves no active admin who can sign in: one who
    has not set a password may never do."""
    session.flush()
    able = User.role == "admin", User.is_active.is_(True), User.password_hash != ""
    if session.scalar(select(User.id).where(*able).limit(1)) is None:
        raise LastAdmin()
