"""Runs a feature as an operation: recorded, audited, alone on its target, its events passed to who listens.

    role -> context -> [native lock] -> lock, row, intent -> Started -> the feature -> outcome -> Finished

This is one of the four places that catch everything: whatever a feature raises is recorded, and leaves here
as an AppError that says no secret."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.actor import Actor
from core.clock import monotonic
from core.errors import AppError, NotAllowed, OperationCancelled
from core.progress import EndState, Event, Feature, Finished, Noted, Operation, Sink, Started, never
from core.settings import Settings
from core.text import duration, visible
from database.adapters import adapter_for
from database.context import application_context
from models import db
from operations.interruption import Interruption, interruptible
from operations.locks import native_lock, running
from operations.recorder import Recorder
from operations.runs import Run
from operations.scrubbing import Scrubber
from operations.traces import describe
from operations.transactions import OwnConnection

P = ParamSpec("P")
R = TypeVar("R")

_STAYS = "What was done until then stays. Run it again to go on."
_log = logging.getLogger("basekeeper.operations")


class Runner:
    """Runs features for `actor`; every sink hears the events of each. `cancelled` is asked at each advance,
    besides
    Ctrl-C and SIGTERM."""

    def __init__(
        self, actor: Actor, settings: Settings, *sinks: Sink, cancelled: Callable[[], bool] = never
    ) -> None:
        self._actor = actor
        self._settings = settings
        self._sinks = sinks
        self._cancelled = cancelled

    def run(self, feature: Feature[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What the feature gives. Raises NotAllowed, TargetBusy, SchemaFault or ServerError before anything
        started; then what the feature raised, as an AppError; OperationCancelled after
        Ctrl-C or SIGTERM."""
        declaration = feature.declaration
        if not self._actor.role.includes(declaration.role):
            _log.warning("%s may not run %s", visible(self._actor.name), declaration.kind)
            raise NotAllowed(f"{self._actor.name} may not do that: it takes the role {declaration.role}.")
        scrubber = Scrubber(self._settings, feature.arguments(*args, **kwargs))
        run = Run(
            declaration.kind,
            scrubber.text(feature.title(*args, **kwargs)),
            feature.target(*args, **kwargs),
            self._actor,
            declaration.makes_schema,
        )
        with interruptible() as interruption, self._prepared(run) as recorder:
            performance = _Performance(run, self._settings, recorder, scrubber, self._sinks, interruption)
            op = Operation(performance.tell, cancelled=lambda: interruption.asked() or self._cancelled())
            return performance.play(lambda: feature(op, *args, **kwargs))

    @contextmanager
    def _prepared(self, run: Run) -> Iterator[Recorder]:
        """The context, the locks and the record under which the feature runs."""
        with ExitStack() as stack:
            stack.enter_context(context(self._settings))
            if run.makes_schema:
                stack.enter_context(native_lock(self._settings))
            stack.enter_context(running(run))
            connection = stack.enter_context(closing(OwnConnection(self._settings.database)))
            recorder = Recorder(connection, run)
            recorder.begin()
            yield recorder


class _Performance:
    """One run, from its first event to its last."""

    def __init__(
        self,
        run: Run,
        settings: Settings,
        recorder: Recorder,
        scrubber: Scrubber,
        sinks: tuple[Sink, ...],
        interruption: Interruption,
    ) -> None:
        self._run = run
        self._settings = settings
        self._recorder = recorder
        self._scrubber = scrubber
        self._sinks = list(sinks)
        self._interruption = interruption

    def play(self, work: Callable[[], R]) -> R:
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

    def _undisturbed(self, work: Callable[[], R]) -> R:
        """Run `work`, and hear no signal from its end on."""
        try:
            return work()
        finally:
            self._interruption.stop()

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
            return OperationCancelled(f"{self._run.title} was cancelled.", hint=_STAYS)
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


def in_context(settings: Settings, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a function that reads our own tables, outside any operation."""
    with context(settings):
        return function(*args, **kwargs)


@contextmanager
def context(settings: Settings) -> Iterator[None]:
    """The application context that is active, or else a new one for these settings."""
    if _has_context():
        yield
        return
    with application_context(settings):
        yield


def _has_context() -> bool:
    try:
        db.engines  # noqa: B018 - asks for the context, nothing else
    except RuntimeError:
        return False
    return True


def _cause(error: Exception) -> BaseException | None:
    return error.__cause__ if isinstance(error, AppError) else error
