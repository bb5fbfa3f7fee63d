"""The counts beside the pages of the navigation: what runs, and what waits for somebody."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app

from core.text import plural
from features.attention import Attention, read_attention
from web.auth import now
from web.looks import read_together
from web.navigation import Count, Counts
from web.settings import settings_of


def counts() -> Counts:
    """Running operations, pending migrations, damaged backups, and the console's own database when its newest
    verified backup is too old."""
    found = read_together("attention", read_attention)
    return {
        "operations.index": Count(found.running, "running", f"{found.running} running"),
        "migrations.index": Count(found.pending, "waiting", f"{found.pending} pending"),
        "backups.index": _of_backups(found),
    }


def _of_backups(found: Attention) -> Count:
    hours, newest = settings_of(current_app).backup_target_hours, found.newest_verified_at
    is_overdue = hours is not None and (newest is None or now() - newest > timedelta(hours=hours))
    words = [plural(found.damaged, "damaged backup")] if found.damaged else []
    words += ["the newest verified one is too old"] if is_overdue else []
    return Count(found.damaged + is_overdue, "waiting", ", ".join(words))
