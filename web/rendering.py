"""How facts become words and marks in the templates: filters, icons, addresses of files."""

from __future__ import annotations

import hashlib
import math
import re
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_login import current_user
from markupsafe import Markup, escape
from wtforms import Field
from wtforms.form import BaseForm

from core import text
from core.clock import monotonic
from core.settings import Settings
from web.auth import WebUser, now, page_here
from web.navigation import navigation, running_operations
from web.server_version import init_server_version, server_version
from web.version import VERSION

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
_FILE_URLS = "basekeeper_file_urls"
_ONE_DAY = 24 * 3600  # the address of a file changes with it; only fonts are found under the same one


def init_rendering(app: Flask, settings: Settings) -> None:
    """Teach the templates of `app` our words."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _ONE_DAY
    app.jinja_env.finalize = shown
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    init_server_version(app, settings)
    for filter_ in (text.size, text.duration, count, moment, label, hit, sentence):
        app.add_template_filter(filter_)
    for word in (text.plural, icon, file_url, control_attributes, note_attributes, has_focus, signed_in_user):
        app.add_template_global(word)
    for fact in (navigation, running_operations, server_version, page_here):
        app.add_template_global(fact)
    app.add_template_global(lambda endpoint: endpoint in app.view_functions, "has_page")
    app.context_processor(
        lambda: {
            "environment": settings.flask_env,
            "database_name": settings.database.name,
            "theme": theme(),
            "version": VERSION,
            "zone": zone(),
        }
    )


def shown(value: Any) -> Any:
    """What a template writes for `value`: text that came from outside with its control and bidirectional
    characters made visible, whoever forgot to ask (TRUST W2); markup of our own as it is."""
    return text.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def count(number: int) -> str:
    """A number with its commas."""
    return f"{number:,}"


def moment(at: datetime, seconds: bool = False) -> Markup:
    """A time as a reader wants it, today's without the day; the whole of it in the title."""
    local, today = at.astimezone(), now().astimezone()
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    day = f"{local:%b} {local.day}"
    if local.date() == today.date():
        words = clock
    else:
        words = f"{day}, {clock}" if local.year == today.year else f"{day}, {local.year}"
    full = f"{local:%Y-%m-%d %H:%M:%S} {local:%Z}"
    # Written at once, for a list has a hundred of them: figures, and the zone's name.
    return Markup(f'<time datetime="{at.isoformat()}" title="{escape(full)}">{words}</time>')


def label(name: str) -> str:
    """The name of a check as people write it: "data_disk" is "Data disk"."""
    return "TLS" if name == "tls" else name.replace("_", " ").capitalize()


def sentence(words: str) -> str:
    """`words` as a sentence begins: "about 10.0 M" is "About 10.0 M"."""
    return words[:1].upper() + words[1:]


def hit(given: str, search: str) -> Markup:
    """`given` with what was searched for marked, wherever it stands."""
    shown_text, wanted = text.visible(given), search.strip()
    if not wanted:
        return escape(shown_text)
    pieces = re.split(f"({re.escape(wanted)})", shown_text, flags=re.IGNORECASE)
    mark = Markup('<mark class="hit">{}</mark>')
    return Markup("").join(mark.format(one) if place % 2 else one for place, one in enumerate(pieces))


def zone() -> str:
    """The zone of all times shown, such as "CET (UTC+1)"."""
    local = now().astimezone()
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    name = local.tzname() or ""
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    shift = f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02d}" if rest else "")
    return f"{name} ({shift})" if name.isalpha() else shift


def icon(name: str, extra: str = "") -> Markup:
    """An icon of the sprite; it always stands by a word, so readers aloud pass over it. A list shows the same
    few on each row, so each is made once a page."""
    known: dict[tuple[str, str], Markup] = g.setdefault("icons", {})
    if (name, extra) not in known:
        mark = Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>')
        known[name, extra] = mark.format(extra, file_url("vendor/icons/sprite.svg"), name)
    return known[name, extra]


def file_url(path: str) -> str:
    """The address of a file under static/, changed with its content, so that browsers may keep it. A page
    names forty, so each is looked at once a second at most."""
    known: dict[tuple[str, str], tuple[float, str]] = current_app.extensions.setdefault(_FILE_URLS, {})
    place, moment_now = (request.script_root, path), monotonic()
    looked_at, address = known.get(place, (-math.inf, ""))
    if moment_now - looked_at >= 1:
        file = Path(current_app.static_folder or "") / path
        address = url_for("static", filename=path, v=_digest(file, file.stat().st_mtime_ns))
        known[place] = moment_now, address
    return address


def theme() -> str:
    """The theme the browser asked for."""
    wanted = request.cookies.get(THEME_COOKIE, "")
    return wanted if wanted in THEMES else THEMES[0]


def control_attributes(field: Field, hint: str = "", extra: str = "") -> dict[str, Any]:
    """The attributes of a field's control: its look, and the note that describes it."""
    look = f"form-control {'is-invalid' if field.errors else ''} {extra}"
    attributes = {"class_": " ".join(look.split()), "required": not field.flags.optional}
    attributes |= {"spellcheck": "false", "autocapitalize": "none"}
    return attributes | note_attributes(field, hint)


def note_attributes(field: Field, hint: str = "") -> dict[str, str]:
    """The attributes that tie a control to the note below it."""
    attributes = {"aria-describedby": f"{field.id}-note"} if field.errors or hint else {}
    return attributes | ({"aria-invalid": "true"} if field.errors else {})


def has_focus(form: BaseForm, name: str) -> bool:
    """True for the field where the reader goes on: the first with an error, else the first of all."""
    names: list[str] = [field.name for field in form if field.type != "CSRFTokenField"]
    faulty: list[str] = [field.name for field in form if field.errors]
    return name == (faulty or names)[0]


def signed_in_user() -> WebUser | None:
    """Who is signed in. Asks the database, so error pages call it only while that answers."""
    user = current_user._get_current_object()
    return user if isinstance(user, WebUser) else None


@cache
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
