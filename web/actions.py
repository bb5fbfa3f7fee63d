"""What pages do with long work: hand it to a worker, and show the operation."""

from __future__ import annotations

from typing import Any, ParamSpec

from flask import Response, current_app, make_response, redirect, url_for

from core.actor import Actor
from core.errors import NotAllowed
from core.progress import Feature
from operations.runner import Runner
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
