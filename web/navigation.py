"""The way through the console: every page that works today and that the reader may open, in the order of the
work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from flask import current_app, g, request
from flask.sansio.app import App

from core.actor import Role
from web.permissions import declared_permission

_COUNTS = "navigation_counts"
_OPERATIONS = "operations.index"


@dataclass(frozen=True)
class Count:
    """The figure beside a page: `running` is blue, `waiting` for the reader amber, `plain` grey. `words` say
    it aloud: "2 running"."""

    number: int
    tone: Literal["running", "waiting", "plain"]
    words: str


@dataclass(frozen=True)
class Place:
    """A page in the navigation. `endpoint` shows it; pages of the subjects `below` stand below it."""

    title: str
    endpoint: str
    icon: str
    count: Count | None = None
    below: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        """True on this page and those below it."""
        subject = (request.endpoint or "").partition(".")[0]
        return subject in (self.endpoint.partition(".")[0], *self.below)


@dataclass(frozen=True)
class Section:
    """Pages that belong together; the first section has no title."""

    title: str
    places: tuple[Place, ...]


Counts = Mapping[str, Count]  # by endpoint; a zero is not shown

_OF_BACKUPS = ("restores", "replacements", "retention", "foreign_backups")
_SECTIONS = (
    Section(
        "",
        (
            Place("Dashboard", "overview.show", "layout-dashboard"),
            Place("Operations", _OPERATIONS, "activity"),
        ),
    ),
    Section(
        "Database",
        (
            Place("Migrations", "migrations.index", "git-branch"),
            Place("Backups", "backups.index", "archive", below=_OF_BACKUPS),
            Place("Seeding", "seeding.index", "seedling"),
        ),
    ),
    Section(
        "Access",
        (
            Place("Databases", "databases.index", "database"),
            Place("Users", "users.index", "users", below=("tokens", "online", "activity", "reference")),
        ),
    ),
    Section(
        "Watch",
        (Place("Health", "health.show", "heartbeat"), Place("Audit", "audit.index", "history")),
    ),
)


def navigation(role: Role | None) -> tuple[Section, ...]:
    """The sections to show to a reader of this role, with the counts of now."""
    counts = navigation_counts()
    return tuple(
        Section(section.title, places)
        for section in _SECTIONS
        if (places := tuple(_counted(place, counts) for place in section.places if _is_open(place, role)))
    )


def provide_counts(app: App, counts: Callable[[], Counts]) -> None:
    """Let `app` show these counts beside its pages; they are asked for with each page that has a frame."""
    app.extensions.setdefault(_COUNTS, []).append(counts)


def navigation_counts() -> Counts:
    """All counts of now; asked for once a request."""
    if _COUNTS not in g:
        found: dict[str, Count] = {}
        for counts in current_app.extensions.get(_COUNTS, ()):
            found |= counts()
        g.navigation_counts = {endpoint: count for endpoint, count in found.items() if count.number}
    counted: Counts = g.navigation_counts
    return counted


def running_operations() -> int:
    """How many operations run now, for the top bar."""
    count = navigation_counts().get(_OPERATIONS)
    return count.number if count else 0


def _is_open(place: Place, role: Role | None) -> bool:
    """Is there such a page in this application, and may the reader open it?"""
    needed = declared_permission(current_app, place.endpoint)
    return isinstance(needed, Role) and role is not None and role.includes(needed)


def _counted(place: Place, counts: Counts) -> Place:
    return replace(place, count=counts.get(place.endpoint))
