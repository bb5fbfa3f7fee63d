"""The pages: parse, call one feature, show what came back."""

from __future__ import annotations

from flask import Flask

from web import attention
from web.navigation import provide_counts
from web.pages import (
    activity,
    appearance,
    audit,
    backups,
    databases,
    first_admin,
    foreign_backups,
    health,
    migrations,
    online,
    operations,
    overview,
    passwords,
    probes,
    proof,
    reference,
    replacements,
    restores,
    retention,
    seeding,
    sign_in,
    styleguide,
    tokens,
    users,
)

_PAGES = (
    overview,
    operations,
    migrations,
    backups,
    retention,
    foreign_backups,
    replacements,
    restores,
    seeding,
    databases,
    health,
    audit,
    tokens,
    reference,
    users,
    online,
    activity,
    sign_in,
    proof,
    first_admin,
    passwords,
    appearance,
    styleguide,
    probes,
)


def register_pages(app: Flask) -> None:
    """Give `app` every page."""
    for page in _PAGES:
        app.register_blueprint(page.pages)
    provide_counts(app, attention.counts)
