"""What the parts of the API have in common: the error, the answer to long work, identifiers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length

from core.naming import is_id


class ErrorDetailSchema(Schema):
    """What happened, and what to do about it."""

    code = fields.String(required=True, metadata={"description": "One word for programs; it stays the same."})
    message = fields.String(required=True, metadata={"description": "What happened."})
    hint = fields.String(required=True, metadata={"description": "What to do about it; may be empty."})


class ErrorSchema(Schema):
    """The body of every answer from 400 on."""

    error = fields.Nested(ErrorDetailSchema, required=True)


class AcceptedSchema(Schema):
    """Work that was queued, or asked to end."""

    operation = fields.String(required=True, metadata={"description": "The id of the operation."})
    url = fields.String(required=True, metadata={"description": "Where to ask how far it is."})


class Id(fields.String):
    """The identifier of an operation, a backup and the like."""

    def __init__(self, *, metadata: dict[str, Any] | None = None, **kwargs: Any) -> None:
        described = {"pattern": "^[0-9a-z]{26}$"} | (metadata or {})
        super().__init__(validate=[Length(equal=26), _check_id], metadata=described, **kwargs)


def _check_id(text: str) -> None:
    if not is_id(text):
        raise ValidationError("Not an id.")
