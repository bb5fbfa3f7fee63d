"""The console's users: the first admin, further admins, and the passwords they set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.clock import utc_now
from core.errors import AlreadyExists, Conflict, InvalidInput
from core.naming import fold
from core.progress import Operation, operation
from core.text import visible
from database.adapters import closing_connection
from database.context import current_settings
from database.transactions import DatabaseSession, transaction
from features.login_sessions import end_sessions
from features.passwords import check_password, hash_password
from features.sign_in_links import (
    LinkUseless,
    Purpose,
    active_admin_exists,
    add_link,
    end_links,
    link_works,
    read_link,
    use_up,
)
from features.token_rows import revoke_tokens
from models import LoginSession, SignInLink, User

_USERNAME = re.compile(r"\w[\w.\-]{2,79}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LOCK_PATIENCE = 30.0  # seconds a starting worker waits for its siblings


@dataclass(frozen=True)
class NewUser:
    """What a person says of themselves."""

    name: str
    email: str
    username: str


def check_username(text: str) -> None:
    """Raises InvalidInput unless `text` can be a username. It has no @, so that it is never an email."""
    if not _USERNAME.fullmatch(fold(text)):
        raise InvalidInput("3 to 80 letters, digits, dots, dashes or underscores, no space.")


def check_email(text: str) -> None:
    """Raises InvalidInput unless `text` has the form of an email address."""
    folded = fold(text)
    if not _EMAIL.fullmatch(folded) or len(folded) > 254 or visible(folded) != folded:
        raise InvalidInput("An email address looks like name@example.com.")


def check_name(text: str) -> None:
    """Raises InvalidInput unless `text` can be a person's name."""
    if not 1 <= len(text.strip()) <= 100:
        raise InvalidInput("1 to 100 characters.")
    if hidden := next((char for char in text if visible(char) != char), ""):
        raise InvalidInput(f"A name cannot hold the invisible character {visible(hidden)}.")


def check_new_user(new: NewUser) -> None:
    """Raises InvalidInput that names every fault of `new` at once."""
    checks = (
        ("Username", check_username, new.username),
        ("Email", check_email, new.email),
        ("Name", check_name, new.name),
    )
    faults: list[str] = []
    for what, check, text in checks:
        try:
            check(text)
        except InvalidInput as error:
            faults.append(f"{what}: {error.message}")
    if faults:
        raise InvalidInput(" ".join(faults))


def issue_first_admin_link(issuer: str, at: datetime | None = None) -> str | None:
    """The token of a link to create the first admin; None when an admin exists. `issuer` is "kind/start":
    of all workers of one start the first alone gets a link, and a new start ends the links of those
    before. A kind alone, such as a command, gets a new link each time."""
    moment = at or utc_now()
    kind, _, start = issuer.partition("/")
    with _first_admin_lock(), transaction() as session:
        if active_admin_exists(session) or (start and link_works(session, issuer, moment)):
            return None
        end_links(session, SignInLink.issuer.startswith(kind, autoescape=True))
        return add_link(session, Purpose.FIRST_ADMIN, issuer, moment)


def create_first_admin(token: str, new: NewUser, password: str, at: datetime) -> int:
    """Use the first admin's link up and make that user; gives the id. Of two at once, one wins. Raises
    LinkUseless, InvalidInput, AlreadyExists; the link then still works."""
    check_new_user(new)
    read_link(token, Purpose.FIRST_ADMIN, at)  # before the costly hash
    check_password(password, new.username, new.email, new.name)
    password_hash = hash_password(password)
    with naming_conflicts(), _first_admin_lock(), transaction() as session:
        use_up(session, token, Purpose.FIRST_ADMIN, at)
        if active_admin_exists(session):
            raise LinkUseless()
        return _add_admin(session, new, password_hash)


@operation("user.create_admin", title="Make {username} an admin", target="{username}")
def create_admin(op: Operation, username: str, email: str, name: str) -> str:
    """Make an admin who has no password yet, or let one back in; gives the token of a link to set the
    password. Raises InvalidInput, and AlreadyExists when the name or the email is another's."""
    new = NewUser(name, email, username)
    check_new_user(new)
    with naming_conflicts(), transaction() as session:
        user = session.scalar(select(User).where(User.username == username))
        if user is not None:
            _check_is_admin(user, new)
            _let_back_in(session, user)
            user_id = user.id
            op.note(f"{user.username} was an admin already.")
        else:
            user_id = _add_admin(session, new, password_hash="")
        end_links(session, SignInLink.user_id == user_id)
        return add_link(session, Purpose.PASSWORD, "create-admin", utc_now(), user_id)


def set_password(token: str, password: str, at: datetime) -> int:
    """Use a password link up, keep the new password and end the user's sessions (TRUST S3); gives the
    user's id. Raises LinkUseless, and InvalidInput, after which the link still works."""
    link = read_link(token, Purpose.PASSWORD, at)
    check_password(password, link.username, link.email, link.name)
    password_hash = hash_password(password)
    with transaction() as session:
        user = session.get_one(User, use_up(session, token, Purpose.PASSWORD, at))
        _keep_password(session, user, password_hash, at)
        return user.id


def change_password(user_id: int, password: str, at: datetime) -> None:
    """Keep the new password of whoever has just given their old one, and end all of their sessions (TRUST
    S3) and links. Raises InvalidInput."""
    with transaction() as session:
        user = session.get_one(User, user_id)
        words = user.username, user.email, user.name
    check_password(password, *words)
    password_hash = hash_password(password)
    with transaction() as session:
        end_links(session, SignInLink.user_id == user_id)
        _keep_password(session, session.get_one(User, user_id), password_hash, at)


def _keep_password(session: DatabaseSession, user: User, password_hash: str, at: datetime) -> None:
    user.password_hash = password_hash
    end_sessions(session, LoginSession.user_id == user.id, at)


def _let_back_in(session: DatabaseSession, user: User) -> None:
    """Active again; one who was shut out comes back by the new link alone, not by what may have leaked."""
    if not user.is_active:
        user.is_active, user.password_hash = True, ""
        end_sessions(session, LoginSession.user_id == user.id, utc_now())
        revoke_tokens(session, user.id)


def _check_is_admin(user: User, new: NewUser) -> None:
    if user.role != "admin":
        raise AlreadyExists(f"{user.username} exists and is no admin.", hint="Choose another username.")
    if user.email != fold(new.email):
        raise AlreadyExists(
            f"{user.username} is an admin with another email.",
            hint="Give that email to let them back in, or choose another username.",
        )


def _add_admin(session: DatabaseSession, new: NewUser, password_hash: str) -> int:
    user = User(
        username=new.username,
        email=new.email,
        name=new.name.strip(),
        password_hash=password_hash,
        role="admin",
    )
    session.add(user)
    session.flush()
    return user.id


@contextmanager
def _first_admin_lock() -> Iterator[None]:
    """One at a time may make the first admin or the link to it: the server's own lock sees to that."""
    settings = current_settings()
    with (
        closing_connection(settings.database, settings.db_connect_timeout) as (adapter, connection),
        adapter.native_lock(connection, "first-admin", _LOCK_PATIENCE),
    ):
        yield


@contextmanager
def naming_conflicts() -> Iterator[None]:
    """Say of a row that stands against another what it is about. Raises AlreadyExists."""
    try:
        yield
    except Conflict as error:
        if type(error) is not Conflict:
            raise  # one that says more
        message = "Another user has this username or this email."
        raise AlreadyExists(message, hint="Choose another.") from error
