"""Browsers from which a user has signed in before. The cookie that says so is signed and names the user; it
opens nothing, and only spares its bearer the pause that others' failures bring (TRUST A5)."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from features.login_sessions import Device
from web.cookies import read_cookie, set_cookie

_PURPOSE = "device"
_LIFETIME = timedelta(days=365)


def known_device() -> Device | None:
    """What the browser of this request has proven to be."""
    try:
        user_id, device = _serializer().loads(read_cookie(_PURPOSE))
    except BadSignature:
        return None
    return Device(user_id, device)


def remember_device(response: Response, user_id: int) -> None:
    """Let the browser prove from now on that this user has signed in from it."""
    known = known_device()
    device = known.id if known and known.user_id == user_id else secrets.token_hex(16)
    set_cookie(response, _PURPOSE, str(_serializer().dumps([user_id, device])), _LIFETIME)


def _serializer() -> URLSafeSerializer:
    assert isinstance(current_app.secret_key, str)
    return URLSafeSerializer(current_app.secret_key, salt="known device")
