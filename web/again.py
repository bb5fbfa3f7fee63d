"""What may be asked for once more as it was: work that proves or adds, and destroys nothing."""

from __future__ import annotations

from typing import Any

from flask import current_app

from core.actor import Actor
from core.errors import Conflict
from core.progress import Feature
from features.backup_verification import verify_backup
from features.backups import create_backup
from features.verification import verify_schema
from operations.audit_chain import verify_audit
from operations.runner import Runner
from operations.store import read_arguments, read_operation
from web.settings import settings_of

_FEATURES: tuple[Feature[Any, Any], ...] = (verify_audit, verify_schema, create_backup, verify_backup)
_REPEATABLE = {feature.declaration.kind: feature for feature in _FEATURES}


def is_repeatable(kind: str, actor: Actor) -> bool:
    """True for what `actor` may ask for again."""
    feature = _REPEATABLE.get(kind)
    return feature is not None and actor.role.includes(feature.declaration.role)


def start_again(id: str, actor: Actor) -> str:
    """Queue what the operation of that id did, in the name of `actor`; gives the new one's id. Raises
    NotFound, Conflict for what is not repeated so, NotAllowed, TargetBusy, ServerError."""
    operation, arguments = read_operation(id), read_arguments(id)
    feature = _REPEATABLE.get(operation.kind)
    if feature is None or arguments is None or operation.is_live:
        raise Conflict("This is not run again from here.", hint="Ask for it where it was asked for.")
    if "made_by" in arguments:
        arguments = arguments | {"made_by": actor.name}
    return Runner(actor, settings_of(current_app)).submit(feature, **arguments)
