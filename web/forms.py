"""The forms: their fields and words. What may stand in a field is said by the features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, PasswordField, StringField, ValidationError

from core.errors import InvalidInput
from features.passwords import MINIMUM_LENGTH, check_password
from features.users import NewUser, check_email, check_name, check_username

PASSWORD_HINT = f"{MINIMUM_LENGTH} characters or more. A short sentence is good."


def must(check: Callable[[str], None]) -> Callable[[Any, Field], None]:
    """A validator that asks a feature, and shows its answer under the field."""

    def validate(_: Any, field: Field) -> None:
        try:
            check(field.data or "")
        except InvalidInput as error:
            raise ValidationError(str(error)) from error

    return validate


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Who are you?"""

    identifier = StringField("Username or email")
    password = PasswordField("Password")
    stays = BooleanField("Stay signed in for 12 h")


class ProofForm(FlaskForm):  # type: ignore[misc]
    """Still you?"""

    password = PasswordField("Password")


class FirstAdminForm(FlaskForm):  # type: ignore[misc]
    """The first admin introduces themselves."""

    name = StringField("Name", [must(check_name)])
    email = StringField("Email", [must(check_email)])
    username = StringField("Username", [must(check_username)])
    password = PasswordField("Password")

    def validate_password(self, field: Field) -> None:
        """A password must not be one of the names above it."""
        names = (self.username.data or "", self.email.data or "", self.name.data or "")
        must(lambda password: check_password(password, *names))(self, field)

    @property
    def new_user(self) -> NewUser:
        """What the form says of the person."""
        return NewUser(self.name.data or "", self.email.data or "", self.username.data or "")


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password."""

    password = PasswordField("New password", [must(check_password)])
