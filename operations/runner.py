"""Runs a feature as an operation: recorded, audited, alone on its target, its events passed to who listens.

    role -> context -> [native lock] -> lock, row, intent -> Started -> the feature -> outcome -> Finished

This is one of the four places that catch everything: whatever a feature raises is recorded, and leaves here
as an AppError that says no secret."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.actor import Actor
from core.cancelling import left_by
from core.clock import monotonic
from core.errors import AppError, NotAllowed, OperationCancelled, Unsupported
from core.progress import (
    Declaration,
    EndState,
    Event,
    Feature,
    Finished,
    Noted,
    Operation,
    Sink,
    Started,
    never,
)
from core.settings import Settings
from core.text import duration, visible
from database.adapters import adapter_for
from database.transactions import fenced
from models import db
from operations.contexts import context, in_context
from operations.interruption import Interruption, interruptible
from operations.keeper import Keeper, kept
from operations.leases import fence_of
from operations.life import proven_life
from operations.locks import native_lock, running
from operations.recorder import Recorder
from operations.runs import Run
from operations.scrubbing import Scrubber
from operations.submissions import enqueue, plain
from operations.traces import describe
from operations.transactions import OwnConnection

__all__ = ["Performance", "Runner", "context", "in_context", "not_allowed", "prepared"]

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger("basekeeper.operations")


class Runner:
    """Runs features for `actor`, or queues them for a worker; every sink hears the events of what runs here.
    `cancelled` is asked at each advance, besides Ctrl-C, SIGTERM and whoever cancels the operation."""

    def __init__(
        self, actor: Actor, settings: Settings, *sinks: Sink, cancelled: Callable[[], bool] = never
    ) -> None:
        self._actor = actor
        self._settings = settings
        self._sinks = sinks
        self._cancelled = cancelled

    def run(self, feature: Feature[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What the feature gives. Raises NotAllowed, TargetBusy, SchemaFault or ServerError before anything
        started; then what the feature raised, as an AppError; OperationCancelled after Ctrl-C, SIGTERM or a
        cancel."""
        scrubber = Scrubber(self._settings, feature.arguments(*args, **kwargs))
        run = self._described(feature, scrubber, *args, **kwargs)
        with interruptible() as interruption, prepared(run, self._settings) as recorder:
            recorder.begin()
            performance = Performance(run, self._settings, recorder, scrubber, self._sinks)
            performance.listen(interruption, self._cancelled)
            return performance.play(lambda op: feature(op, *args, **kwargs))

    def submit(self, feature: Feature[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> str:
        """Queue the feature for a worker and give the operation's id. Its arguments wait in the row, so they
        are plain values, databases by name. Raises NotAllowed, TargetBusy, Unsupported for a database in
        memory, SchemaFault, ServerError: then nothing is queued."""
        arguments = feature.arguments(*args, **kwargs)
        run = self._described(feature, Scrubber(self._settings, arguments), *args, **kwargs)
        run = replace(run, attempts=feature.declaration.attempts, arguments=plain(arguments))
        if self._settings.database.in_memory:
            raise Unsupported(
                "A database in memory has no worker.", hint="Set DATABASE_URL to a file or a server."
            )
        with context(self._settings), closing(OwnConnection(self._settings.database)) as own:
            own.insist(partial(enqueue, run=run))
        from operations.queue import ring  # the queue's library is of no use to what runs here

        ring(self._settings, run.id)
        return run.id

    def _described(self, feature: Feature[P, Any], scrubber: Scrubber, *args: Any, **kwargs: Any) -> Run:
        declaration = feature.declaration
        if not self._actor.role.includes(declaration.role):
            _log.warning("%s may not run %s", visible(self._actor.name), declaration.kind)
            raise not_allowed(self._actor, declaration)
        title = scrubber.text(feature.title(*args, **kwargs))
        target = feature.target(*args, **kwargs)
        given = feature.arguments(*args, **kwargs)
        details = {name: given[name] for name in declaration.audited}
        run = Run(declaration.kind, title, target, self._actor, declaration.makes_schema)
        return replace(run, details=details)


def not_allowed(actor: Actor, declaration: Declaration) -> NotAllowed:
    """The error for an actor whose role does not reach."""
    return NotAllowed(f"{actor.name} may not do that: it takes the role {declaration.role}.")


@contextmanager
def prepared(run: Run, settings: Settings) -> Iterator[Recorder]:
    """The context and the locks under which the feature runs, and who records it."""
    with ExitStack() as stack:
        stack.enter_context(context(settings))
        if run.makes_schema:
            stack.enter_context(native_lock(settings))
        stack.enter_context(running(run.id))
        stack.enter_context(proven_life(settings.database))
        yield Recorder(stack.enter_context(closing(OwnConnection(settings.database))), run)


class Performance:
    """One run whose row is written, from its first event to its last."""

    def __init__(
        self, run: Run, settings: Settings, recorder: Recorder, scrubber: Scrubber, sinks: Sequence[Sink]
    ) -> None:
        self._run = run
        self._settings = settings
        self._recorder = recorder
        self._scrubber = scrubber
        self._sinks = list(sinks)
        self._stop_listening: Callable[[], None] = lambda: None
        self._keeper = Keeper(run, settings)

    def listen(self, interruption: Interruption, wished: Callable[[], bool]) -> None:
        """End the work on a signal too, and when `wished` says so."""
        self._stop_listening = interruption.stop
        self._keeper = Keeper(self._run, self._settings, lambda: interruption.asked() or wished())

    def play(self, work: Callable[[Operation], R]) -> R:
        """Run `work`, and record how it ended."""
        began = monotonic()
        self.tell(Started(self._run.id, self._run.kind, self._run.title, self._run.target))
        _log.info("%s: %s started by %s", self._run.id, self._run.title, visible(self._run.actor.name))
        try:
            result = self._undisturbed(work)
        except Exception as error:  # noqa: BLE001 - the boundary: recorded, then raised as one of ours
            raise self._fail(error) from _cause(error)
        except (KeyboardInterrupt, SystemExit) as interruption:
            reason = self._fail(OperationCancelled())
            if isinstance(interruption, SystemExit):
                raise
            raise reason from None
        self._end("succeeded", None)
        _log.info("%s: done in %s", self._run.id, duration(monotonic() - began))
        return result

    def _undisturbed(self, work: Callable[[Operation], R]) -> R:
        """Run `work` under its keeper and its fence, and hear no signal from its end on."""
        op = Operation(self.tell, cancelled=self._keeper.cancelled, id=self._run.id)
        try:
            with kept(self._run, self._settings, self._keeper, op), ExitStack() as stack:
                if self._run.has_lease:
                    stack.enter_context(fenced(fence_of(self._run)))
                return work(op)
        finally:
            self._stop_listening()

    def tell(self, event: Event) -> None:
        """Pass `event` to the recorder and to every sink, without the secrets. A sink that fails is left out
        from then on: the work does not depend on who listens."""
        event = self._scrubber.event(event)
        listeners: list[Sink] = [self._recorder, *self._sinks]
        for sink in listeners:
            try:
                sink(event)
            except Exception as error:  # noqa: BLE001 - a terminal that was closed, and the like
                self._sinks = [one for one in self._sinks if one is not sink]
                _log.warning("%s: a listener failed: %s", self._run.id, type(error).__name__)

    def _fail(self, error: Exception) -> AppError:
        reason = self._reason(error)
        self._scrubber.clean(reason)
        self._end("cancelled" if isinstance(reason, OperationCancelled) else "failed", reason)
        return reason

    def _reason(self, error: Exception) -> AppError:
        if isinstance(error, OperationCancelled):
            return OperationCancelled(f"{self._run.title} was cancelled.", hint=left_by(self._run.kind))
        if isinstance(error, AppError):
            return error
        if isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
            return adapter_for(self._settings.database).explain(error.orig)
        _log.error("%s: unexpected error\n%s", self._run.id, self._scrubber.text(describe(error)))
        said = f"{self._run.title} failed: unexpected {type(error).__name__}."
        return AppError(said, hint=f"The log says more under {self._run.id}.")

    def _end(self, state: EndState, error: AppError | None) -> None:
        """Record the outcome. A record that cannot be written is said, and changes nothing else."""
        if error:
            with suppress(SQLAlchemyError):  # what the feature left open would keep the record out
                db.session.rollback()
            # Not a warning: whoever called is told by the error, and a command shows it in one line.
            _log.info("%s: %s: %s", self._run.id, state, visible(str(error)))
        try:
            self._recorder.finish(state, error)
        except Exception as failure:  # noqa: BLE001 - recording never turns a success into a failure
            obstacle = self._reason(failure)
            self._scrubber.clean(obstacle)
            level = logging.INFO if self._run.makes_schema else logging.WARNING  # who drops expects it
            _log.log(
                level, "%s: its end (%s) is not recorded: %s", self._run.id, state, visible(str(obstacle))
            )
            self.tell(Noted(f"The end of this operation is not recorded: {obstacle.message}"))
        if self._recorder.missed:
            _log.debug("%s: %d writes of progress dropped", self._run.id, self._recorder.missed)
        self.tell(Finished(state, error))


def _cause(error: Exception) -> BaseException | None:
    return error.__cause__ if isinstance(error, AppError) else error
