"""API tokens: made for a user and shown once, taken from the Authorization header, revoked (TRUST S7)."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from core.actor import Actor, Role
from core.clock import utc_now
from core.errors import AppError, InvalidInput, NotFound, ServerError
from core.naming import fold, new_id
from core.progress import Operation, operation
from core.text import visible
from database.transactions import DatabaseSession, transaction
from features.sign_in_links import hash_token, new_token
from features.throttling import Door, begin_attempt, network_of
from features.token_rows import TokenFacts, facts_of, identify_token, read_token, token_text
from models import ApiToken, User

DEFAULT_DAYS = 90
LONGEST_DAYS = 365
LONGEST_NAME = 80
_TOUCH_EVERY = timedelta(minutes=1)


class TokenRefused(AppError):
    """This token opens nothing."""

    code = "token_refused"
    http_status = 401
    hint = "Send one that is neither expired nor revoked: Authorization: Bearer bk_..."


@dataclass(frozen=True)
class NewToken:
    """A token just made. `text` is for whoever asked for it, now, and nowhere else."""

    facts: TokenFacts
    text: str = field(repr=False)


@dataclass(frozen=True)
class Bearer:
    """Who came with a token: its user, with the lesser of the token's role and their own."""

    actor: Actor
    prefix: str
    expires_at: datetime


def check_token_name(text: str) -> None:
    """Raises InvalidInput unless `text` can be a token's name."""
    if not 1 <= len(text.strip()) <= LONGEST_NAME or visible(text) != text or "://" in text:
        raise InvalidInput(f"A name has 1 to {LONGEST_NAME} characters that can be seen, and is no URL.")


def check_days(days: int) -> None:
    """Raises InvalidInput unless a token may live so long."""
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidInput(f"A token lives 1 to {LONGEST_DAYS} days.")


def check_new_token(username: str, name: str, role: str, days: int, until: datetime | None = None) -> None:
    """What can be refused before anything is recorded. `until` is when a token that makes this one ends.
    Raises InvalidInput, and NotFound when no active user has that username."""
    check_token_name(name)
    check_days(days)
    if role not in list(Role):
        raise InvalidInput("There is no such role.", hint=f"Choose {', '.join(Role)}.")
    if until and utc_now() + timedelta(days=days) > until:
        raise InvalidInput(
            f"A token ends before the one that makes it, which ends {until:%Y-%m-%d %H:%M} UTC.",
            hint="Take fewer days, or make it on the page API tokens.",
        )
    with transaction() as session:
        user = _find_user(session, username)
        if not Role(user.role).includes(Role(role)):
            raise InvalidInput(f"{user.username} is {user.role}; a token of theirs cannot be more.")


@operation("token.create", title="Make the API token {name} of {username}", target="token {name}")
def create_token(
    op: Operation,
    username: str,
    name: str,
    role: str,
    days: int,
    *,
    created_by: str,
    until: datetime | None = None,
) -> NewToken:
    """Make a token of that user. Raises what `check_new_token` raises."""
    check_new_token(username, name, role, days, until)
    at, secret = utc_now(), new_token()
    row = ApiToken(id=new_id(), prefix=secrets.token_hex(6), hash=hash_token(secret), role=role)
    row.name, row.created_by = name.strip(), created_by
    row.created_at, row.expires_at = at, at + timedelta(days=days)
    with transaction() as session:
        user = _find_user(session, username)
        row.user_id = user.id
        session.add(row)
        session.flush()
        facts = facts_of(row, user)
    op.note(f"{facts.prefix} may do what {role} may, until {facts.expires_at:%Y-%m-%d %H:%M} UTC.")
    return NewToken(facts, token_text(facts.prefix, secret))


@operation("token.revoke", title="Revoke the API token {prefix}", target="token {prefix}")
def revoke_token(op: Operation, prefix: str, *, revoked_by: str, reason: str = "") -> TokenFacts:
    """Let the token open nothing any more; one that was revoked before stays as it is. Raises NotFound."""
    read_token(prefix)
    unrevoked = ApiToken.prefix == prefix, ApiToken.revoked_at.is_(None)
    revoked = {"revoked_at": utc_now(), "revoked_by": revoked_by}
    with transaction() as session:
        session.execute(update(ApiToken).where(*unrevoked).values(revoked))
    facts = read_token(prefix)
    op.note(f"{facts.name}, of {facts.username}, was revoked by {facts.revoked_by}. {reason}".rstrip())
    return facts


def authenticate_token(text: str, address: str, at: datetime) -> Bearer:
    """Who sends the token `text` from `address`. Raises TokenRefused, alike for one that was never made, has
    expired, was revoked, or whose user is not active (TRUST A6), and TooManyTries where many such came from
    that network (A5). What is right is never held up: nobody guesses 256 bits."""
    facts = identify_token(text)
    if facts is None or facts.state(at) != "active":
        begin_attempt(Door(f"bearer {network_of(address)}", address), at)
        raise TokenRefused()
    _touch(facts, at)
    actor = Actor(facts.username, facts.least_role, "api", address, facts.user_id, facts.prefix)
    return Bearer(actor, facts.prefix, facts.expires_at)


def _touch(facts: TokenFacts, at: datetime) -> None:
    due = at - _TOUCH_EVERY
    if facts.last_used_at is not None and facts.last_used_at > due:
        return
    mine = ApiToken.prefix == facts.prefix, or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= due)
    # A busy database must not turn a program away: the next request is written down instead.
    with suppress(ServerError), transaction() as session:
        session.execute(update(ApiToken).where(*mine).values(last_used_at=at))


def _find_user(session: DatabaseSession, username: str) -> User:
    wanted = fold(username)
    query = select(User).where(User.username == wanted, User.is_active.is_(True))
    user = session.scalar(query) if visible(wanted) == wanted else None  # a NUL would be the driver's error
    if user is None:
        raise NotFound(f'There is no active user "{visible(username[:80])}".')
    return user
