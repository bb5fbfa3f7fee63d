"""What endpoints do with long work: hand it to a worker, and say where to ask how far it is."""

from __future__ import annotations

from typing import Any, ParamSpec

from flask import Response, current_app, jsonify, url_for

from core.progress import Feature
from operations.runner import Runner
from web.bearer import caller
from web.settings import settings_of

P = ParamSpec("P")


def start(feature: Feature[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> Response:
    """Queue `feature` in the name of the token's user, and answer with its operation. Raises TargetBusy where
    another holds the target, NotAllowed, SchemaFault, ServerError."""
    return accepted(Runner(caller().actor, settings_of(current_app)).submit(feature, *args, **kwargs))


def accepted(id: str) -> Response:
    """202, with the operation of that id and where it is."""
    url = operation_url(id)
    answer = jsonify({"operation": id, "url": url})
    answer.status_code = 202
    answer.headers["Location"] = url
    return answer


def operation_url(id: str) -> str:
    """Where the API shows the operation of that id."""
    return url_for("api_operations.show", id=id)
