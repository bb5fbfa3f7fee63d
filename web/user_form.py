"""The forms of a user: their fields and words. What may stand in them is said by the features."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice

from core.actor import Role
from features.user_changes import TIERS, UserChange
from features.users import NewUser, check_email, check_name, check_username
from web.forms import must

ROLES = [SelectChoice(str(role), role.capitalize()) for role in Role]
TIER_CHOICES = [SelectChoice(tier, tier.capitalize()) for tier in TIERS]


class EditUserForm(FlaskForm):  # type: ignore[misc]
    """A user who is there; the username stays."""

    name = StringField("Name", [must(check_name)])
    email = StringField("Email", [must(check_email)])
    role = SelectField("Role", choices=ROLES)
    tier = SelectField("Tier", choices=TIER_CHOICES)

    @property
    def change(self) -> UserChange:
        """What the form says."""
        return UserChange(self.name.data, self.email.data, self.role.data, self.tier.data)


class UserForm(EditUserForm):
    """A user to add."""

    username = StringField("Username", [must(check_username)])

    @property
    def new_user(self) -> NewUser:
        """What the form says of the person."""
        return NewUser(self.name.data or "", self.email.data or "", self.username.data or "")
