"""Work that goes exactly as far as a test lets it, and how a test queues it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from core.actor import Actor, Role
from core.progress import Operation, operation
from core.settings import load_settings
from operations.contexts import context
from operations.runner import Runner
from operations.store import read_operation
from tests.browser.live_console import LiveConsole

STEPS = 100
_PAUSE = 0.02
_LONGEST = 30  # seconds


@operation("walk.take", title="Walk to {name}", target="{name}", role=Role.OPERATOR)
def take_walk(op: Operation, name: str, guide: str) -> None:
    """Go as many of the hundred steps as the file `guide` says by now, to the last one."""
    op.note(f"Off to {name}")
    op.phase("Walk", total=STEPS, unit="step")
    done = 0
    while done < STEPS:
        steps = max(_allowed(guide) - done, 0)
        done += steps
        op.advance(steps)  # by nothing too: whoever watches sees that it lives
        time.sleep(_PAUSE)
    op.phase("Arrive")
    op.note(f"Arrived at {name}")


@dataclass(frozen=True)
class Walk:
    """A walk that was queued, and the file that leads it."""

    id: str
    name: str
    guide: Path

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/operations/{self.id}"

    def allow(self, steps: int) -> None:
        """Let it go on to this step."""
        new = self.guide.with_suffix(".new")
        new.write_text(str(steps))
        new.replace(self.guide)


def queue_walk(console: LiveConsole, name: str) -> Walk:
    """Queue a walk for the worker of `console`, as another process would."""
    guide = console.folder / f"{name}.guide"
    settings = load_settings(console.env_file)
    id = Runner(Actor("nfalk", Role.ADMIN, "cli"), settings).submit(take_walk, name=name, guide=str(guide))
    return Walk(id, name, guide)


def steps_recorded(console: LiveConsole, walk: Walk) -> int:
    """How far it is, as any other process reads it."""
    with context(load_settings(console.env_file)):
        return read_operation(walk.id).done


def wait_for_end(console: LiveConsole, walk: Walk) -> None:
    """Wait until it is recorded as ended. Raises AssertionError when that takes too long."""
    deadline = time.monotonic() + _LONGEST
    with context(load_settings(console.env_file)):
        while read_operation(walk.id).is_live:
            assert time.monotonic() < deadline
            time.sleep(_PAUSE)


def _allowed(guide: str) -> int:
    file = Path(guide)
    return int(file.read_text()) if file.exists() else 0
