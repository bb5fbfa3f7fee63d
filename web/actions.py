"""What pages do with long work: hand it to a worker, and show the operation; and who may end it."""

from __future__ import annotations

from typing import Any, ParamSpec

from flask import Response, current_app, make_response, redirect, url_for

from core.actor import Actor
from core.errors import NotAllowed
from core.progress import Feature
from operations.runner import Runner
from operations.store import OperationRow, read_operation
from web.rendering import signed_in_user
from web.settings import settings_of

P = ParamSpec("P")


def start(feature: Feature[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> Response:
    """Queue `feature` in the name of who is signed in, and send them to its operation. Raises TargetBusy
    where another holds the target, NotAllowed, SchemaFault, ServerError."""
    id = Runner(signed_in_actor(), settings_of(current_app)).submit(feature, *args, **kwargs)
    return make_response(redirect(url_for("operations.show", id=id), 303))


def signed_in_actor() -> Actor:
    """Who is signed in, as operations know them. Raises NotAllowed when nobody is."""
    user = signed_in_user()
    if user is None:
        raise NotAllowed("Nobody is signed in.", hint="Sign in and try again.")
    return user.actor


def read_cancellable(id: str, actor: Actor) -> OperationRow:
    """The operation of that id, for `actor` to cancel. Raises NotFound, NotAllowed for somebody else's."""
    operation = read_operation(id)
    if not operation.may_be_cancelled_by(actor):
        raise NotAllowed(
            f"{operation.actor} started this operation.",
            hint="They may cancel it, or an admin of the console.",
        )
    return operation
