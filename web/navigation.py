"""The way through the console: every page that works today, in the order of the work."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request


@dataclass(frozen=True)
class Place:
    """A page in the navigation. `endpoint` shows it."""

    title: str
    endpoint: str
    icon: str

    @property
    def is_here(self) -> bool:
        """True on this page and those below it."""
        return (request.endpoint or "").partition(".")[0] == self.endpoint.partition(".")[0]


@dataclass(frozen=True)
class Section:
    """Pages that belong together; the first section has no title."""

    title: str
    places: tuple[Place, ...]


_SECTIONS = (Section("", (Place("Dashboard", "overview.show", "layout-dashboard"),)),)


def navigation() -> tuple[Section, ...]:
    """The sections to show."""
    return _SECTIONS
