"""The pages of the console, found by the application's own map: a page that is added is tested at once."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import Rule

from tests.browser.live_console import LiveConsole
from web.pages import register_pages

# What answers something else than a page; and the page of the first admin, which test_walk looks at, for it
# needs a console without one.
_LEFT_OUT = ("probes.", "first_admin.")


def page_rules() -> list[Rule]:
    """The rules that show something to a person."""
    app = Flask("basekeeper", static_folder=None)
    register_pages(app)
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.methods and "GET" in rule.methods and not rule.endpoint.startswith(_LEFT_OUT)
    ]


def path_of(rule: Rule, console: LiveConsole) -> str:
    """An address that `rule` answers on `console`. Raises KeyError for a page whose arguments are not known
    here: add them."""
    return _EXAMPLES[rule.endpoint](console) if rule.arguments else rule.rule


def _password_link(console: LiveConsole) -> str:
    said = console.manage("create-admin", "ines", "ines@example.com")
    return next(word for word in said.split() if "/set-password/" in word)


_EXAMPLES = {"passwords.edit": _password_link}
