"""Work that a worker asks for in its own name."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ParamSpec

from core.actor import Actor, Role
from core.errors import TargetBusy
from core.progress import Feature
from core.settings import Settings
from features.backup_duties import CARETAKER, is_too_early
from operations.runner import Runner

P = ParamSpec("P")

_WORKER = Actor(CARETAKER, Role.ADMIN, "worker")


def ask_for(settings: Settings, feature: Feature[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
    """Queue it, unless it was tried a moment ago or somebody works on the same."""
    kind, target = feature.declaration.kind, feature.target(*args, **kwargs)
    if not is_too_early(kind, target, feature.arguments(*args, **kwargs)):
        with suppress(TargetBusy):
            Runner(_WORKER, settings).submit(feature, *args, **kwargs)
