"""The form of an API token: its fields and words. What may stand in them is said by the feature."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange

from core.actor import Role
from features.tokens import DEFAULT_DAYS, LONGEST_DAYS, check_token_name
from web.forms import must

_ROLES = [SelectChoice(str(role), role.capitalize()) for role in Role]
_DAYS = NumberRange(1, LONGEST_DAYS, f"1 to {LONGEST_DAYS} days.")


class TokenForm(FlaskForm):  # type: ignore[misc]
    """A token to make, for whoever fills in the form."""

    name = StringField("Name", [must(check_token_name)])
    role = SelectField("Role", choices=_ROLES)
    days = IntegerField("Days", [_DAYS], default=DEFAULT_DAYS)

    def arguments(self) -> dict[str, Any]:
        """What `create_token` is told."""
        return {"name": self.name.data, "role": self.role.data, "days": self.days.data}
