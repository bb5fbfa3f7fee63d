"""Who may open what: each endpoint declares it, and what declares nothing is open to nobody (TRUST D10). What
does harm also wants a password given within the last five minutes (TRUST S5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_login import current_user

from core.actor import Role
from core.errors import NotAllowed
from web.auth import WebUser, ask_for_proof, ask_to_sign_in

View = TypeVar("View", bound=Callable[..., Any])

_ATTRIBUTE = "least_role"
_FRESH = "needs_proof"
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


def needs_proof(app: Flask, endpoint: str) -> bool:
    """True when the endpoint is declared `fresh`."""
    return getattr(app.view_functions.get(endpoint), _FRESH, False)


def declared_permission(app: Flask, endpoint: str) -> Role | str | None:
    """What the endpoint declares: a role, PUBLIC, or None when it declares nothing."""
    return getattr(app.view_functions.get(endpoint), _ATTRIBUTE, None)


def check_permission() -> Any:
    """Before every request: let it pass, ask for a sign-in or a proof, or raise NotAllowed."""
    if request.endpoint is None:
        return None  # no such page: what follows answers 404 or 405
    declared = declared_permission(current_app, request.endpoint)
    if declared == PUBLIC:
        return None
    if not isinstance(declared, Role):
        raise NotAllowed("This page is open to nobody.")
    if not isinstance(user := current_user._get_current_object(), WebUser):
        return ask_to_sign_in()
    if not user.role.includes(declared):
        raise NotAllowed(f"This needs the role {declared}.", hint="Ask an admin of the console.")
    if needs_proof(current_app, request.endpoint) and not user.proved_lately:
        return ask_for_proof()
    return None


def _declare(permission: Role | str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, permission)
        return view

    return mark
