"""The pages of the console, found by the application's own map: a page that is added is tested at once."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing

from flask import Flask
from werkzeug.routing import Rule

from tests.browser.features import STEPS, queue_walk
from tests.browser.live_console import LiveConsole
from web.pages import register_pages

# What answers something else than a whole page; and pages that other tests look at, for they need a console
# without an admin, or an operation that runs.
_FRAGMENTS = ("probes.", "operations.running", "operations.panel", "overview.news")
_FILES = ".export"
_ELSEWHERE = ("first_admin.", "operations.confirm_cancel")


def page_rules() -> list[Rule]:
    """The rules that show something to a person."""
    app = Flask("basekeeper", static_folder=None)
    register_pages(app)
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.methods
        and "GET" in rule.methods
        and not rule.endpoint.startswith(_FRAGMENTS + _ELSEWHERE)
        and not rule.endpoint.endswith(_FILES)
    ]


def path_of(rule: Rule, examples: Mapping[str, str]) -> str:
    """An address that `rule` answers. Raises KeyError when an example of its arguments is missing below."""
    return examples[rule.endpoint] if rule.arguments else rule.rule


def make_examples(console: LiveConsole) -> Mapping[str, str]:
    """An address for each page with arguments, by endpoint; what it shows is made on `console`."""
    walk = queue_walk(console, "oslo")
    walk.allow(STEPS)
    register_notes(console)
    said = console.manage("create-admin", "ines", "ines@example.com")
    token = console.manage("token", "create", "ines", "nightly check", "--role", "operator")
    seeded = re.findall(r"run ([0-9a-z]{26})", console.manage("seed", "ssh", "3"))[0]
    backup, kept = restore_notes(console)
    return {
        "backups.show": f"/backups/{backup}",
        "backups.sheet": f"/backups/{backup}/recovery-sheet",
        "restores.new": f"/backups/{backup}/restore",
        "replacements.confirm_undo": f"/backups/kept/{kept}/undo",
        "replacements.confirm_drop": f"/backups/kept/{kept}/drop",
        "passwords.edit": next(word for word in said.split() if "/set-password/" in word),
        "databases.show": "/databases/notes",
        "databases.edit": "/databases/notes/edit",
        "databases.confirm_remove": "/databases/notes/remove",
        "operations.show": walk.path,
        "operations.lines": f"{walk.path}/lines",
        "operations.confirm_again": f"{walk.path}/again",
        "seeding.confirm_undo": f"/seeding/{seeded}/undo",
        "users.show": "/users/1",
        "users.edit": "/users/1/edit",
        "users.confirm_reset": "/users/1/reset-password",
        "tokens.confirm_revoke": f"/tokens/{token.split('_')[1]}/revoke",
    }


def register_notes(console: LiveConsole) -> None:
    """A database that `console` knows besides its own: the file notes.db."""
    file = console.folder / "databases/notes.db"
    file.parent.mkdir(exist_ok=True)  # another test may have registered one before
    with closing(sqlite3.connect(file)) as notes:
        notes.execute("CREATE TABLE IF NOT EXISTS note (text text)")
    console.manage("database", "add", "notes", "--dialect", "sqlite", "--database", file.name)


def restore_notes(console: LiveConsole) -> tuple[str, str]:
    """Back the notes up and put them back, so that what was there before is kept; gives the name of the
    backup and the id of what is kept."""
    said = console.manage("backup", "notes", "--verify", "equal")
    backup = re.findall(r"notes-\d{8}-\d{6}(?:-\d+)?", said)[0]
    console.manage("restore", backup, "--confirm")
    return backup, re.findall(r"\b[0-9a-z]{26}\b", console.manage("restore", "--list-kept"))[0]
