"""There is always somebody who can administer the console: the last active admin stays one."""

from __future__ import annotations

from sqlalchemy import update

from core.errors import Conflict
from database.transactions import DatabaseSession
from features.sign_in_links import active_admin_exists
from models import User


class LastAdmin(Conflict):
    """Nobody could administer the console any more. Nothing was changed."""

    code = "last_admin"
    hint = "Make another active admin first."


def hold_admins(session: DatabaseSession) -> None:
    """Let no other transaction change an active admin until this one ends. A write, and the first of its
    transaction: of two that each take the right from another admin, the second then sees what the first did,
    on every server."""
    admins = update(User).where(User.role == "admin", User.is_active.is_(True))
    session.execute(
        admins.values(updated_at=User.updated_at), execution_options={"synchronize_session": False}
    )


def check_admin_left(session: DatabaseSession) -> None:
    """Raises LastAdmin when what the transaction has done leaves no active admin."""
    session.flush()
    if not active_admin_exists(session):
        raise LastAdmin()
