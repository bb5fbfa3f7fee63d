"""The engine room: how things are done to a database, whatever its kind. What it offers to applications is
loaded on first use, so that whoever needs one part does not pay for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from database.handle import db_manager, init_database

__all__ = ["db_manager", "init_database"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from database import handle

    return getattr(handle, name)
