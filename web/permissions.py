"""Who may open what: each endpoint declares it, and what declares nothing is open to nobody (TRUST D10). What
does harm also wants a password given within the last five minutes (TRUST S5). People come with a session,
programs at the API with a token; neither is worth anything at the other's door (S8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_login import current_user

from core.actor import Role
from core.errors import NotAllowed
from web.auth import WebUser, ask_for_proof, ask_to_sign_in
from web.bearer import caller, is_for_api

View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "least_role"
_FRESH = "needs_proof"
_PEOPLE_TOO = "is_for_people_too"
PUBLIC = "public"


def allow(role: Role) -> Callable[[View], View]:
    """Open an endpoint to signed-in users of `role` and above."""
    return _declare(role)


def public(view: View) -> View:
    """Open an endpoint to everyone."""
    return _declare(PUBLIC)(view)


def fresh(view: View) -> View:
    """Open an endpoint only to those who gave their password within the last five minutes; others prove
    first that they are still themselves, and come back. Stands beside `allow`."""
    setattr(view, _FRESH, True)
    return view


def people_too(view: View) -> View:
    """Open an endpoint of the API, which only reads, to signed-in people as well. Stands beside `allow`."""
    setattr(view, _PEOPLE_TOO, True)
    return view


def needs_proof(app: Flask, endpoint: str) -> bool:
    """True when the endpoint is declared `fresh`."""
    return getattr(app.view_functions.get(endpoint), _FRESH, False)


def declared_permission(app: Flask, endpoint: str) -> Role | str | None:
    """What the endpoint declares: a role, PUBLIC, or None when it declares nothing."""
    return permission_of(app.view_functions.get(endpoint))


def permission_of(view: Callable[..., Any] | None) -> Role | str | None:
    """What the view declares, as above."""
    return getattr(view, _ATTRIBUTE, None)


def check_permission() -> Any:
    """Before every request: let it pass, ask for a sign-in or a proof, or raise NotAllowed; at the API
    TokenRefused and TooManyTries."""
    if request.endpoint is None:
        return None  # no such page: what follows answers 404 or 405
    declared = declared_permission(current_app, request.endpoint)
    if declared == PUBLIC:
        return None
    if not isinstance(declared, Role):
        raise NotAllowed("This page is open to nobody.")
    if is_for_api() and not _comes_as_person():
        return _check_program(declared)
    return _check_person(declared)


def _check_person(declared: Role) -> Any:
    if not isinstance(user := current_user._get_current_object(), WebUser):
        return ask_to_sign_in()
    _check_role(user.role, declared)
    if needs_proof(current_app, request.endpoint or "") and not user.proved_lately:
        return ask_for_proof()
    return None


def _check_program(declared: Role) -> None:
    _check_role(caller().actor.role, declared)
    if needs_proof(current_app, request.endpoint or ""):
        raise NotAllowed("This takes a person who has just given their password.")  # which no token proves


def _check_role(role: Role, declared: Role) -> None:
    if not role.includes(declared):
        raise NotAllowed(f"This needs the role {declared}.", hint="Ask an admin of the console.")


def _comes_as_person() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    if not getattr(view, _PEOPLE_TOO, False) or "Authorization" in request.headers:
        return False
    return isinstance(current_user._get_current_object(), WebUser)


def _declare(permission: Role | str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, permission)
        return view

    return mark
