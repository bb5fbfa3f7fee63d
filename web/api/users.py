"""Users at the API: listed, shown, made, changed, shut out, let back in, exported."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app

from core.actor import Role
from core.errors import NotAllowed
from features.row_counts import RowCount
from features.user_changes import (
    Chosen,
    PasswordLink,
    UserChange,
    activate_users,
    check_change,
    check_user,
    choose,
    create_user,
    deactivate_users,
    edit_user,
    end_user_sessions,
    reset_password,
)
from features.user_list import EXPORTED, UserFilter, all_users, list_users
from features.user_rows import UserFacts, admins_among, read_user_by_id
from features.users import NewUser
from operations.runner import Runner
from web.api.frame import ApiBlueprint
from web.api.list_schemas import parted
from web.api.user_schemas import (
    CountSchema,
    NewUserSchema,
    PasswordLinkSchema,
    UserChangeSchema,
    UserExportSchema,
    UserListSchema,
    UsernamesSchema,
    UserQuerySchema,
    UserSchema,
)
from web.auth import now
from web.bearer import caller
from web.downloads import download
from web.looks import read_row_count
from web.permissions import allow
from web.settings import settings_of

part = ApiBlueprint("users", "Who may sign in to the console, and what they may do.")

_ONE = "/<int(max=9223372036854775807):number>"


@part.on_get("")
@part.takes(UserQuerySchema, "query")
@part.gives(UserListSchema)
@allow(Role.ADMIN)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Users, in the order of `sort`; a search by beginnings has an order of its own."""
    wanted, place = parted(asked, "cursor", "limit")
    page = list_users(UserFilter(**wanted), now(), **place)
    total: RowCount | None = read_row_count("user")
    return {"users": page.rows, "next_cursor": page.next_cursor or None, "total": total}


@part.on_get("/export")
@part.takes(UserExportSchema, "query")
@part.gives_file
@allow(Role.ADMIN)
def export(asked: dict[str, Any]) -> Response:
    """All users of a filter, as a file."""
    wanted, rest = parted(asked, "form")
    facts = all_users(UserFilter(**wanted), now())
    return download(caller().actor, "users", rest["form"], facts, EXPORTED)


@part.on_post("")
@part.takes(NewUserSchema)
@part.gives(PasswordLinkSchema, 201)
@part.may_answer(409)
@allow(Role.ADMIN)
def create(wanted: dict[str, Any]) -> dict[str, Any]:
    """Add a viewer or an operator, and get the link under which they set a password, shown this once."""
    new = NewUser(wanted["name"] or wanted["username"], wanted["email"], wanted["username"])
    check_user(new, wanted["role"], wanted["tier"])  # before anything is recorded
    _refuse_admins(wanted["role"])
    return _with_link(_runner().run(create_user, new, wanted["role"], wanted["tier"]))


@part.on_get(_ONE)
@part.gives(UserSchema)
@part.may_answer(404)
@allow(Role.ADMIN)
def show(number: int) -> UserFacts:
    """One user."""
    return read_user_by_id(number, now())


@part.on_patch(_ONE)
@part.takes(UserChangeSchema)
@part.gives(UserSchema)
@part.may_answer(404, 409)
@allow(Role.ADMIN)
def update(wanted: dict[str, Any], number: int) -> UserFacts:
    """Change a viewer or an operator. Whose role changes is signed out everywhere."""
    change, username = UserChange(**wanted), read_user_by_id(number, now()).username
    check_change(change)  # before anything is recorded
    _refuse_admins(change.role, username)
    return _runner().run(edit_user, username, change)


@part.on_post("/activate")
@part.takes(UsernamesSchema)
@part.gives(CountSchema)
@part.may_answer(404, 409)
@allow(Role.ADMIN)
def activate(wanted: dict[str, Any]) -> dict[str, int]:
    """Let viewers and operators sign in again."""
    return {"changed": _runner().run(activate_users, _chosen(wanted))}


@part.on_post("/deactivate")
@part.takes(UsernamesSchema)
@part.gives(CountSchema)
@part.may_answer(404, 409)
@allow(Role.ADMIN)
def deactivate(wanted: dict[str, Any]) -> dict[str, int]:
    """Shut viewers and operators out of every door, all or none."""
    return {"changed": _runner().run(deactivate_users, _chosen(wanted))}


@part.on_post(f"{_ONE}/reset-password")
@part.gives(PasswordLinkSchema)
@part.may_answer(404, 409)
@allow(Role.ADMIN)
def reset(number: int) -> dict[str, Any]:
    """Make the password of a viewer or an operator worthless, and get the link to a new one, which is shown
    this once."""
    return _with_link(_runner().run(reset_password, _no_admin(number)))


@part.on_delete(f"{_ONE}/sessions")
@part.gives(CountSchema)
@part.may_answer(404, 409)
@allow(Role.ADMIN)
def end_sessions(number: int) -> dict[str, int]:
    """Sign a viewer or an operator out in every browser."""
    return {"changed": _runner().run(end_user_sessions, _no_admin(number))}


def _runner() -> Runner:
    return Runner(caller().actor, settings_of(current_app))


def _chosen(wanted: dict[str, Any]) -> Chosen:
    chosen = choose(tuple(wanted["usernames"]))
    _refuse_admins(None, *chosen.usernames)
    return chosen


def _no_admin(number: int) -> str:
    username = read_user_by_id(number, now()).username
    _refuse_admins(None, username)
    return username


def _refuse_admins(role: str | None, *usernames: str) -> None:
    """A token proves no password: a stolen one must not live on in an admin whom it made or took over, nor
    shut the others out. Raises NotAllowed."""
    if role == Role.ADMIN or admins_among(usernames):
        raise NotAllowed("A token makes and changes no admin.", hint="Do it in the browser, under Users.")


def _with_link(made: PasswordLink) -> dict[str, Any]:
    address = f"{settings_of(current_app).console_address}/set-password/{made.token}"
    return {"user": made.user, "link": address}
