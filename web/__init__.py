"""The browser's face: composes the application and decides nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask

from core.actor import Actor, Role
from core.settings import Settings, load_settings
from database.context import bind, offer_migrations
from database.manager import init_database
from operations.audit import AuditEntry, record_audit
from web.api import register_api
from web.auth import init_auth
from web.errors import init_errors
from web.pages import register_pages
from web.proxies import TrustedProxies
from web.rendering import init_rendering
from web.secret_key import secret_key
from web.security import init_security
from web.settings import keep_settings

_ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    """The web application, its database waited for and ready. Reads the settings when none are given.
    Raises ConfigurationError, and what `init_database` raises."""
    settings = settings or load_settings()
    app = Flask(
        "basekeeper",
        root_path=str(_ROOT),
        instance_path=str(_ROOT / "instance"),
        static_folder="static",
        template_folder="templates",
    )
    settings = replace(settings, secret_key=secret_key(settings, Path(app.instance_path)))
    app.secret_key = settings.secret_key
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    keep_settings(app, settings)
    bind(app, settings, hurried=True)
    offer_migrations(app)
    init_errors(app)
    init_security(app, settings)
    init_auth(app)
    init_rendering(app, settings)
    register_pages(app)
    register_api(app)
    with app.app_context():
        _init_database(app, settings)
    return app


def _init_database(app: Flask, settings: Settings) -> None:
    """Make the database ready. That it made the schema is in the audit from its first row on: before, there
    was no table for an intent (TRUST L1). Nor may there be one, as it is now, before migrations."""
    report = init_database(app)
    if report.created or report.adopted:
        _record(settings, "schema.init")
    if report.applied:
        revisions = [step.id for step in report.applied]
        _record(settings, "migration.apply", revisions=revisions, plan_hash=report.plan_hash, backup="")


def _record(settings: Settings, action: str, **details: Any) -> None:
    facts = {"action": action, "target": settings.database.name, "outcome": "succeeded", "details": details}
    record_audit(settings, AuditEntry.of(Actor("start", Role.ADMIN, "start"), event="outcome", **facts))
