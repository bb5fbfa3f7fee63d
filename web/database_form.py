"""The form of a registered database: its fields and words. What may stand in them is said by the core."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from core.database_fields import (
    DIALECTS,
    ENVIRONMENTS,
    TLS_MODES,
    DatabaseFields,
    completed,
    find_faults,
)
from core.errors import InvalidInput
from core.settings import Settings
from core.text import visible

_NAMES = ("PostgreSQL", "MySQL", "MariaDB", "SQLite")
_KINDS = [SelectChoice(word, name) for word, name in zip(DIALECTS, _NAMES, strict=True)]
_ENVIRONMENTS = [SelectChoice(word, word.capitalize()) for word in ENVIRONMENTS]
_TLS_MODES = [SelectChoice("", "The usual one"), *(SelectChoice(str(mode)) for mode in TLS_MODES)]
_CHOICES: dict[str, Any] = {"validate_choice": False}  # the core names what may be chosen


class DatabaseForm(FlaskForm):  # type: ignore[misc]
    """A database to register."""

    name = StringField("Name")
    environment = SelectField("Environment", choices=_ENVIRONMENTS, **_CHOICES)
    dialect = SelectField("Kind", choices=_KINDS, **_CHOICES)
    host = StringField("Host", [Optional()])
    port = IntegerField("Port", [Optional()])
    database_name = StringField("Database")
    account = StringField("Account", [Optional()])
    password = PasswordField("Password", [Optional()])
    tls_mode = SelectField("TLS mode", [Optional()], choices=_TLS_MODES, **_CHOICES)
    tls_root_certificate = StringField("CA certificate", [Optional()])
    may_insist = False
    even_unreachable = BooleanField("Keep it though it cannot be reached now")

    def fields(self, name: str = "") -> DatabaseFields:
        """What the form says, what was left out filled in; `name` for a form that has none."""
        return completed(
            DatabaseFields(
                name or self.name.data or "",
                self.environment.data or "",
                self.dialect.data or "",
                (self.database_name.data or "").strip(),
                (self.host.data or "").strip(),
                self.port.data or 0,
                (self.account.data or "").strip(),
                self.tls_mode.data or "",
                (self.tls_root_certificate.data or "").strip(),
            )
        )

    def is_right(self, settings: Settings, name: str = "") -> bool:
        """True when nothing is wrong with the fields; else their errors say what. Raises InvalidInput for a
        field that the form does not have (TRUST Z4)."""
        refuse_unknown_fields(self)
        if not self.validate():
            return False
        for fault in find_faults(self.fields(name), settings):
            self.blame(fault.field, fault.message)
        return not any(field.errors for field in self)

    def blame(self, field: str, message: str) -> None:
        """Show `message` at the field of that name, or at the first where there is no such field."""
        shown = self[field] if field in self else next(iter(self))
        shown.errors = [*shown.errors, message]


class ChangeDatabaseForm(DatabaseForm):
    """A registered database, whose name stays."""

    name = None


def refuse_unknown_fields(form: FlaskForm) -> None:
    """Raises InvalidInput when the request holds a field that `form` does not have (TRUST Z4)."""
    if unknown := sorted(set(request.form) - {field.name for field in form}):
        raise InvalidInput(
            f'The form has no field "{visible(unknown[0][:40])}".', hint="Nothing was changed."
        )
