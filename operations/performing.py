"""Performs what waits in the queue: the worker's side of `Runner.submit`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from typing import Any

from sqlalchemy import select

from core.actor import Actor
from core.errors import AppError, NotAllowed
from core.progress import Feature, Operation, Sink
from core.settings import Settings
from models import OperationRecord
from operations.contexts import context
from operations.life import proven_life
from operations.locks import running
from operations.recorder import Recorder
from operations.rows import table_of
from operations.runner import Performance, not_allowed
from operations.runs import Run
from operations.scrubbing import Scrubber
from operations.submissions import claim, present_role
from operations.transactions import OwnConnection

Catalogue = Mapping[str, Feature[Any, Any]]

_OPERATIONS = table_of(OperationRecord)
_log = logging.getLogger("basekeeper.operations")


def perform(settings: Settings, catalogue: Catalogue, operation_id: str, *sinks: Sink) -> bool:
    """Claim the queued operation of that id and run it to its end, which its row tells; False when there was
    nothing to claim: another worker has it, or `catalogue` does not know its kind. Raises TargetBusy when it
    has to wait on, ServerError before it began."""
    with (
        context(settings),
        running(operation_id),
        proven_life(settings.database),
        closing(OwnConnection(settings.database)) as own,
    ):
        kind = own.insist(lambda connection: connection.execute(_kind_of(operation_id)).scalar())
        feature = catalogue.get(kind or "")
        run = own.insist(partial(claim, id=operation_id)) if feature else None
        if feature is None or run is None:
            return False
        _perform(run, feature, settings, own, sinks)
        return True


def _perform(
    run: Run, feature: Feature[Any, Any], settings: Settings, own: OwnConnection, sinks: tuple[Sink, ...]
) -> None:
    arguments = run.arguments or {}
    role = own.insist(partial(present_role, actor=run.actor))
    scrubber = Scrubber(settings, arguments)
    performance = Performance(run, settings, Recorder(own, run), scrubber, sinks)

    def work(op: Operation) -> Any:
        if role is None or not role.includes(feature.declaration.role):
            raise _refusal(run.actor, feature)
        return feature(op, **arguments)

    try:
        performance.play(work)
    except AppError as error:
        _log.debug("%s ended with %s, which its row tells", run.id, error.code)


def _refusal(actor: Actor, feature: Feature[Any, Any]) -> NotAllowed:
    """Asked again when the work begins: who was demoted or shut out since gets nothing (TRUST Z6)."""
    error = not_allowed(actor, feature.declaration)
    what = "token was revoked, has expired or became less" if actor.token_prefix else "role was changed"
    error.hint = f"Their {what} after they asked. Nothing was done."
    return error


def _kind_of(id: str) -> Any:
    return select(_OPERATIONS.c.kind).where(_OPERATIONS.c.id == id, _OPERATIONS.c.state == "queued")
