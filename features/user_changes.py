"""What admins do to users: make, change, shut out, let back in, reset their password, end their sessions."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, select

from core.actor import Role
from core.clock import utc_now
from core.errors import AlreadyExists, Conflict, InvalidInput
from core.naming import fold
from core.progress import Operation, operation
from core.text import plural, visible
from database.transactions import DatabaseSession, transaction
from features.choices import check_choice
from features.last_admin import check_admin_left, hold_admins
from features.login_sessions import end_sessions
from features.sign_in_links import Purpose, add_link, end_links
from features.token_rows import revoke_tokens
from features.user_rows import UserFacts, find_user, read_user
from features.users import NewUser, check_email, check_name, check_new_user, naming_conflicts
from models import LoginSession, SignInLink, User
from models.user import TIERS as TIERS

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class PasswordLink:
    """A user, and the token of the link under which they set their password: shown once."""

    user: UserFacts
    token: str = field(repr=False)


@dataclass(frozen=True)
class UserChange:
    """What is to be different; None leaves it as it is."""

    name: str | None = None
    email: str | None = None
    role: str | None = None
    tier: str | None = None


@dataclass(frozen=True)
class Chosen:
    """Some users, by their names; as text "ada", or "ada and 11 more"."""

    usernames: tuple[str, ...]

    def __str__(self) -> str:
        rest = len(self.usernames) - 1
        return self.usernames[0] + (f" and {rest} more" if rest else "")


def check_user(new: NewUser, role: str, tier: str) -> None:
    """Raises InvalidInput unless such a user can be made: before anything is recorded."""
    check_new_user(new)
    check_choice("role", role, tuple(Role), optional=False)
    check_choice("tier", tier, TIERS, optional=False)


def check_free(new: NewUser) -> None:
    """Raises AlreadyExists that says which of the two another user has. Needs an application context."""
    with transaction() as session:
        for column, word, text in (
            (User.username, "username", fold(new.username)),
            (User.email, "email", fold(new.email)),
        ):
            if session.scalar(select(User.id).where(column == text)) is not None:
                raise AlreadyExists(f"Another user has the {word} {visible(text)}.", hint="Choose another.")


def check_change(change: UserChange) -> None:
    """Raises InvalidInput unless a user can be changed so: before anything is recorded."""
    for check, text in ((check_name, change.name), (check_email, change.email)):
        if text is not None:
            check(text)
    if change.role is not None:
        check_choice("role", change.role, tuple(Role), optional=False)
    if change.tier is not None:
        check_choice("tier", change.tier, TIERS, optional=False)


def choose(usernames: tuple[str, ...]) -> Chosen:
    """Those users, each once, as they are written. Raises InvalidInput for none and for too many, NotFound.
    Needs an application context."""
    if not 1 <= len(usernames) <= MOST_AT_ONCE:
        raise InvalidInput(f"Choose 1 to {MOST_AT_ONCE} users.")
    with transaction() as session:
        return Chosen(tuple(dict.fromkeys(find_user(session, one).username for one in usernames)))


@operation("user.create", title="Add the user {new.username}", target="user {new.username}")
def create_user(op: Operation, new: NewUser, role: str, tier: str) -> PasswordLink:
    """Make a user, who sets a password by the link. Raises InvalidInput, AlreadyExists."""
    check_user(new, role, tier)
    check_free(new)
    words = {"username": new.username, "email": new.email, "name": new.name.strip()}
    with naming_conflicts(), transaction() as session:
        user = User(**words, role=role, subscription_tier=tier)
        session.add(user)
        session.flush()
        token = _new_link(session, user)
    op.note(f"{fold(new.username)} is {role}, tier {tier}.")
    return PasswordLink(read_user(new.username, utc_now()), token)


@operation("user.edit", title="Change the user {username}", target="user {username}")
def edit_user(op: Operation, username: str, change: UserChange) -> UserFacts:
    """Change a user. Whose role changes is signed out everywhere (TRUST S2). Raises InvalidInput, NotFound,
    AlreadyExists, LastAdmin."""
    check_change(change)
    with naming_conflicts(), transaction() as session:
        if change.role is not None:
            hold_admins(session)
        user = find_user(session, username)
        was_admin, role = user.role == "admin" and user.is_active, user.role
        notes = _apply(user, change)
        session.flush()
        if user.role != role:
            end_sessions(session, LoginSession.user_id == user.id, utc_now())
        if was_admin and user.role != "admin":
            check_admin_left(session)
    for note in notes or ["Nothing was different."]:
        op.note(note)
    return read_user(username, utc_now())


@operation("user.activate", title="Activate {chosen}", target="user {chosen}")
def activate_users(op: Operation, chosen: Chosen) -> int:
    """Let users sign in again; gives how many could not before. Raises NotFound."""
    return _switch(op, chosen, is_active=True)


@operation("user.deactivate", title="Deactivate {chosen}", target="user {chosen}")
def deactivate_users(op: Operation, chosen: Chosen) -> int:
    """Shut users out of every door, end their sessions and revoke their API tokens; gives how many came in
    before. All or none. Raises NotFound, LastAdmin."""
    return _switch(op, chosen, is_active=False)


@operation("user.reset_password", title="Reset the password of {username}", target="user {username}")
def reset_password(op: Operation, username: str) -> PasswordLink:
    """Let a user set a new password by a link. Their old one opens nothing from now on, nor do their
    sessions and API tokens. Raises NotFound, Conflict for one who is not active, whom no password lets in."""
    with transaction() as session:
        user = find_user(session, username)
        if not user.is_active:
            raise Conflict(f"{user.username} is not active.", hint="Let them sign in again first: Activate.")
        user.password_hash = ""
        end_sessions(session, LoginSession.user_id == user.id, utc_now())
        revoke_tokens(session, user.id)
        token = _new_link(session, user)
    op.note("The old password opens nothing any more. All sessions were ended, all API tokens revoked.")
    return PasswordLink(read_user(username, utc_now()), token)


@operation("user.end_sessions", title="End all sessions of {username}", target="user {username}")
def end_user_sessions(op: Operation, username: str) -> int:
    """Sign a user out in every browser; gives how many sessions that were. Raises NotFound."""
    with transaction() as session:
        user = find_user(session, username)
        theirs = LoginSession.user_id == user.id
        count = session.scalar(select(func.count()).select_from(LoginSession).where(theirs)) or 0
        end_sessions(session, theirs, utc_now())
    op.note(f"{plural(count, 'session')} ended.")
    return count


def _switch(op: Operation, chosen: Chosen, *, is_active: bool) -> int:
    changed, roles = [], set()
    with transaction() as session:
        hold_admins(session)
        for username in chosen.usernames:
            user = find_user(session, username)
            if user.is_active != is_active:
                user.is_active = is_active
                changed.append(user.username)
                roles.add(user.role)
            if not is_active:
                end_sessions(session, LoginSession.user_id == user.id, utc_now())
                end_links(session, SignInLink.user_id == user.id)
                revoke_tokens(session, user.id)  # or they would work again with who is let back in
        if "admin" in roles and not is_active:
            check_admin_left(session)
    for username in changed:
        op.note(f"{username} is {'active' if is_active else 'inactive'}.")
    return len(changed)


def _apply(user: User, change: UserChange) -> list[str]:
    """Put the change into the row; gives what is different now, in words."""
    wanted = {
        "name": None if change.name is None else change.name.strip(),
        "email": None if change.email is None else fold(change.email),
        "role": change.role,
        "subscription_tier": change.tier,
    }
    before = {name: getattr(user, name) for name in wanted}
    different = {name: now for name, now in wanted.items() if now not in (None, before[name])}
    for name, now in different.items():
        setattr(user, name, now)
    return [_words(name, before[name], now) for name, now in different.items()]


def _words(name: str, before: str, now: str) -> str:
    """More people read the log of an operation than may see names and addresses."""
    if name in ("name", "email"):
        return f"The {name} is another."
    return f"The {name.removeprefix('subscription_')} was {before} and is {now}."


def _new_link(session: DatabaseSession, user: User) -> str:
    """The one link of a user that works."""
    end_links(session, SignInLink.user_id == user.id)
    return add_link(session, Purpose.PASSWORD, "admin", utc_now(), user.id)
