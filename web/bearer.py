"""Programs at the REST API: they prove who they are by the token in the Authorization header, and by nothing
else (TRUST S7, S8). A token that stands in an address is in histories and logs by then, and is revoked."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import unquote

from flask import current_app, g, request

from core.actor import Actor, Role
from core.errors import Conflict, InvalidInput
from features.token_rows import find_tokens, identify_token
from features.tokens import Bearer, TokenRefused, authenticate_token, revoke_token
from operations.runner import Runner
from web.auth import now
from web.settings import settings_of

API = "/api/"
_US = "basekeeper"


class TokenExposed(InvalidInput):
    """A token stood in the address. If it opened anything until now, it is revoked."""

    code = "token_in_url"
    http_status = 400
    hint = "Make another, and send it in the header: Authorization: Bearer bk_..."


def is_for_api() -> bool:
    """True for a request to the REST API, whether or not there is such an address; else it is for a page."""
    return request.path.startswith(API)


def caller() -> Bearer:
    """Who sends this request to the API. Raises TokenRefused, TooManyTries, ServerError."""
    if "caller" not in g:
        g.caller = authenticate_token(_sent_token(), request.remote_addr or "", now())
    known: Bearer = g.caller
    return known


def refuse_tokens_in_addresses() -> None:
    """Before every request. Raises TokenExposed, once the token is revoked (TRUST S7)."""
    found = find_tokens(unquote(request.full_path))
    for text in found:
        facts = identify_token(text)
        if facts and facts.revoked_at is None:
            _revoke(facts.prefix)
    if found:
        raise TokenExposed()


def _revoke(prefix: str) -> None:
    runner = Runner(Actor(_US, Role.ADMIN, "api", request.remote_addr or ""), settings_of(current_app))
    with suppress(Conflict):  # another request does the same at this moment
        runner.run(revoke_token, prefix, revoked_by=_US, reason="It stood in an address.")


def _sent_token() -> str:
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        raise TokenRefused("This needs a token.")
    return sent.token
