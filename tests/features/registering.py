"""A console on SQLite, and a database of each kind that it may register."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.actor import Actor, Role
from core.connection import parse_url
from core.database_fields import DatabaseFields, from_url
from core.settings import Settings
from operations.runner import Runner

KEY = "a key for stored passwords, long enough"
MAREN = Actor("mvogt", Role.ADMIN, "web")


def with_places(settings: Settings, url: str) -> Settings:
    """`settings` that let the database at `url` be registered."""
    database = parse_url(url)
    folder = Path(database.database).parent if not database.host else settings.database_folder
    places = ("127.0.0.0/8", "::1")
    return replace(settings, credentials_key=KEY, database_networks=places, database_folder=folder)


def described(url: str, name: str = "shop", environment: str = "staging") -> tuple[DatabaseFields, str]:
    """What someone types in for the database at `url`, and its password."""
    fields, password = from_url(name, environment, url)
    return (
        fields if fields.host else replace(fields, database_name=Path(fields.database_name).name)
    ), password


def runner(settings: Settings, actor: Actor = MAREN) -> Runner:
    """Runs features for Maren."""
    return Runner(actor, settings)
