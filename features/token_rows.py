"""The rows of API tokens: found by prefix or by the token itself, and read into facts that hold no secret."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, update

from core.actor import Role
from core.clock import utc_now
from core.errors import NotFound
from core.text import visible
from database.transactions import DatabaseSession, transaction
from features.sign_in_links import hash_token
from models import ApiToken, User

US = "basekeeper"  # who revokes what nobody was asked about
_PREFIX = re.compile("[0-9a-f]{12}")
_TOKEN = re.compile(rf"bk_({_PREFIX.pattern})_([A-Za-z0-9_-]{{43}})")
_NOBODYS = hash_token("")  # compared with where there is no such token, so that this takes as long


@dataclass(frozen=True)
class TokenFacts:
    """What may be shown of a token. `username` is whose it is; it may do what `role` may, and never more than
    its user."""

    prefix: str
    name: str
    username: str
    role: Role
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: str
    last_used_at: datetime | None
    user_id: int
    user_role: Role
    has_active_user: bool

    @property
    def least_role(self) -> Role:
        """What it may do now: its user may have become less than the token is."""
        return self.role if self.user_role.includes(self.role) else self.user_role

    def state(self, at: datetime) -> str:
        """active, revoked, expired, or inactive where its user is."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= at:
            return "expired"
        return "active" if self.has_active_user else "inactive"


def token_text(prefix: str, secret: str) -> str:
    """The token as its bearer sends it."""
    return f"bk_{prefix}_{secret}"


def find_tokens(text: str) -> tuple[str, ...]:
    """Everything within `text` that has the form of a token."""
    return tuple(found[0] for found in _TOKEN.finditer(text))


def identify_token(text: str) -> TokenFacts | None:
    """The token that `text` is, whatever its state; None when it is none that was made here."""
    parts = _TOKEN.fullmatch(text)
    if parts is None:
        return None
    facts, stored = _find(parts[1]) or (None, _NOBODYS)
    return facts if hmac.compare_digest(stored, hash_token(parts[2])) else None


def list_tokens() -> tuple[TokenFacts, ...]:
    """All tokens, the newest first. Needs an application context."""
    with transaction() as session:
        rows = session.execute(_with_user().order_by(ApiToken.id.desc())).all()
        return tuple(facts_of(token, user) for token, user in rows)


def read_token(prefix: str) -> TokenFacts:
    """The token of that prefix. Raises NotFound."""
    found = _find(prefix) if _PREFIX.fullmatch(prefix) else None
    if found is None:
        raise NotFound(
            f"There is no token {visible(prefix[:40])}.", hint="List them: python manage_db.py token list"
        )
    return found[0]


def revoke_tokens(session: DatabaseSession, user_id: int) -> None:
    """Let every token of a user open nothing any more, in the caller's transaction."""
    unrevoked = update(ApiToken).where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    session.execute(unrevoked.values(revoked_at=utc_now(), revoked_by=US))


def facts_of(row: ApiToken, user: User) -> TokenFacts:
    """What may be shown of a row."""
    return TokenFacts(
        row.prefix,
        row.name,
        user.username,
        Role(row.role),
        row.created_at,
        row.created_by,
        row.expires_at,
        row.revoked_at,
        row.revoked_by,
        row.last_used_at,
        user.id,
        Role(user.role),
        user.is_active,
    )


def _find(prefix: str) -> tuple[TokenFacts, str] | None:
    """The token of that prefix, and what is stored of its secret."""
    with transaction() as session:
        row = session.execute(_with_user().where(ApiToken.prefix == prefix)).one_or_none()
        return (facts_of(row[0], row[1]), row[0].hash) if row else None


def _with_user() -> Select[ApiToken, User]:
    return select(ApiToken, User).join(User, User.id == ApiToken.user_id)
