"""The application context for whoever has no web app; below the faces, only this module imports Flask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from flask import Flask, current_app

from core.settings import Settings
from database.adapters import adapter_for
from database.engine import engine_options, engine_url, hurry
from database.revisions import LOCATION
from models import db

_NAME = "basekeeper"


def bind(app: Flask, settings: Settings, *, hurried: bool = False) -> None:
    """Bind `app` to the application's database. Opens no connection. `hurried` where
    somebody waits for a page: a server that hangs is then given up on within seconds."""
    app.config["SQLALCHEMY_DATABASE_URI"] = engine_url(settings.database)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings, hurried=hurried)
    app.extensions[_NAME] = settings
    db.init_app(app)
    if hurried:
        with app.app_context():
            hurry(db.engine, adapter_for(settings.database))


def offer_migrations(app: Flask) -> None:
    """Let `flask db` work on the migrations of `app`, which is bound."""
    from flask_migrate import Migrate  # with Alembic it takes as long to import as all the rest

    Migrate(app, db, directory=str(LOCATION))


@contextmanager
def application_context(settings: Settings) -> Iterator[Flask]:
    """A bare application bound to the database, its context pushed; its connections are closed at the end."""
    application = Application(settings)
    with application.context():
        try:
            yield application.app
        finally:
            db.session.remove()
            db.engine.dispose()


class Application:
    """A bare application bound to the database, whose context any number of threads may enter."""

    def __init__(self, settings: Settings) -> None:
        self.app = Flask(_NAME, static_folder=None, template_folder=None)
        bind(self.app, settings)

    def context(self) -> AbstractContextManager[object]:
        """Its application context, for the thread that asks."""
        return self.app.app_context()


def current_settings(app: Flask | None = None) -> Settings:
    """The settings of `app`, or of the application whose context is pushed."""
    settings = (app or current_app).extensions[_NAME]
    assert isinstance(settings, Settings)
    return settings
