"""How work reports itself: a closed set of events, the `Operation` that turns words into them, and
`@operation`, which declares a function as a feature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar

from core.actor import Role
from core.errors import AppError, InvalidInput, OperationCancelled
from core.naming import fold, new_id

P = ParamSpec("P")
R = TypeVar("R")

EndState = Literal["succeeded", "failed", "cancelled"]


@dataclass(frozen=True)
class Started:
    """The operation began. `target` is a name, never a URL."""

    operation_id: str
    kind: str
    title: str
    target: str


@dataclass(frozen=True)
class PhaseStarted:
    """A phase began; `total` is None when its length is not known. `unit` is singular: "row"."""

    name: str
    total: int | None
    unit: str


@dataclass(frozen=True)
class Advanced:
    """`done` of the phase's `total` units are behind us."""

    done: int
    total: int | None


@dataclass(frozen=True)
class Noted:
    """A line for the log."""

    message: str


@dataclass(frozen=True)
class Finished:
    """The operation ended. `error` says why when it did not succeed."""

    state: EndState
    error: AppError | None = None


Event = Started | PhaseStarted | Advanced | Noted | Finished
Sink = Callable[[Event], None]


def never() -> bool:
    """The cancel flag of an operation that nobody can cancel."""
    return False


class Operation:
    """What a feature reports to. It passes each event to every sink, and prints nothing itself. `id` is the
    operation's, by which what the work makes on a server or a disk is told from the work of others."""

    def __init__(self, *sinks: Sink, cancelled: Callable[[], bool] = never, id: str = "") -> None:
        self.id = id or new_id()
        self._sinks = sinks
        self._cancelled = cancelled
        self._endings: list[Callable[[], None]] = []
        self._done = 0
        self._total: int | None = None

    def phase(self, name: str, total: int | None = None, unit: str = "") -> None:
        """Begin the next phase. Raises OperationCancelled when someone asked for it."""
        self.check()
        self._done, self._total = 0, total
        self.emit(PhaseStarted(name, total, unit))

    def advance(self, by: int = 1) -> None:
        """Say that `by` more units of the phase are done. Raises OperationCancelled when asked for."""
        self._done += by
        self.emit(Advanced(self._done, self._total))
        self.check()

    def note(self, message: str) -> None:
        """Write a line into the operation's log. Never a secret."""
        self.emit(Noted(message))

    def emit(self, event: Event) -> None:
        """Pass `event` to every sink."""
        for sink in self._sinks:
            sink(event)

    def check(self) -> None:
        """Raises OperationCancelled when someone asked for it."""
        if self._cancelled():
            raise OperationCancelled()

    def is_cancelled(self) -> bool:
        """True when someone asked for it."""
        return self._cancelled()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """While the context lasts, a cancel calls `end`, from another thread and perhaps more than once: it
        ends what the work waits for, such as a program or a server session. Whatever the work then says of
        it, OperationCancelled is raised."""
        self._endings.append(end)
        try:
            self.check()
            yield
        finally:
            self._endings.remove(end)
            self.check()  # in place of whatever the work says of what was ended under it

    def end_waits(self) -> None:
        """End whatever the work waits for now. Raises what the ends raise."""
        for end in tuple(self._endings):
            end()

    def aside(self) -> Aside:
        """An operation for a part of the same work in another thread: the sinks hear one thread only."""
        return Aside(self)


class Aside(Operation):
    """What a part of the work in another thread reports to. Its notes wait until the thread of the whole
    passes them on; a cancel of the whole is its own."""

    def __init__(self, whole: Operation) -> None:
        self._whole = whole
        self._said: list[Event] = []
        self._abandoned = False
        super().__init__(self._said.append, cancelled=self._is_over, id=whole.id)

    @property
    def done(self) -> int:
        """Units of its present phase that are behind it."""
        return self._done

    def pass_on(self) -> None:
        """Let the whole say the notes made until now. For the thread of the whole alone."""
        said, self._said[:] = tuple(self._said), ()
        for event in said:
            if isinstance(event, Noted):
                self._whole.emit(event)

    def abandon(self) -> None:
        """End it: the whole needs it no more."""
        self._abandoned = True
        self.end_waits()

    def _is_over(self) -> bool:
        return self._abandoned or self._whole.is_cancelled()


@dataclass(frozen=True)
class Declaration:
    """What `@operation` says of a feature. `title` and `target` are formats over its arguments; `attempts`
    is how often it may be begun when a worker goes away under it; `audited` names arguments that the audit
    keeps besides."""

    kind: str
    title: str
    target: str
    role: Role
    makes_schema: bool = field(default=False)
    attempts: int = 1
    audited: tuple[str, ...] = ()


class Feature(Generic[P, R]):
    """A declared feature: called like the function it is, with an `Operation` first."""

    def __init__(self, function: Callable[Concatenate[Operation, P], R], declaration: Declaration) -> None:
        self._function = function
        self.declaration = declaration
        update_wrapper(self, function)

    def __call__(self, op: Operation, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._function(op, *args, **kwargs)

    def title(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """The title of a run with these arguments, such as "Back up shellbook". Raises InvalidInput for a
        URL: titles and targets are names."""
        return _names_only(self.declaration.title.format_map(self.arguments(*args, **kwargs)))

    def target(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """The name of what a run with these arguments works on, folded: Shop and shop are one, and two may
        not work on it at once. Raises InvalidInput for a URL."""
        return fold(_names_only(self.declaration.target.format_map(self.arguments(*args, **kwargs))))

    def arguments(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """The arguments by name, defaults included; the `Operation` left out."""
        signature = inspect.signature(self._function)
        bound = signature.bind(None, *args, **kwargs)
        bound.apply_defaults()
        first = next(iter(signature.parameters))
        return {name: value for name, value in bound.arguments.items() if name != first}


def operation(
    kind: str,
    *,
    title: str,
    target: str,
    role: Role = Role.ADMIN,
    makes_schema: bool = False,
    attempts: int = 1,
    audited: tuple[str, ...] = (),
) -> Callable[[Callable[Concatenate[Operation, P], R]], Feature[P, R]]:
    """Declare a feature. `kind` is noun.verb; `role` is the least one that may run it; `makes_schema` is
    for the few that make or drop the very tables that record them. More than one of `attempts` is for what
    may be begun again after it was cut off anywhere. The arguments `audited` are plain and no secrets."""
    declaration = Declaration(kind, title, target, role, makes_schema, attempts, audited)
    return lambda function: Feature(function, declaration)


def _names_only(text: str) -> str:
    if "://" in text:
        raise InvalidInput("An operation is named by a URL.", hint="Give the name of the database instead.")
    return text
