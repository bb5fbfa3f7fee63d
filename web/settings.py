"""The settings of the running application, for the pages."""

from __future__ import annotations

from flask import Flask

from core.settings import Settings

_NAME = "basekeeper_settings"


def keep_settings(app: Flask, settings: Settings) -> None:
    """Let the pages of `app` find `settings`."""
    app.extensions[_NAME] = settings


def settings_of(app: Flask) -> Settings:
    """The settings `app` was made with."""
    settings: Settings = app.extensions[_NAME]
    return settings
