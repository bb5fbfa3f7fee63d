"""The REST API: parse, call one feature, answer in JSON. Programs come with a token (TRUST S7, S8)."""

from __future__ import annotations

from flask import Flask

from web.api import (
    activity,
    audit,
    backups,
    databases,
    document,
    migrations,
    online,
    operations,
    replacements,
    restores,
    retention,
    seeding,
    test_data,
    tokens,
    users,
)
from web.api.errors import answer_error
from web.api.frame import ConsoleApi
from web.bearer import API
from web.documents import keep_document
from web.errors import answer_errors_under
from web.settings import settings_of

_PARTS = (
    operations,
    databases,
    migrations,
    backups,
    restores,
    replacements,
    retention,
    seeding,
    tokens,
    users,
    online,
    activity,
    audit,
)


def register_api(app: Flask) -> None:
    """Give `app` every part of the API, and the document that describes them."""
    answer_errors_under(app, API, answer_error)
    api = ConsoleApi(app)
    for one in _PARTS:
        api.add(one.part)
    if not settings_of(app).flask_env.guarded:
        api.add(test_data.part)
    keep_document(app, api.spec.to_dict())
    app.register_blueprint(document.part)
